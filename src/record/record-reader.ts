import { fail } from '../wire/alert.ts';
import { ContentType, ProtocolVersion, versionName } from '../wire/code-points.ts';

/** Bytes of a record's header (RFC 8446 section 5.1). */
export const headerLength = 5;
/** Most bytes of content in a record (RFC 8446 section 5.1). */
export const maxPlaintextLength = 16_384;

/** A record as it came: `bytes[start, end)` is its fragment; its header lies in the five bytes before `start`. */
export interface Record {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const empty = new Uint8Array();

/** Bytes of a buffer that a long record is put together in: more than any record has, header and all. */
const collectorLength = 18_944;
/** Bytes of a record from which on it is put together in such a buffer. */
const longLength = 4096;
/** Buffers kept for later, at most. */
const mostCollectors = 16;
/** Those of the thread that are free. A busy connection would otherwise make one for each read. */
const collectors: ArrayBuffer[] = [];

/**
 * Cuts the byte stream into records. Whole records are views of the input; only one that spans inputs is copied, into a
 * buffer of its size or, if it is long, one that is used again. What it holds is bounded by one record and one unread input.
 */
export class RecordReader {
  #input: Uint8Array = empty;
  #at = 0;
  /** A record of which some bytes have come, and how many. */
  #partial: Uint8Array | undefined;
  #filled = 0;
  /** The buffer of the last record, if it was put together. */
  #collector: ArrayBuffer | undefined;
  #isFirst = true;
  /** Most bytes of a fragment; grows with the expansion that encryption may add (RFC 8446 section 5.2). */
  maxFragmentLength: number = maxPlaintextLength;
  /** The version that records must bear, once it is chosen and matters: in TLS 1.2 (RFC 5246 section 6.2.1). */
  version: number | undefined;

