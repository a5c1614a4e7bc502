import { fail } from '../wire/alert.ts';
import { HandshakeType } from '../wire/code-points.ts';
import { shortLived } from '../wire/short-lived.ts';
import { type HandshakeMessage, messageHeaderLength } from './handshake-message.ts';

/** Most bytes of the body of any handshake message but a ClientHello. */
export const maxMessageLength = 65_536;
/** Most bytes of the body of a ClientHello: all its vectors as long as they can be (RFC 8446 section 4.1.2). */
export const maxHelloLength = 131_396;

const empty = new Uint8Array();

/**
 * Joins the fragments of handshake messages (RFC 8446 section 5.1), which records may cut anywhere, and
 * which may share records. What it holds is bounded by one message and one record.
 */
export class HandshakeReader {
  #bytes: Uint8Array = empty;
  #at = 0;
  #end = 0;

  /** Bytes of unfinished or unread messages. */
  get pending(): number {
    return this.#end - this.#at;
  }

  /** Adds a copy of a record's content. */
  append(fragment: Uint8Array): void {
    const needed = this.pending + fragment.length;
    if (this.#end + fragment.length > this.#bytes.length) {
      // Grow by doubling, so that a message cut into single bytes costs no more than a whole one.
      const larger = shortLived(this.pending === 0 ? needed : Math.max(needed, 2 * this.pending));
      larger.set(this.#bytes.subarray(this.#at, this.#end));
      this.#end = this.pending;
      this.#at = 0;
      this.#bytes = larger;
    }
    this.#bytes.set(fragment, this.#end);
    this.#end += fragment.length;
  }

  /** The type of the next message, of which at least the first byte is here; `undefined` where nothing is. */
  get nextType(): number | undefined {
    return this.pending > 0 ? this.#bytes[this.#at] : undefined;
  }

  /** Throws `TlsAlert` where the next message is longer than we collect. */
  checkNextLength(): void {
    if (this.pending < messageHeaderLength) return;
    const length = this.#nextLength();
    const type = this.nextType;
    if (length <= (type === HandshakeType.clientHello ? maxHelloLength : maxMessageLength)) return;
    // A Certificate of that length could be; no other message can, whatever it holds.
    const isLegal = type === HandshakeType.certificate || type === HandshakeType.compressedCertificate;
    fail(
      isLegal ? 'illegalParameter' : 'decodeError',
      `handshake message of ${length} bytes`,
      'EXCESSIVE_MESSAGE_SIZE',
    );
  }

  #nextLength(): number {
    const at = this.#at;
    const bytes = this.#bytes;
    return (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  /** The next message if it is whole; else `undefined`, and whether it is worth waiting for `checkNextLength` tells. */
  next(): HandshakeMessage | undefined {
    if (this.pending < messageHeaderLength) return undefined;
    const at = this.#at;
    const bytes = this.#bytes;
    const end = at + messageHeaderLength + this.#nextLength();
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
