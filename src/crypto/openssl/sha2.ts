import { type HashName, hashLength } from '../cipher-suites.ts';
import { type Library, type Pointer, succeed } from './library.ts';
import { type Area, type Memory, wordsOf } from './memory.ts';

/** Of each hash: the bytes of a block, and of the state in C: words, bit count, block, and what is in it (sha.h). */
const shapes: Readonly<Record<HashName, { readonly block: number; readonly state: number }>> = {
  sha256: { block: 64, state: 8 * 4 + 2 * 4 + 64 + 2 * 4 },
  sha384: { block: 128, state: 8 * 8 + 2 * 8 + 128 + 2 * 4 },
};

/**
 * One of the SHA-2 functions, called directly: half the price of the way through EVP, which looks up anew how to do it.
 * Its state lies in memory of ours, and so can be kept and brought back.
 */
export class Sha2 {
  readonly length: number;
  readonly blockLength: number;
  /** The state of the hash that is being computed. */
  readonly state: Area;
  /** The state in halves of its words or whole ones, of 32 bits; and what a hash starts from. */
  readonly #words: Uint32Array;
  readonly #firstWords: Uint32Array;
  /** 1 where a word of the hash is two of those, the less significant first. */
  readonly #swap: 0 | 1;
  readonly #init: (state: Pointer) => number;
  readonly #update: (state: Pointer, bytes: Pointer, length: number) => number;
  readonly #final: (result: Pointer, state: Pointer) => number;

  constructor({ openssl }: Library, memory: Memory, name: HashName) {
    this.length = hashLength[name];
    this.blockLength = shapes[name].block;
    this.state = memory.reserve(shapes[name].state);
    const isShort = name === 'sha256';
    this.#init = isShort ? openssl.SHA256_Init : openssl.SHA384_Init;
    this.#update = isShort ? openssl.SHA256_Update : openssl.SHA384_Update;
    this.#final = isShort ? openssl.SHA256_Final : openssl.SHA384_Final;
    this.#swap = isShort ? 0 : 1;
    this.start();
    this.#words = wordsOf(this.state).subarray(0, this.blockLength >> 3);
    this.#firstWords = this.#words.slice();
  }

  start(): void {
    succeed(this.#init(this.state.address));
  }

  update(bytes: Pointer, length: number): void {
    succeed(this.#update(this.state.address, bytes, length));
  }

  /** Writes the hash, and wipes what the state holds of the input. */
  finish(result: Pointer, state: Pointer = this.state.address): void {
    succeed(this.#final(result, state));
  }

  /** The hash of some bytes. */
  hash(bytes: Pointer, length: number, result: Pointer): void {
    this.start();
    this.update(bytes, length);
    this.finish(result);
  }

  // ---- messages that are padded beforehand, which take one call; only where no other hash is under way

  /** Bytes of a message with its padding: a bit, zeros, and the length in an eighth of a block (FIPS 180-4 section 5.1). */
  paddedLength(length: number): number {
    const block = this.blockLength;
    return (length + 1 + (block >> 3) + block - 1) & -block;
  }

  /** Pads a message of less than 8 KiB, behind which `bytes` are zeros. */
  pad(bytes: Uint8Array, length: number): void {
    const end = this.paddedLength(length);
    bytes[length] = 0x80;
    bytes[end - 2] = length >> 5;
    bytes[end - 1] = length << 3;
  }

  /** Hashes a message with its padding; `readHash` tells the hash. */
  hashPadded(bytes: Pointer, length: number): void {
    const words = this.#words;
    const firstWords = this.#firstWords;
    for (let i = 0; i < firstWords.length; i++) words[i] = firstWords[i]!;
    succeed(this.#update(this.state.address, bytes, length));
  }

  /** Writes the hash that `hashPadded` made, from word `at` on. */
  readHash(to: Uint32Array, at: number): void {
    const words = this.#words;
    const swap = this.#swap;
    for (let i = 0; i < this.length >> 2; i++) {
      const word = words[i ^ swap]!;
      // Hashes have the big end of each word first.
      to[at + i] = (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
    }
  }

  /** Wipes that hash. */
  wipeWords(): void {
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = 0;
  }
}
