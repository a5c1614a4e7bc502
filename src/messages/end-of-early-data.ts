import { fail } from '../wire/alert.ts';
import type { HandshakeMessage } from './handshake-message.ts';

/** EndOfEarlyData (RFC 8446 section 4.5) has no content. */
export function checkEndOfEarlyData({ body }: HandshakeMessage): void {
  if (body.length !== 0) fail('decodeError', `EndOfEarlyData of ${body.length} bytes`);
}
