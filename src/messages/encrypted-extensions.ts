import { type Replies, writeReplies } from '../extensions/registry.ts';
import { HandshakeType } from '../wire/code-points.ts';
import { writeMessage } from './handshake-message.ts';

/** EncryptedExtensions (RFC 8446 section 4.3.1): the answers that need not be public. */
export const writeEncryptedExtensions = (replies: Replies): Uint8Array =>
  writeMessage(HandshakeType.encryptedExtensions, (w) => writeReplies(w, replies));