  /** Takes input, which must stay unchanged until it was read or `settle` was called. */
  append(bytes: Uint8Array): void {
    if (this.#at === this.#input.length) {
      this.#input = bytes;
      this.#at = 0;
      return;
    }
    const joined = new Uint8Array(this.#input.length - this.#at + bytes.length);
    joined.set(this.#input.subarray(this.#at));
    joined.set(bytes, this.#input.length - this.#at);
    this.#input = joined;
    this.#at = 0;
  }

  /** Lets go of the caller's buffer: what is unread is copied. */
  settle(): void {
    this.#input = this.#at === this.#input.length ? empty : this.#input.slice(this.#at);
    this.#at = 0;
  }

  /** Bytes held that no record was made of yet. */
  get buffered(): number {
    return this.#filled + this.#input.length - this.#at;
  }

  /** The next record, or `undefined` until more bytes come. Throws `TlsAlert` for a header that no peer may send. */
  next(): Record | undefined {
    if (this.#partial !== undefined) return this.#resume();
    const input = this.#input;
    const at = this.#at;
    const available = input.length - at;
    if (available === 0) return undefined;
    if (available < headerLength) {
      if (this.#isFirst) this.#checkOpening(input, at, available);
      return this.#begin(headerLength);
    }
    const end = at + headerLength + this.#checkHeader(input, at);
    if (end > input.length) return this.#begin(end - at);
    this.#at = end;
    return { type: input[at]!, bytes: input, start: at + headerLength, end };
  }

  /** Bytes of the fragments of those records of `type` that come next and are here, up to `most` together. */
  wholeLength(type: number, most: number): number {
    const input = this.#input;
    let length = 0;
    for (let at = this.#at; at + headerLength <= input.length && input[at] === type; ) {
      const fragment = (input[at + 3]! << 8) | input[at + 4]!;
      at += headerLength + fragment;
      if (at > input.length || length + fragment > most) break;
      length += fragment;
    }
    return length;
  }

  /**
   * The next record, if it is one of `type` with a fragment of at most so many bytes, of which all is here, and none that
   * `next` would throw for.
   */
  nextWhole(type: number, maxLength: number): Record | undefined {
    const input = this.#input;
    const at = this.#at;
    if (this.#partial !== undefined || input.length - at < headerLength || input[at] !== type) return undefined;
    const start = at + headerLength;
    const end = start + ((input[at + 3]! << 8) | input[at + 4]!);
    if (end > input.length || end - start > Math.min(maxLength, this.maxFragmentLength)) return undefined;
    if (!this.#isVersion((input[at + 1]! << 8) | input[at + 2]!)) return undefined;
    this.#at = end;
    return { type, bytes: input, start, end };
  }

  /** Nobody will look at the bytes of the last record any more. */
  reuse(): void {
    if (this.#collector !== undefined && collectors.length < mostCollectors) collectors.push(this.#collector);
    this.#collector = undefined;
  }

  /** Starts to collect a record of which less than `length` bytes are here. */
  #begin(length: number): undefined {
    const rest = this.#input.subarray(this.#at);
    this.#partial = makeCollector(length);
    this.#partial.set(rest);
    this.#filled = rest.length;
    this.#input = empty;
    this.#at = 0;
  }

  #resume(): Record | undefined {
    let partial = this.#partial!;
    if (!this.#fill(partial)) {
      if (this.#isFirst) this.#checkOpening(partial, 0, Math.min(this.#filled, headerLength));
      return undefined;
    }
    if (partial.length === headerLength) {
      const whole = makeCollector(headerLength + this.#checkHeader(partial, 0));
      whole.set(partial);
      this.#partial = partial = whole;
      if (!this.#fill(partial)) return undefined;
    }
    this.#partial = undefined;
    this.#filled = 0;
    if (partial.length >= longLength) this.#collector = partial.buffer as ArrayBuffer;
    return { type: partial[0]!, bytes: partial, start: headerLength, end: partial.length };
  }

  /** Moves input into the partial record; whether that is complete now. */
  #fill(partial: Uint8Array): boolean {
    const count = Math.min(partial.length - this.#filled, this.#input.length - this.#at);
    partial.set(this.#input.subarray(this.#at, this.#at + count), this.#filled);
    this.#at += count;
    this.#filled += count;
    return this.#filled === partial.length;
  }

  /** The fragment's length; throws for what cannot be a record. */
  #checkHeader(bytes: Uint8Array, at: number): number {
    if (this.#isFirst) this.#checkOpening(bytes, at, headerLength);
    this.#isFirst = false;
    const type = bytes[at]!;
    if (type < ContentType.changeCipherSpec || type > ContentType.applicationData) {
      fail('unexpectedMessage', `record of unknown content type ${type}`, 'UNEXPECTED_RECORD');
    }
    // An alert may tell of a version that the client does not have.
    if (type !== ContentType.alert) this.#checkVersion((bytes[at + 1]! << 8) | bytes[at + 2]!);
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    this.checkLength(length);
    return length;
  }

  /** RFC 8446 section 5.1 wants it ignored; what is older than SSLv3 is no version of this protocol (appendix D.5). */
  #checkVersion(version: number): void {
    if (!this.#isVersion(version)) {
      fail('protocolVersion', `record of ${versionName(version)}`, 'WRONG_VERSION_NUMBER');
    }
  }

  #isVersion(version: number): boolean {
    return this.version === undefined ? version >= ProtocolVersion.ssl3 : version === this.version;
  }

  /** Throws `TlsAlert` where a fragment of so many bytes is too long. */
  checkLength(length: number): void {
    if (length > this.maxFragmentLength) {
      fail('recordOverflow', `record of ${length} bytes`, 'ENCRYPTED_LENGTH_TOO_LONG');
    }
  }

  /** Recognises, by the first bytes of the connection, protocols that are not TLS, to say so. */
  #checkOpening(bytes: Uint8Array, at: number, count: number): void {
    const first = bytes[at]!;
    if (count >= 3 && first & 0x80 && bytes[at + 2] === 1) {
      fail('protocolVersion', 'the client sent an SSLv2 ClientHello', 'UNSUPPORTED_PROTOCOL');
    }
    if (count < 4 || first === ContentType.handshake) return;
    const opening = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (httpOpenings.has(opening)) {
      fail('unexpectedMessage', 'the client sent an HTTP request to a TLS server', 'HTTP_REQUEST');
    }
  }
}

/** Bytes to put a record together in. */
function makeCollector(length: number): Uint8Array {
  if (length < longLength) return new Uint8Array(length);
  return new Uint8Array(collectors.pop() ?? new ArrayBuffer(collectorLength), 0, length);
}

/** The first four bytes of requests by the methods of RFC 9110 and of an HTTP/2 connection preface. */
const httpOpenings: ReadonlySet<string> = new Set([
  'GET ',
  'HEAD',
  'POST',
  'PUT ',
  'DELE',
  'CONN',
  'OPTI',
  'TRAC',
  'PATC',
  'PRI ',
]);
