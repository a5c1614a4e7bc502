import { HandshakeType } from '../wire/code-points.ts';
import { writeMessage } from './handshake-message.ts';

/** Finished (RFC 8446 section 4.4.4: a hash's length; RFC 5246 section 7.4.9: 12 bytes). */
export const writeFinished = (verifyData: Uint8Array): Uint8Array =>
  writeMessage(HandshakeType.finished, (w) => w.bytes(verifyData), 64);
