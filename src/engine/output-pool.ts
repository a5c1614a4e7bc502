import { shortLived } from '../wire/short-lived.ts';

/** Bytes of a pooled buffer: 256 KiB of plaintext and what its records add. */
const bufferLength = 270_336;
/** Shorter outputs are allocated as they come. */
const leastLength = 32_768;
/** Buffers kept for later, at most: 4 MiB. */
const mostKept = 16;

/**
 * Buffers for bulk output, which is much of the same size and lives only until the kernel has taken it. To allocate
 * a fresh quarter of a megabyte for each write costs about as much as to encrypt it.
 */
class OutputPool {
  readonly #free: Buffer[] = [];
  /** Those given out and not yet back; what never comes back is the garbage collector's. */
  readonly #lent = new WeakSet<ArrayBufferLike>();

  /** A buffer of at least `length` bytes. */
  take(length: number): Buffer {
    if (length < leastLength || length > bufferLength) return shortLived(length);
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferLength);
    this.#lent.add(buffer.buffer);
    return buffer;
  }

  /** Takes back bytes that nobody reads any more. Bytes that are none of the pool's are left alone. */
  give(bytes: Uint8Array): void {
    if (!this.#lent.delete(bytes.buffer) || this.#free.length >= mostKept) return;
    this.#free.push(Buffer.from(bytes.buffer));
  }
}

/** The pool of this thread. */
export const outputPool: OutputPool = new OutputPool();
