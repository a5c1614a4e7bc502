import { fail } from '../wire/alert.ts';
import { type HandshakeMessage, messageHeaderLength } from './handshake-message.ts';

/** Most bytes that a handshake message may have unless the reader is told otherwise. */
export const defaultMaxMessageLength = 65_536;

const empty = new Uint8Array();

/**
 * Joins the fragments of handshake messages (RFC 8446 section 5.1), which records may cut anywhere, and
 * which may share records. What it holds is bounded by one message and one record.
 */
export class HandshakeReader {
  #bytes: Uint8Array = empty;
  #at = 0;
  #end = 0;
  readonly #maxLength: number;

  constructor(maxLength: number = defaultMaxMessageLength) {
    this.#maxLength = maxLength;
  }

  /** Bytes of unfinished or unread messages. */
  get pending(): number {
    return this.#end - this.#at;
  }

  /** Adds a copy of a record's content. */
  append(fragment: Uint8Array): void {
    const needed = this.pending + fragment.length;
    if (this.#end + fragment.length > this.#bytes.length) {
      // Grow by doubling, so that a message cut into single bytes costs no more than a whole one.
      const larger = new Uint8Array(this.pending === 0 ? needed : Math.max(needed, 2 * this.pending));
      larger.set(this.#bytes.subarray(this.#at, this.#end));
      this.#end = this.pending;
      this.#at = 0;
      this.#bytes = larger;
    }
    this.#bytes.set(fragment, this.#end);
    this.#end += fragment.length;
  }

  /** The next whole message, or `undefined`. Throws `TlsAlert` for one that is too long. */
  next(): HandshakeMessage | undefined {
    if (this.pending < messageHeaderLength) return undefined;
    const at = this.#at;
    const bytes = this.#bytes;
    const length = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (length > this.#maxLength) {
      fail('illegalParameter', `handshake message of ${length} bytes`, 'EXCESSIVE_MESSAGE_SIZE');
    }
    const end = at + messageHeaderLength + length;
    if (end > this.#end) return undefined;
    this.#at = end;
    const raw = bytes.subarray(at, end);
    if (this.pending === 0) {
      // The message owns its bytes from now on.
      this.#bytes = empty;
      this.#at = this.#end = 0;
    }
    return { type: raw[0]!, raw, body: raw.subarray(messageHeaderLength) };
  }
}
