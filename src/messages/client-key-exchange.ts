import { Reader } from '../wire/reader.ts';
import type { HandshakeMessage } from './handshake-message.ts';

/** The client's share (RFC 8422 section 5.7): struct { opaque point<1..2^8-1>; } */
export function readClientKeyExchange(message: HandshakeMessage): Uint8Array {
  const r = new Reader(message.body, 'ClientKeyExchange');
  return r.end(r.vector8(1).rest());
}

/** What a client sends in a suite with a PSK: the key's identity, and its share where there is an exchange. */
export interface PskClientKeyExchange {
  readonly identity: Uint8Array;
  readonly share: Uint8Array | undefined;
}

// RFC 4279 section 2, RFC 5489 section 2: struct { opaque psk_identity<0..2^16-1>; [ClientECDiffieHellmanPublic public;] }
export function readPskClientKeyExchange(message: HandshakeMessage, hasShare: boolean): PskClientKeyExchange {
  const r = new Reader(message.body, 'ClientKeyExchange');
  const identity = r.vector16().rest();
  return r.end({ identity, share: hasShare ? r.vector8(1).rest() : undefined });
}
