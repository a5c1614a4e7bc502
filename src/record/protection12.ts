import type { AeadShape } from '../crypto/cipher-suites.ts';
import type { Aead, Room } from '../crypto/provider.ts';
import { fail } from '../wire/alert.ts';
import { writeHeader } from './plaintext.ts';
import { type Opened, type Opener, type Sealer, StaticNonce, type TrafficKey, writeSequence } from './protection.ts';
import { headerLength, maxPlaintextLength } from './record-reader.ts';

const explicitLength = 8;
const nonce = new Uint8Array(12);
const noTrailer = new Uint8Array();
/** seq_num, type, version, length (RFC 5246 section 6.2.3.3). */
const additionalData = new Uint8Array(13);

function setAdditionalData(sequence: number, type: number, length: number): void {
  writeSequence(sequence, additionalData, 0);
  writeHeader(type, length, additionalData, 8);
}

/** Whether nonces carry an explicit half on the wire: so with AES-GCM, whose fixed IV is 4 bytes (RFC 5288). */
const hasExplicitNonce = (key: TrafficKey): boolean => key.iv.length === 4;

/**
 * AEAD records of TLS 1.2: AES-GCM, whose explicit nonce is the sequence number (RFC 5288 section 3), and
 * ChaCha20-Poly1305, which has none (RFC 7905 section 2).
 */
export class Sealer12 implements Sealer {
  readonly overhead: number;
  readonly canPad = false;
  /** TLS 1.2 has no key update, and sequence numbers enough for any connection. */
  readonly limit: number = Number.POSITIVE_INFINITY;
  sealed = 0;
  readonly #aead: Aead;
  readonly #nonce: StaticNonce;
  readonly #tagLength: number;
  readonly #explicit: number;

  constructor(key: TrafficKey, shape: AeadShape) {
    this.#aead = key.aead;
    this.#nonce = new StaticNonce(key.iv);
    this.#tagLength = shape.tagLength;
    this.#explicit = hasExplicitNonce(key) ? explicitLength : 0;
    this.overhead = headerLength + this.#explicit + shape.tagLength;
  }

  seal(type: number, content: Uint8Array, _padding: number, out: Uint8Array, at: number): number {
    const start = at + headerLength + this.#explicit;
    const sequence = this.sealed++;
    writeHeader(type, this.#explicit + content.length + this.#tagLength, out, at);
    if (this.#explicit > 0) {
      this.#nonce.writeImplicit(nonce);
      writeSequence(sequence, nonce, 4);
      writeSequence(sequence, out, at + headerLength);
    } else {
      this.#nonce.write(sequence, nonce);
    }
    setAdditionalData(sequence, type, content.length);
    return this.#aead.seal(nonce, additionalData, content, noTrailer, out, start);
  }

  release(): void {
    this.#aead.release();
  }
}

/** Opens AEAD records of TLS 1.2. */
export class Opener12 implements Opener {
  readonly maxFragmentLength: number = maxPlaintextLength + 2048;
  readonly #aead: Aead;
  readonly #nonce: StaticNonce;
  readonly #tagLength: number;
  readonly #explicit: number;
  readonly #plaintextLimit: number;
  #opened = 0;

  /** `sizeLimit`: the record_size_limit or max_fragment_length in force, at most 2^14. */
  constructor(key: TrafficKey, shape: AeadShape, sizeLimit: number = maxPlaintextLength) {
    this.#aead = key.aead;
    this.#nonce = new StaticNonce(key.iv);
    this.#tagLength = shape.tagLength;
    this.#explicit = hasExplicitNonce(key) ? explicitLength : 0;
    this.#plaintextLimit = sizeLimit;
  }

  open(type: number, bytes: Uint8Array, start: number, end: number, room?: Room): Opened | undefined {
    const from = start + this.#explicit;
    const length = end - from - this.#tagLength;
    if (length < 0) return undefined;
    if (this.#explicit > 0) {
      this.#nonce.writeImplicit(nonce);
      nonce.set(bytes.subarray(start, from), 4);
    } else {
      this.#nonce.write(this.#opened, nonce);
    }
    setAdditionalData(this.#opened, type, length);
    const content = this.#aead.open(nonce, additionalData, bytes, from, end, room);
    if (content === undefined) return undefined;
    this.#opened++;
    if (content.length > this.#plaintextLimit) {
      fail('recordOverflow', `record of ${content.length} bytes of plaintext`, 'DATA_LENGTH_TOO_LONG');
    }
    return { type, content };
  }

  release(): void {
    this.#aead.release();
  }
}
