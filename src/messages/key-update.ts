import { fail } from '../wire/alert.ts';
import { HandshakeType } from '../wire/code-points.ts';
import { Reader } from '../wire/reader.ts';
import type { HandshakeMessage } from './handshake-message.ts';
import { writeMessage } from './handshake-message.ts';

// RFC 8446 section 4.6.3: enum { update_not_requested(0), update_requested(1) } KeyUpdateRequest;
/** Whether the peer wants us to update our keys too. */
export function readKeyUpdate(message: HandshakeMessage): boolean {
  const r = new Reader(message.body, 'KeyUpdate');
  const request = r.end(r.u8());
  if (request > 1) fail('illegalParameter', `KeyUpdate with request ${request}`);
  return request === 1;
}

export const writeKeyUpdate = (requested: boolean): Uint8Array =>
  writeMessage(HandshakeType.keyUpdate, (w) => w.u8(requested ? 1 : 0), 8);
