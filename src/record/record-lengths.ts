/**
 * Bytes of a first record with all that protects it: what fits into one TCP segment, also over IPv6, with timestamps
 * and a few bytes left for what tunnels add.
 */
export const segmentLength = 1400;
/** Milliseconds without a write after which the next one begins with small records again. */
const idleTime = 1000;

/**
 * How long the records of application data are. A client can use no byte of a record before it has all of it, and a
 * record of 16 KiB comes in twelve packets, which on a fresh connection can take two round trips. So the first record
 * fills one packet, the second two, and so on, until they are as long as may be: there each costs least. After a pause
 * TCP begins slowly again, and so do we.
 */
export class RecordLengths {
  readonly #clock: () => number;
  /** How many segments the next record fills. */
  #segments = 1;
  #lastWrite = 0;

  /** `clock`: milliseconds, monotonic. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** A write begins that needs more than one segment. */
  begin(): void {
    const now = this.#clock();
    if (now - this.#lastWrite > idleTime) this.#segments = 1;
    this.#lastWrite = now;
  }

  /** How many records may come that are shorter than `limit`, where each has `overhead` bytes beside its content. */
  shorterThan(limit: number, overhead: number): number {
    return Math.max(0, Math.ceil((limit + overhead) / segmentLength) - this.#segments);
  }

  /** Most bytes of content of the next record, up to `limit`. */
  next(limit: number, overhead: number): number {
    return Math.min(limit, this.#segments * segmentLength - overhead);
  }

  /** A record was filled. */
  grow(limit: number, overhead: number): void {
    if (this.next(limit, overhead) < limit) this.#segments++;
  }
}
