import { free } from '../crypto/young-memory.ts';

/** Most plaintext that is protected in one go, so that a large write neither blocks nor doubles in memory. */
export const writeQuantum = 262_144;

/** Where pieces are joined, one write after the other: who protects them copies them, and nothing of it is kept. */
let joined: Buffer | undefined;

/** The parts of one write, taken off in pieces as large as are protected in one go. */
export class WritePieces {
  /** Bytes of all parts. */
  readonly length: number;
  readonly #parts: readonly Uint8Array[];
  readonly #isOwner: boolean;
  #index = 0;
  /** Where in its part the next piece begins. */
  #at = 0;

  /** `isOwner`: whether nobody else has the parts, so that they may be freed. */
  constructor(parts: readonly Uint8Array[], isOwner = false) {
    this.#parts = parts;
    this.#isOwner = isOwner;
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  get isEmpty(): boolean {
    return this.#index >= this.#parts.length;
  }

  /** The next bytes, up to `writeQuantum`; good until anybody takes another piece. */
  take(): Uint8Array {
    joined ??= Buffer.allocUnsafeSlow(writeQuantum);
    let length = 0;
    while (length < writeQuantum && !this.isEmpty) {
      const part = this.#parts[this.#index]!;
      const end = Math.min(part.length, this.#at + writeQuantum - length);
      joined.set(part.subarray(this.#at, end), length);
      length += end - this.#at;
      this.#at = end;
      if (end < part.length) break;
      if (this.#isOwner) free(part);
      this.#index++;
      this.#at = 0;
    }
    return joined.subarray(0, length);
  }
}
