import type { AeadShape } from '../crypto/cipher-suites.ts';
import type { Aead, Room } from '../crypto/provider.ts';
import { fail } from '../wire/alert.ts';
import { ContentType } from '../wire/code-points.ts';
import { writeHeader } from './plaintext.ts';
import { type Opened, type Opener, type Sealer, StaticNonce, type TrafficKey } from './protection.ts';
import { headerLength, maxPlaintextLength } from './record-reader.ts';

// One nonce and one header at a time are in use in a thread.
const nonce = new Uint8Array(12);
const header = new Uint8Array(headerLength);

/** The content type alone: what stands behind the content of a record without padding. */
const trailers: readonly Uint8Array[] = Array.from({ length: 256 }, (_, type) => Uint8Array.of(type));

function paddedTrailer(type: number, padding: number): Uint8Array {
  const trailer = new Uint8Array(1 + padding);
  trailer[0] = type;
  return trailer;
}

/** Seals TLSCiphertext (RFC 8446 section 5.2): content, its type and zero padding under the AEAD. */
export class Sealer13 implements Sealer {
  readonly overhead: number;
  readonly canPad = true;
  readonly limit: number;
  sealed = 0;
  readonly #aead: Aead;
  readonly #nonce: StaticNonce;
  readonly #tagLength: number;

  constructor(key: TrafficKey, shape: AeadShape) {
    this.#aead = key.aead;
    this.#nonce = new StaticNonce(key.iv);
    this.#tagLength = shape.tagLength;
    this.limit = shape.recordLimit;
    this.overhead = headerLength + 1 + shape.tagLength;
  }

  seal(type: number, content: Uint8Array, padding: number, out: Uint8Array, at: number): number {
    const start = at + headerLength;
    writeHeader(ContentType.applicationData, content.length + 1 + padding + this.#tagLength, header, 0);
    for (let i = 0; i < headerLength; i++) out[at + i] = header[i]!;
    this.#nonce.write(this.sealed++, nonce);
    const trailer = padding === 0 ? trailers[type]! : paddedTrailer(type, padding);
    return this.#aead.seal(nonce, header, content, trailer, out, start);
  }

  release(): void {
    this.#aead.release();
  }
}

/** Opens TLSCiphertext (RFC 8446 section 5.2). */
export class Opener13 implements Opener {
  readonly maxFragmentLength: number = maxPlaintextLength + 256;
  readonly #aead: Aead;
  readonly #nonce: StaticNonce;
  /** Most bytes of TLSInnerPlaintext: content, type and padding (RFC 8449 section 4). */
  readonly #innerLimit: number;
  /** Most bytes of content (RFC 6066 section 4). */
  readonly #contentLimit: number;
  #opened = 0;

  /**
   * `sizeLimit`: the record_size_limit that this side declared, at most 2^14 + 1; `contentLimit`: the max_fragment_length
   * in force, at most 2^14.
   */
  constructor(key: TrafficKey, sizeLimit: number = maxPlaintextLength + 1, contentLimit: number = maxPlaintextLength) {
    this.#aead = key.aead;
    this.#nonce = new StaticNonce(key.iv);
    this.#innerLimit = sizeLimit;
    this.#contentLimit = contentLimit;
  }

  open(type: number, bytes: Uint8Array, start: number, end: number, room?: Room): Opened | undefined {
    if (type !== ContentType.applicationData) {
      fail('unexpectedMessage', 'unencrypted record where an encrypted one is due', 'UNEXPECTED_RECORD');
    }
    this.#nonce.write(this.#opened, nonce);
    const inner = this.#aead.open(nonce, bytes.subarray(start - headerLength, start), bytes, start, end, room);
    if (inner === undefined) return undefined;
    this.#opened++;
    if (inner.length > this.#innerLimit) {
      fail('recordOverflow', `record of ${inner.length} bytes of plaintext`, 'DATA_LENGTH_TOO_LONG');
    }
    let typeAt = inner.length - 1;
    while (typeAt >= 0 && inner[typeAt] === 0) typeAt--;
    if (typeAt < 0) fail('unexpectedMessage', 'encrypted record without content type', 'BAD_RECORD_TYPE');
    if (typeAt > this.#contentLimit) {
      fail('recordOverflow', `record of ${typeAt} bytes of content`, 'DATA_LENGTH_TOO_LONG');
    }
    return { type: inner[typeAt]!, content: inner.subarray(0, typeAt) };
  }

  release(): void {
    this.#aead.release();
  }
}
