import { shortLived } from './short-lived.ts';

/**
 * Builds a message in the presentation language of RFC 8446 section 3. Vectors are written by a callback
 * whose length prefix is filled in afterwards.
 */
export class Writer {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = shortLived(capacity);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(count: number): number {
    const at = this.#length;
    const end = at + count;
    if (end > this.#buffer.length) {
      const larger = shortLived(Math.max(end, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    this.#length = end;
    return at;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value;
    return this;
  }

  u24(value: number): this {
    return this.u8(value >>> 16).u16(value & 0xffff);
  }

  u32(value: number): this {
    return this.u16(Math.floor(value / 0x10000)).u16(value & 0xffff);
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  ascii(text: string): this {
    const at = this.#reserve(text.length);
    this.#buffer.write(text, at, 'latin1');
    return this;
  }

  #vector(width: 1 | 2 | 3, write: (w: this) => unknown): this {
    const at = this.#reserve(width);
    write(this);
    const length = this.#length - at - width;
    if (length >>> (8 * width) !== 0) throw new RangeError(`a vector of ${length} bytes has no ${width}-byte length`);
    for (let i = 0, shift = 8 * (width - 1); i < width; i++, shift -= 8) this.#buffer[at + i] = length >>> shift;
    return this;
  }

  /** A vector with a one-byte length. Throws `RangeError` over 255 bytes. */
  vector8(write: (w: this) => unknown): this {
    return this.#vector(1, write);
  }

  /** A vector with a two-byte length. Throws `RangeError` over 65,535 bytes. */
  vector16(write: (w: this) => unknown): this {
    return this.#vector(2, write);
  }

  /** A vector with a three-byte length. Throws `RangeError` over 16,777,215 bytes. */
  vector24(write: (w: this) => unknown): this {
    return this.#vector(3, write);
  }

  /** What was written; the writer is not to be used after it. */
  take(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}
