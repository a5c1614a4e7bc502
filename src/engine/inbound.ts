import { plaintextOpener } from '../record/plaintext.ts';
import type { Opened, Opener } from '../record/protection.ts';
import { type Record, RecordReader } from '../record/record-reader.ts';
import { fail } from '../wire/alert.ts';
import { ContentType, ProtocolVersion } from '../wire/code-points.ts';
import { limits } from './limits.ts';

/** Input bytes to contents: framing, then protection, then the passing over of refused early data. */
export class Inbound {
  readonly #reader: RecordReader = new RecordReader();
  #opener: Opener = plaintextOpener;
  #skipping: 'nothing' | 'untilHello' | 'undecryptable' = 'nothing';
  #skipped = 0;
  /** Bytes of early data that may still come; `undefined` while none is taken. */
  #earlyDataLeft: number | undefined;

  append(bytes: Uint8Array): void {
    this.#reader.append(bytes);
  }

  settle(): void {
    this.#reader.settle();
  }

  /** Bytes held. */
  get buffered(): number {
    return this.#reader.buffered;
  }

  /** Whether records come encrypted. */
  get isProtected(): boolean {
    return this.#opener !== plaintextOpener;
  }

  protect(opener: Opener): void {
    this.#opener.release();
    this.#opener = opener;
    this.#reader.maxFragmentLength = opener.maxFragmentLength;
  }

  /** Nothing will be opened any more. */
  release(): void {
    this.#opener.release();
  }

  skipEarlyData(how: 'untilHello' | 'undecryptable'): void {
    this.#skipping = how;
    // Early data may fill whole encrypted records while we read plaintext.
    if (how === 'untilHello') this.#reader.maxFragmentLength = 2 ** 14 + 256;
  }

  /** From here on records are of TLS 1.2, and hold at most so many bytes until they are encrypted. */
  expectRecords12(maxLength: number): void {
    this.#reader.version = ProtocolVersion.tls12;
    this.#reader.maxFragmentLength = maxLength;
  }

  takeEarlyData(maxLength: number): void {
    this.#earlyDataLeft = maxLength;
  }

  endEarlyData(): void {
    this.#earlyDataLeft = undefined;
  }

  /** Counts application data that comes before the handshake is done; throws `TlsAlert` where there is to be none. */
  countEarlyData(length: number): void {
    if (this.#earlyDataLeft === undefined) {
      fail('unexpectedMessage', 'application data during the handshake', 'APPLICATION_DATA_IN_HANDSHAKE');
    }
    this.#earlyDataLeft -= length;
    if (this.#earlyDataLeft < 0)
      fail('unexpectedMessage', 'more early data than the ticket allows', 'TOO_MUCH_EARLY_DATA');
  }

  /** The next record as it came; throws `TlsAlert`. */
  nextRecord(): Record | undefined {
    return this.#reader.next();
  }

  /** A record's content, or `undefined` for one that is passed over; throws `TlsAlert`. */
  open({ type, bytes, start, end }: Record): Opened | undefined {
    if (this.#skipping === 'untilHello') {
      if (type === ContentType.applicationData) return this.#skip(end - start);
      this.#skipping = 'nothing';
      this.#reader.maxFragmentLength = this.#opener.maxFragmentLength;
      this.#reader.checkLength(end - start);
    }
    const opened = this.#opener.open(type, bytes, start, end);
    if (this.isProtected) this.#reader.reuse();
    if (opened !== undefined) {
      this.#skipping = 'nothing';
      return opened;
    }
    if (this.#skipping === 'undecryptable') return this.#skip(end - start);
    return fail('badRecordMac', 'a record does not decrypt', 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC');
  }

  #skip(length: number): undefined {
    this.#skipped += length;
    if (this.#skipped > limits.skippedEarlyData) {
      fail('badRecordMac', 'too much early data that was not accepted', 'TOO_MUCH_SKIPPED_EARLY_DATA');
    }
  }
}
