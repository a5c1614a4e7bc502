/** Bytes of a slab; what is longer than a quarter of it has memory of its own. */
const slabLength = 16_384;

let slab = Buffer.allocUnsafeSlow(slabLength);
let taken = 0;

/**
 * A buffer, not cleared, for messages and records that are done with soon. Node's own pool is left to the application: a
 * few bytes of that which it keeps would keep our messages beside them, and secrets would lie where others can read.
 */
export function shortLived(length: number): Buffer {
  if (length > slabLength >>> 2) return Buffer.allocUnsafeSlow(length);
  if (taken + length > slabLength) {
    slab = Buffer.allocUnsafeSlow(slabLength);
    taken = 0;
  }
  const bytes = slab.subarray(taken, taken + length);
  taken += (length + 7) & ~7;
  return bytes;
}

/** All parts in one short-lived buffer. */
export function join(parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = shortLived(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
