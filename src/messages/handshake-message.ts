import { HandshakeType } from '../wire/code-points.ts';
import { Writer } from '../wire/writer.ts';

/** Bytes of a handshake message's header: type and length (RFC 8446 section 4). */
export const messageHeaderLength = 4;

/** A whole handshake message as it came. */
export interface HandshakeMessage {
  readonly type: number;
  /** Header and body: what the transcript hashes. */
  readonly raw: Uint8Array;
  readonly body: Uint8Array;
}

/** A handshake message ready to be sent: header and body. */
export const writeMessage = (type: number, write: (w: Writer) => unknown, capacity = 256): Uint8Array =>
  new Writer(capacity).u8(type).vector24(write).take();

/**
 * The synthetic message that stands for the first ClientHello after a HelloRetryRequest (RFC 8446 section 4.4.1).
 */
export const writeMessageHash = (hash: Uint8Array): Uint8Array =>
  writeMessage(HandshakeType.messageHash, (w) => w.bytes(hash));
