import type { Room } from '../crypto/provider.ts';
import { noteYoungBuffer } from '../crypto/young-memory.ts';
import { plaintextOpener } from '../record/plaintext.ts';
import type { Opened, Opener } from '../record/protection.ts';
import { type Record, RecordReader } from '../record/record-reader.ts';
import { fail } from '../wire/alert.ts';
import { ContentType, ProtocolVersion } from '../wire/code-points.ts';
import { limits } from './limits.ts';

/** Bytes of records that are worth being joined. */
const leastBulk = 4096;
/** Bytes of application data that are handed over in one piece, at most, and what their last record has beside them. */
const mostRoom = 65_536 + 24;

/** Input bytes to contents: framing, then protection, then the passing over of refused early data. */
export class Inbound {
  readonly #reader: RecordReader = new RecordReader();
  #opener: Opener = plaintextOpener;
  #skipping: 'nothing' | 'untilHello' | 'undecryptable' = 'nothing';
  #skipped = 0;
  #maySkip = 0;
  /** Bytes of early data that may still come; `undefined` while none is taken. */
  #earlyDataLeft: number | undefined;
  /** A record that was opened before it was due, and what came of it. */
  #ahead: { readonly record: Record; readonly opened?: Opened | undefined; readonly error?: unknown } | undefined;

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

  skipEarlyData(how: 'untilHello' | 'undecryptable', maxLength: number): void {
    this.#skipping = how;
    this.#maySkip = limits.skippedEarlyData + maxLength;
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
    return this.#ahead?.record ?? this.#reader.next();
  }

  /**
   * A record's content, or `undefined` for one that is passed over; throws `TlsAlert`. Application data may be that of
   * records behind it too.
   */
  open(record: Record): Opened | undefined {
    if (this.#ahead?.record === record) return this.#takeAhead();
    const { type, bytes, start, end } = record;
    if (this.#skipping === 'untilHello') {
      if (type === ContentType.applicationData) return this.#skip(end - start);
      this.#skipping = 'nothing';
      this.#reader.maxFragmentLength = this.#opener.maxFragmentLength;
      this.#reader.checkLength(end - start);
    }
    const room = this.#makeRoom(record);
    const opened = this.#opener.open(type, bytes, start, end, room);
    if (this.isProtected) this.#reader.reuse();
    if (opened !== undefined) {
      this.#skipping = 'nothing';
      return room && opened.type === ContentType.applicationData ? this.#openMore(opened, room) : opened;
    }
    if (this.#skipping === 'undecryptable') return this.#skip(end - start);
    return failToDecrypt();
  }

  /** Room for a record and those behind it, if it is long and others are. */
  #makeRoom({ type, start, end }: Record): Room | undefined {
    const length = end - start;
    if (type !== ContentType.applicationData || length < leastBulk || !this.isProtected) return undefined;
    if (this.#earlyDataLeft !== undefined) return undefined; // its length is counted record by record
    if (this.#skipping !== 'nothing') return undefined; // it may well be one that is passed over
    const more = this.#reader.wholeLength(type, mostRoom - length);
    if (more < leastBulk) return undefined;
    noteYoungBuffer(length + more);
    return { bytes: Buffer.alloc(length + more), at: 0 };
  }

  /** Adds to the content of a record that of the records behind it, as far as they are there and in the same room. */
  #openMore(first: Opened, room: Room): Opened {
    if (first.content.buffer !== room.bytes.buffer) return first;
    room.at = first.content.length;
    for (;;) {
      const record = this.#reader.nextWhole(ContentType.applicationData, room.bytes.length - room.at);
      if (record === undefined) break;
      const more = this.#openAhead(record, room);
      if (more === undefined) break;
      room.at += more.content.length;
    }
    return { type: first.type, content: room.bytes.subarray(0, room.at) };
  }

  /** Opens a record that is not due yet. What is no application data is kept until it is. */
  #openAhead(record: Record, room: Room): Opened | undefined {
    let opened: Opened | undefined;
    try {
      opened = this.#opener.open(record.type, record.bytes, record.start, record.end, room);
    } catch (error) {
      this.#ahead = { record, error };
      return undefined;
    }
    if (opened?.type === ContentType.applicationData && opened.content.length > 0) return opened;
    this.#ahead = { record, opened };
    return undefined;
  }

  #takeAhead(): Opened | undefined {
    const { opened, error } = this.#ahead!;
    this.#ahead = undefined;
    if (error !== undefined) throw error;
    return opened ?? failToDecrypt();
  }

  #skip(length: number): undefined {
    this.#skipped += length;
    if (this.#skipped > this.#maySkip) {
      fail('badRecordMac', 'too much early data that was not accepted', 'TOO_MUCH_SKIPPED_EARLY_DATA');
    }
  }
}

const failToDecrypt = (): never =>
  fail('badRecordMac', 'a record does not decrypt', 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC');
