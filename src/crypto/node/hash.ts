import * as crypto from 'node:crypto';
import { shortLived } from '../../wire/short-lived.ts';
import { type HashName, hashLength } from '../cipher-suites.ts';
import type { RunningHash } from '../provider.ts';

const blockLength: Readonly<Record<HashName, number>> = { sha256: 64, sha384: 128 };

/** The hash of `bytes`, in one call. */
export const digest = (name: HashName, bytes: Uint8Array): Buffer => crypto.hash(name, bytes, 'buffer');

/** Longest message whose inner hash is taken from a reused buffer; larger ones are rare and go to `createHmac`. */
const scratchLength = 255;

interface Scratch {
  /** The padded key, then the message (RFC 2104 section 2). */
  readonly inner: Buffer;
  /** `inner` up to the end of a message, by the message's length; lengths recur. */
  readonly innerViews: Uint8Array[];
  /** The padded key, then the inner hash. */
  readonly outer: Buffer;
}

const makeScratch = (name: HashName): Scratch => ({
  inner: Buffer.alloc(blockLength[name] + scratchLength, 0x36),
  innerViews: [],
  outer: Buffer.alloc(blockLength[name] + hashLength[name], 0x5c),
});
const scratch: Readonly<Record<HashName, Scratch>> = { sha256: makeScratch('sha256'), sha384: makeScratch('sha384') };

/** Makes the outer block of an HMAC, which wants to be hashed and wiped. */
function fillOuter(name: HashName, key: Uint8Array, bytes: Uint8Array): Buffer {
  const { inner, innerViews, outer } = scratch[name];
  const block = blockLength[name];
  for (let i = 0; i < key.length; i++) {
    inner[i] = key[i]! ^ 0x36;
    outer[i] = key[i]! ^ 0x5c;
  }
  inner.set(bytes, block);
  innerViews[bytes.length] ??= inner.subarray(0, block + bytes.length);
  const view = innerViews[bytes.length]!;
  // As text (`binary` is latin1) a hash costs a third of what it costs as a Buffer; this one is no key.
  outer.write(crypto.hash(name, view, 'binary'), block, 'latin1');
  return outer;
}

/** Overwrites key and message: the key by the padding that the next one wants. `fill` costs more for so few bytes. */
function wipe(name: HashName, keyLength: number, length: number): void {
  const { inner, outer } = scratch[name];
  const block = blockLength[name];
  for (let i = 0; i < keyLength; i++) {
    inner[i] = 0x36;
    outer[i] = 0x5c;
  }
  for (let i = block; i < block + length; i++) inner[i] = 0;
  for (let i = block; i < outer.length; i++) outer[i] = 0;
}

const fits = (name: HashName, key: Uint8Array, bytes: Uint8Array): boolean =>
  bytes.length <= scratchLength && key.length <= blockLength[name];

/**
 * HMAC as the two hashes that it is: for the short inputs of a key schedule half the price of an `Hmac` object.
 * The padded keys are wiped before it returns.
 */
export function hmac(name: HashName, key: Uint8Array, bytes: Uint8Array, length?: number): Uint8Array {
  if (!fits(name, key, bytes)) return cut(crypto.createHmac(name, key).update(bytes).digest(), length);
  const tag = crypto.hash(name, fillOuter(name, key, bytes), 'buffer');
  wipe(name, key.length, bytes.length);
  return cut(tag, length);
}

/** The first bytes of an HMAC; the others are wiped. */
function cut(tag: Buffer, length = tag.length): Uint8Array {
  if (length === tag.length) return tag;
  const first = new Uint8Array(length);
  for (let i = 0; i < length; i++) first[i] = tag[i]!;
  for (let i = 0; i < tag.length; i++) tag[i] = 0;
  return first;
}

/** HMAC by way of text, which cannot be overwritten, but costs half of a Buffer and leaves less to the collector. */
export function publicHmac(name: HashName, key: Uint8Array, bytes: Uint8Array, length?: number): Uint8Array {
  if (!fits(name, key, bytes)) return hmac(name, key, bytes, length);
  const tag = crypto.hash(name, fillOuter(name, key, bytes), 'binary');
  wipe(name, key.length, bytes.length);
  // Not from Node's pool, all of which would stay for as long as a connection has these few bytes of it.
  const result = new Uint8Array(length ?? tag.length);
  for (let i = 0; i < result.length; i++) result[i] = tag.charCodeAt(i);
  return result;
}

/** Bytes up to which a transcript is kept as it is. Most handshakes have less than half of it. */
const keptLength = 8192;
/** Bytes that there is room for at first. */
const firstLength = 2048;
/** Rooms of transcripts that are done, for the next ones: a quarter of what a handshake leaves to the collector. */
const spare: Buffer[] = [];
const mostSpare = 64;

/**
 * A hash whose value can be read in the middle. Up to `keptLength` bytes it keeps its input and hashes all of it each
 * time: that is cheaper than a hash object and a copy of it for every value, both of which the garbage collector must
 * finalize.
 */
class NodeRunningHash implements RunningHash {
  readonly #name: HashName;
  #kept: Buffer | undefined = spare.pop() ?? Buffer.allocUnsafeSlow(firstLength);
  #length = 0;
  #hash: crypto.Hash | undefined;
  #isReleased = false;

  constructor(name: HashName) {
    this.#name = name;
  }

  update(bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    if (this.#kept === undefined || end > keptLength) {
      this.#startHash().update(bytes);
      return;
    }
    if (end > this.#kept.length) {
      const larger = shortLived(Math.max(end, 2 * this.#kept.length));
      larger.set(this.#kept.subarray(0, this.#length));
      this.#giveBack();
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#length);
    this.#length = end;
  }

  digest(): Uint8Array {
    const text = this.#kept
      ? crypto.hash(this.#name, this.#kept.subarray(0, this.#length), 'binary')
      : this.#startHash().copy().digest('binary');
    const hash = shortLived(text.length);
    hash.write(text, 'latin1');
    return hash;
  }

  copy(): RunningHash {
    const copy = new NodeRunningHash(this.#name);
    copy.#giveBack();
    copy.#hash = this.#startHash().copy();
    return copy;
  }

  release(): void {
    this.#giveBack();
    this.#hash = undefined;
    this.#isReleased = true;
  }

  #giveBack(): void {
    if (this.#kept?.length === firstLength && spare.length < mostSpare) spare.push(this.#kept);
    this.#kept = undefined;
  }

  #startHash(): crypto.Hash {
    if (this.#isReleased) throw new Error('a transcript is used after it was released');
    if (this.#hash === undefined) {
      this.#hash = crypto.createHash(this.#name);
      if (this.#kept) this.#hash.update(this.#kept.subarray(0, this.#length));
      this.#giveBack();
    }
    return this.#hash;
  }
}

/** A hash over a transcript. */
export const runningHash = (name: HashName): RunningHash => new NodeRunningHash(name);
