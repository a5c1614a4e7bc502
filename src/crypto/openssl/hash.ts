import { type HashName, hashLength } from '../cipher-suites.ts';
import { type Library, type Pointer, pointer, succeed } from './library.ts';
import type { Area, Memory } from './memory.ts';

const blockLength: Readonly<Record<HashName, number>> = { sha256: 64, sha384: 128 };

/** Longest message that has room; longer ones are rare, and somebody else's. */
export const longestMessage = 255;

/** HMAC (RFC 2104) with one hash. */
export class OpensslHmac {
  readonly #library: Library;
  readonly #context: Pointer;
  readonly #md: Pointer;
  readonly #length: number;
  readonly #block: number;
  /** The padded key, then the message; between two calls there is the padding alone. */
  readonly #inner: Area;
  /** The padded key, then the inner hash. */
  readonly #outer: Area;
  readonly #result: Area;

  constructor(library: Library, memory: Memory, name: HashName) {
    const { openssl } = library;
    this.#library = library;
    this.#context = pointer(openssl.EVP_MD_CTX_new());
    this.#md = pointer(openssl.EVP_MD_fetch(0, name, 0));
    this.#length = hashLength[name];
    this.#block = blockLength[name];
    this.#inner = memory.reserve(this.#block + longestMessage);
    this.#outer = memory.reserve(this.#block + this.#length);
    this.#result = memory.reserve(this.#length);
    this.#inner.bytes.fill(0x36);
    this.#outer.bytes.fill(0x5c);
  }

  /** Whether key and message have room here. */
  fits(key: Uint8Array, message: Uint8Array): boolean {
    return key.length <= this.#block && message.length <= longestMessage;
  }

  /** The HMAC, in bytes that V8 keeps with the object: no allocation outside of its heap, none to collect there. */
  compute(key: Uint8Array, message: Uint8Array): Uint8Array {
    if (!this.fits(key, message)) throw new RangeError('key or message is too long');
    const inner = this.#inner.bytes;
    const outer = this.#outer.bytes;
    const block = this.#block;
    for (let i = 0; i < key.length; i++) {
      inner[i] = key[i]! ^ 0x36;
      outer[i] = key[i]! ^ 0x5c;
    }
    inner.set(message, block);
    try {
      this.#hash(this.#inner.address, block + message.length, this.#outer.address + block);
      this.#hash(this.#outer.address, block + this.#length, this.#result.address);
      const result = new Uint8Array(this.#length);
      result.set(this.#result.bytes);
      return result;
    } finally {
      this.#wipe(key.length, message.length);
    }
  }

  #hash(from: Pointer, length: number, to: Pointer): void {
    const { openssl } = this.#library;
    succeed(openssl.EVP_DigestInit_ex(this.#context, this.#md, 0));
    succeed(openssl.EVP_DigestUpdate(this.#context, from, length));
    succeed(openssl.EVP_DigestFinal_ex(this.#context, to, 0));
  }

  #wipe(keyLength: number, messageLength: number): void {
    const inner = this.#inner.bytes;
    const outer = this.#outer.bytes;
    const block = this.#block;
    for (let i = 0; i < keyLength; i++) {
      inner[i] = 0x36;
      outer[i] = 0x5c;
    }
    for (let i = block; i < block + messageLength; i++) inner[i] = 0;
    for (let i = block; i < outer.length; i++) outer[i] = 0;
    for (let i = 0; i < this.#length; i++) this.#result.bytes[i] = 0;
  }
}
