import type { Aead, Room } from '../crypto/provider.ts';

/** Turns content into records of one direction under one key. */
export interface Sealer {
  /** Bytes that a record has beyond its content: header, explicit nonce, type byte and tag. */
  readonly overhead: number;
  /** Whether records of this construction can hide their length. */
  readonly canPad: boolean;
  /** Records sealed so far. */
  readonly sealed: number;
  /** Records after which the key must be replaced (RFC 8446 section 5.5). */
  readonly limit: number;
  /**
   * Writes one record at `out[at]` that holds `content` of `type` and `padding` zero bytes.
   * Returns the index after it.
   */
  seal(type: number, content: Uint8Array, padding: number, out: Uint8Array, at: number): number;
  /** Gives the key back: no record will be sealed with it any more. */
  release(): void;
}

export interface Opened {
  readonly type: number;
  readonly content: Uint8Array;
}

/** Turns records of one direction under one key into content. */
export interface Opener {
  /** Most bytes that a record's fragment may have (RFC 8446 section 5.2, RFC 5246 section 6.2.3). */
  readonly maxFragmentLength: number;
  /**
   * Opens `bytes[start, end)`, a record's fragment behind its header; `undefined` when it is not authentic. What was
   * encrypted comes to lie in `room`, or in bytes of its own.
   */
  open(type: number, bytes: Uint8Array, start: number, end: number, room?: Room): Opened | undefined;
  /** Gives the key back: no record will be opened with it any more. */
  release(): void;
}

/** A key and the static part of its nonces. */
export interface TrafficKey {
  readonly aead: Aead;
  /** 12 bytes (TLS 1.3, and ChaCha20 in TLS 1.2) or 4 (AES-GCM in TLS 1.2). */
  readonly iv: Uint8Array;
}

/** Writes a 64-bit record sequence number, big-endian, at `out[at]`. */
export function writeSequence(sequence: number, out: Uint8Array, at: number): void {
  let high = Math.floor(sequence / 2 ** 32);
  let low = sequence % 2 ** 32;
  for (let i = at + 3; i >= at; i--) {
    out[i] = high & 0xff;
    out[i + 4] = low & 0xff;
    high >>>= 8;
    low >>>= 8;
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

function writeWord(value: number, out: Uint8Array, at: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** The static part of the nonces of a key, as numbers: a Uint8Array takes 200 bytes more of every connection. */
export class StaticNonce {
  readonly #first: number;
  readonly #second: number;
  readonly #third: number;

  /** `iv`: 12 bytes, or 4, of which only `writeImplicit` makes nonces. */
  constructor(iv: Uint8Array) {
    this.#first = word(iv, 0);
    this.#second = word(iv, 4);
    this.#third = word(iv, 8);
  }

  /** The per-record nonce of RFC 8446 section 5.3 and RFC 7905 section 2: the IV xor the sequence number. */
  write(sequence: number, nonce: Uint8Array): void {
    writeWord(this.#first, nonce, 0);
    writeWord(this.#second ^ Math.floor(sequence / 2 ** 32), nonce, 4);
    writeWord(this.#third ^ (sequence % 2 ** 32), nonce, 8);
  }

  /** The first 4 bytes of a nonce whose others are on the wire (RFC 5288 section 3). */
  writeImplicit(nonce: Uint8Array): void {
    writeWord(this.#first, nonce, 0);
  }
}
