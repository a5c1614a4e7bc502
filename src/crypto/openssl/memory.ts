import type { Library, Pointer } from './library.ts';

/** Bytes of a thread's own at a fixed address, for whatever is short: keys, nonces, lengths, blocks of HMAC. */
export class Memory {
  readonly #library: Library;
  readonly #bytes: Buffer;
  readonly #start: Pointer;
  #taken = 0;
  #last: Uint8Array | undefined;
  #lastAddress: Pointer = 0;

  constructor(library: Library, length: number) {
    this.#library = library;
    this.#bytes = Buffer.alloc(length);
    this.#start = library.addressOf(this.#bytes);
  }

  /** Sets `length` bytes apart for good. */
  reserve(length: number): Area {
    const at = this.#taken;
    if (at + length > this.#bytes.length) throw new RangeError('the memory for calls of OpenSSL is used up');
    this.#taken += (length + 15) & ~15;
    return { bytes: this.#bytes.subarray(at, at + length), address: this.#start + at };
  }

  /**
   * Where bytes of somebody else's lie, to be used before anything else runs. The last answer is kept, with its
   * bytes, because records of one write share their output. A buffer that was detached since then has no length, and
   * so fails the caller's check of its bounds.
   */
  addressOf(bytes: Uint8Array): Pointer {
    if (bytes !== this.#last) {
      this.#lastAddress = this.#library.addressOf(bytes);
      this.#last = bytes;
    }
    return this.#lastAddress;
  }

  /** Forgets the bytes that `addressOf` saw last. */
  forget(): void {
    this.#last = undefined;
  }
}

/** A part of the memory. */
export interface Area {
  readonly bytes: Buffer;
  readonly address: Pointer;
}

/** The whole words of an area, which begins at one. */
export const wordsOf = ({ bytes }: Area): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
