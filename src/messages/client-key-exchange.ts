import type { CipherSuite } from '../crypto/cipher-suites.ts';
import { Reader } from '../wire/reader.ts';
import type { HandshakeMessage } from './handshake-message.ts';

/**
 * The client's share: of a curve, struct { opaque point<1..2^8-1>; } (RFC 8422 section 5.7), or of a finite field, struct {
 * opaque dh_Yc<1..2^16-1>; } (RFC 5246 section 7.4.7.2).
 */
export function readClientKeyExchange(message: HandshakeMessage, keyExchange: KeyExchange): Uint8Array {
  const r = new Reader(message.body, 'ClientKeyExchange');
  return r.end(readShare(r, keyExchange));
}

type KeyExchange = CipherSuite['keyExchange'];

const readShare = (r: Reader, keyExchange: KeyExchange): Uint8Array =>
  (keyExchange === 'dhe' ? r.vector16(1) : r.vector8(1)).rest();

/** What a client sends in a suite with a PSK: the key's identity, and its share where there is an exchange. */
export interface PskClientKeyExchange {
  readonly identity: Uint8Array;
  readonly share: Uint8Array | undefined;
}

// RFC 4279 sections 2 and 3, RFC 5489 section 2: struct { opaque psk_identity<0..2^16-1>; [public;] }
export function readPskClientKeyExchange(message: HandshakeMessage, keyExchange: KeyExchange): PskClientKeyExchange {
  const r = new Reader(message.body, 'ClientKeyExchange');
  const identity = r.vector16().rest();
  return r.end({ identity, share: keyExchange === 'none' ? undefined : readShare(r, keyExchange) });
}
