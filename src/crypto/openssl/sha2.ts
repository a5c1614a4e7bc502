import { type HashName, hashLength } from '../cipher-suites.ts';
import { type Library, type Pointer, succeed } from './library.ts';
import type { Area, Memory } from './memory.ts';

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
}
