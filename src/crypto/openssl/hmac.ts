import type { HashName } from '../cipher-suites.ts';
import type { Library } from './library.ts';
import { type Area, type Memory, wordsOf } from './memory.ts';
import { Sha2 } from './sha2.ts';

/** Longest message that has room; longer ones are rare, and somebody else's. */
const longestMessage = 252;

/**
 * HMAC (RFC 2104) with one hash, in memory that is all zeros between two calls but for padding. Messages are padded here,
 * so that OpenSSL is called only once for each of the two hashes: a call costs as much as it takes to hash 64 bytes.
 */
export class OpensslHmac {
  readonly #sha: Sha2;
  /** The padded key, then the message. */
  readonly #inner: Area;
  readonly #innerWords: Uint32Array;
  /** The padded key, then the inner hash, then what pads it. */
  readonly #outer: Area;
  readonly #outerWords: Uint32Array;
  readonly #resultBytes = new Uint8Array(48);
  readonly #resultWords = new Uint32Array(this.#resultBytes.buffer);

  constructor(library: Library, memory: Memory, name: HashName) {
    this.#sha = new Sha2(library, memory, name);
    const { blockLength, length } = this.#sha;
    this.#inner = memory.reserve(this.#sha.paddedLength(blockLength + longestMessage));
    this.#innerWords = wordsOf(this.#inner);
    this.#outer = memory.reserve(this.#sha.paddedLength(blockLength + length));
    this.#outerWords = wordsOf(this.#outer);
    this.#sha.pad(this.#outer.bytes, blockLength + length);
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
    if (!(length <= sha.length)) throw new RangeError(`an HMAC has ${sha.length} bytes`);
    const innerLength = sha.paddedLength(sha.blockLength + message.length);
    try {
      this.#fill(key, message);
      sha.hashPadded(this.#inner.address, innerLength);
      sha.readHash(this.#outerWords, sha.blockLength >> 2);
      sha.hashPadded(this.#outer.address, this.#outer.bytes.length);
      sha.readHash(this.#resultWords, 0);
      const bytes = this.#resultBytes;
      const result = new Uint8Array(length);
      for (let i = 0; i < length; i++) result[i] = bytes[i]!;
      return result;
    } finally {
      this.#wipe(innerLength);
    }
  }

  /** Both blocks of the key, and the message with its padding. */
  #fill(key: Uint8Array, message: Uint8Array): void {
    const sha = this.#sha;
    const { bytes } = this.#inner;
    const words = this.#innerWords;
    const outerWords = this.#outerWords;
    bytes.set(key);
    bytes.set(message, sha.blockLength);
    sha.pad(bytes, sha.blockLength + message.length);
    for (let i = 0; i < sha.blockLength >> 2; i++) {
      const word = words[i]!;
      words[i] = word ^ 0x36363636;
      outerWords[i] = word ^ 0x5c5c5c5c;
    }
  }

  /** By loops over words: `fill` costs more for so few. */
  #wipe(innerLength: number): void {
    const { blockLength, length } = this.#sha;
    for (let i = 0; i < innerLength >> 2; i++) this.#innerWords[i] = 0;
    for (let i = 0; i < (blockLength + length) >> 2; i++) this.#outerWords[i] = 0;
    for (let i = 0; i < this.#resultWords.length; i++) this.#resultWords[i] = 0;
    this.#sha.wipeWords();
  }
}
