import { fail } from './alert.ts';

/**
 * A cursor over received bytes, in the presentation language of RFC 8446 section 3. It never copies:
 * what it returns are views of the input. Reading past the end, or leaving bytes unread where the
 * structure ends, is a `decode_error`.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  /** The structure being read, for the message of a failure. */
  readonly #what: string;

  constructor(bytes: Uint8Array, what = 'message', start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  get done(): boolean {
    return this.#at === this.#end;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) fail('decodeError', `${this.#what} is truncated`);
    this.#at = at + length;
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  u24(): number {
    const at = this.#take(3);
    return (this.#bytes[at]! << 16) | (this.#bytes[at + 1]! << 8) | this.#bytes[at + 2]!;
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** The next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** All bytes that are left; throws `decode_error` unless there are between `min` and `max`. */
  rest(min = 0, max: number = Number.MAX_SAFE_INTEGER): Uint8Array {
    if (this.remaining < min || this.remaining > max) {
      fail('decodeError', `${this.#what} has a length of ${this.remaining}`);
    }
    return this.bytes(this.remaining);
  }

  #vector(length: number, min: number, what: string): Reader {
    if (length < min) fail('decodeError', `${what} is shorter than ${min} bytes`);
    const at = this.#take(length);
    return new Reader(this.#bytes, what, at, at + length);
  }

  /** A vector with a one-byte length, at least `min` bytes long. */
  vector8(min = 0, what: string = this.#what): Reader {
    return this.#vector(this.u8(), min, what);
  }

  /** A vector with a two-byte length, at least `min` bytes long. */
  vector16(min = 0, what: string = this.#what): Reader {
    return this.#vector(this.u16(), min, what);
  }

  /** A vector with a three-byte length, at least `min` bytes long. */
  vector24(min = 0, what: string = this.#what): Reader {
    return this.#vector(this.u24(), min, what);
  }

  /** Reads elements until the end of this vector. */
  list<T>(read: (r: Reader) => T): T[] {
    const items: T[] = [];
    while (!this.done) items.push(read(this));
    return items;
  }

  /** A vector of two-byte code points until the end. */
  u16s(): number[] {
    if (this.remaining % 2 !== 0) fail('decodeError', `${this.#what} has an odd length`);
    const items: number[] = [];
    while (!this.done) items.push(this.u16());
    return items;
  }

  /** A vector of one-byte code points until the end. */
  u8s(): number[] {
    const items: number[] = [];
    while (!this.done) items.push(this.u8());
    return items;
  }

  /** Asserts that everything was read; returns `value` for use at the end of a codec. */
  end<T>(value: T): T {
    if (!this.done) fail('decodeError', `${this.#what} has ${this.remaining} bytes too many`);
    return value;
  }
}

/** The bytes as latin1 text: for names that the RFC wants in ASCII. */
export function ascii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
