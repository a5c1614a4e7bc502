import { free } from '../crypto/young-memory.ts';

/** Most plaintext that is protected in one go, so that a large write neither blocks nor doubles in memory. */
export const writeQuantum = 262_144;

/** Where pieces are joined, one after the other; away while somebody works with one. */
let room: Buffer | undefined;

/** The parts of one write, taken off in pieces as large as are protected in one go. */
export class WritePieces {
  /** Bytes of all parts. */
  readonly length: number;
  readonly #parts: readonly Uint8Array[];
  #index = 0;
  /** Where in its part the next piece begins. */
  #at = 0;

  readonly #areOurs: boolean;

  /** `areOurs`: whether nobody else has the parts, so that each is freed once it was taken off. */
  constructor(parts: readonly Uint8Array[], areOurs = false) {
    this.#parts = parts;
    this.#areOurs = areOurs;
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  get isEmpty(): boolean {
    return this.#index >= this.#parts.length;
  }

  /**
   * Works with the next bytes, up to `writeQuantum`, which are good for no longer. A padding callback may write elsewhere
   * meanwhile: those pieces are joined in another place.
   */
  next<T>(work: (piece: Uint8Array) => T): T {
    const place = room ?? Buffer.allocUnsafeSlow(writeQuantum);
    room = undefined;
    try {
      return work(place.subarray(0, this.#fill(place)));
    } finally {
      room = place;
    }
  }

  /** Moves parts to a place until it is full, or nothing is left; how many bytes that are. */
  #fill(place: Buffer): number {
    let length = 0;
    while (length < writeQuantum && !this.isEmpty) {
      const part = this.#parts[this.#index]!;
      const end = Math.min(part.length, this.#at + writeQuantum - length);
      place.set(part.subarray(this.#at, end), length);
      length += end - this.#at;
      this.#at = end;
      if (end < part.length) break;
      if (this.#areOurs) free(part, 1); // however short: frames of HTTP/2 are many
      this.#index++;
      this.#at = 0;
    }
    return length;
  }
}
