import { Reader } from '../wire/reader.ts';
import type { HandshakeMessage } from './handshake-message.ts';

/** The client's share (RFC 8422 section 5.7): struct { opaque point<1..2^8-1>; } */
export function readClientKeyExchange(message: HandshakeMessage): Uint8Array {
  const r = new Reader(message.body, 'ClientKeyExchange');
  return r.end(r.vector8(1).rest());
}
