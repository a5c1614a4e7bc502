import type { HashName } from '../cipher-suites.ts';
import type { Library } from './library.ts';
import { type Area, type Memory, wordsOf } from './memory.ts';
import { Sha2 } from './sha2.ts';

/** Longest message that has room; longer ones are rare, and somebody else's. */
const longestMessage = 252;

/** HMAC (RFC 2104) with one hash, in memory that is all zeros between two calls. */
export class OpensslHmac {
  readonly #sha: Sha2;
  /** The padded key, then the message. */
  readonly #inner: Area;
  readonly #innerWords: Uint32Array;
  /** The padded key, then the inner hash. */
  readonly #outer: Area;
  readonly #outerWords: Uint32Array;
  readonly #result: Area;

  constructor(library: Library, memory: Memory, name: HashName) {
    this.#sha = new Sha2(library, memory, name);
    const { blockLength, length } = this.#sha;
    this.#inner = memory.reserve(blockLength + longestMessage);
    this.#innerWords = wordsOf(this.#inner);
    this.#outer = memory.reserve(blockLength + length);
    this.#outerWords = wordsOf(this.#outer);
    this.#result = memory.reserve(length);
  }

  /** Whether key and message have room here. */
  fits(key: Uint8Array, message: Uint8Array): boolean {
    return key.length <= this.#sha.blockLength && message.length <= longestMessage;
  }

  /**
   * The first `length` bytes of the HMAC. V8 keeps so few with the object: no allocation outside of its heap, none to
   * collect there.
   */
  compute(key: Uint8Array, message: Uint8Array, length: number): Uint8Array {
    if (!this.fits(key, message)) throw new RangeError('key or message is too long');
    const sha = this.#sha;
    const block = sha.blockLength;
    if (!(length <= sha.length)) throw new RangeError(`an HMAC has ${sha.length} bytes`);
    try {
      this.#inner.bytes.set(key);
      this.#inner.bytes.set(message, block);
      for (let i = 0; i < block / 4; i++) {
        const word = this.#innerWords[i]!;
        this.#innerWords[i] = word ^ 0x36363636;
        this.#outerWords[i] = word ^ 0x5c5c5c5c;
      }
      sha.hash(this.#inner.address, block + message.length, this.#outer.address + block);
      sha.hash(this.#outer.address, block + sha.length, this.#result.address);
      const result = new Uint8Array(length);
      for (let i = 0; i < length; i++) result[i] = this.#result.bytes[i]!;
      return result;
    } finally {
      this.#wipe(message.length);
    }
  }

  /** By loops over words: `fill` costs more for so few. */
  #wipe(messageLength: number): void {
    const { blockLength, length } = this.#sha;
    for (let i = 0; i < (blockLength + messageLength) / 4; i++) this.#innerWords[i] = 0;
    for (let i = 0; i < this.#outerWords.length; i++) this.#outerWords[i] = 0;
    for (let i = 0; i < length; i++) this.#result.bytes[i] = 0;
  }
}
