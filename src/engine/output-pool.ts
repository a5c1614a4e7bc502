import { shortLived } from '../wire/short-lived.ts';

/** Buffers of one length. */
interface Shelf {
  /** Bytes of each. */
  readonly length: number;
  /** How many are kept for later, at most. */
  readonly most: number;
  readonly free: Buffer[];
}

/** Shorter outputs share a slab. */
const leastLength = 1024;

/**
 * Buffers for output, which is much of the same few sizes and lives only until the kernel has taken it. To allocate and
 * collect a buffer costs more than to encrypt what it holds.
 */
class OutputPool {
  /** By length, each with what records add to it: 4 KiB of plaintext, one whole record, what is written in one go. */
  readonly #shelves: readonly Shelf[] = [
    { length: 4608, most: 256, free: [] },
    { length: 17_664, most: 64, free: [] },
    { length: 270_336, most: 16, free: [] },
  ];
  /** Where those belong that are given out and not yet back; what never comes back is the garbage collector's. */
  readonly #lent = new WeakMap<ArrayBufferLike, Shelf>();

  /** A buffer of at least `length` bytes. */
  take(length: number): Buffer {
    const shelf = length < leastLength ? undefined : this.#shelves.find((each) => each.length >= length);
    if (shelf === undefined) return shortLived(length);
    const buffer = shelf.free.pop() ?? Buffer.allocUnsafeSlow(shelf.length);
    this.#lent.set(buffer.buffer, shelf);
    return buffer;
  }

  /** Takes back bytes that nobody reads any more. Bytes that are none of the pool's are left alone. */
  give(bytes: Uint8Array): void {
    const shelf = this.#lent.get(bytes.buffer);
    if (shelf === undefined) return;
    this.#lent.delete(bytes.buffer);
    if (shelf.free.length < shelf.most) shelf.free.push(Buffer.from(bytes.buffer));
  }
}

/** The pool of this thread. */
export const outputPool: OutputPool = new OutputPool();
