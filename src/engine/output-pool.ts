import type { OwnBuffer } from '../wire/own-buffer.ts';
import { shortLived } from '../wire/short-lived.ts';

/** Buffers of one length. */
interface Shelf {
  /** Bytes of each. */
  readonly length: number;
  /** How many are kept for later, at most. */
  readonly most: number;
  readonly free: Pooled[];
}

/** A buffer of the pool's. */
interface Pooled {
  readonly buffer: OwnBuffer;
  readonly shelf: Shelf;
  /** Whether it was given out and is not back yet; what never comes back is the garbage collector's. */
  isLent: boolean;
}

/** Where the memory of a buffer says whose it is. A WeakMap would give V8's collector something to do for every write. */
const pooled: unique symbol = Symbol('pooled');
type Memory = ArrayBufferLike & { [pooled]?: Pooled };

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

  /** A buffer of at least `length` bytes. */
  take(length: number): Buffer {
    const shelf = length < leastLength ? undefined : this.#shelves.find((each) => each.length >= length);
    if (shelf === undefined) return shortLived(length);
    const taken = shelf.free.pop() ?? make(shelf);
    taken.isLent = true;
    return taken.buffer;
  }

  /** Takes back bytes that nobody reads any more. Bytes that are none of the pool's, or are back already, are left alone. */
  give(bytes: Uint8Array): void {
    const taken = (bytes.buffer as Memory)[pooled];
    if (!taken?.isLent) return;
    taken.isLent = false;
    const { shelf } = taken;
    if (shelf.free.length < shelf.most) shelf.free.push(taken);
  }
}

function make(shelf: Shelf): Pooled {
  const buffer = Buffer.allocUnsafeSlow(shelf.length);
  const made: Pooled = { buffer, shelf, isLent: false };
  (buffer.buffer as Memory)[pooled] = made;
  return made;
}

/** The pool of this thread. */
export const outputPool: OutputPool = new OutputPool();
