import type { Random } from '../support/path-plans.ts';

// Changes to bytes that know nothing of what the bytes mean.

/** Values at which lengths, counts and signs turn over. */
const edges: readonly number[] = [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff];

/** No input grows beyond it: a handshake message may have 65,536 bytes. */
const longest = 70_000;

/** One change; `donor` gives bytes of another input. May change `bytes` in place. */
function change(bytes: Uint8Array, random: Random, donor: () => Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  switch (random.below(11)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 1:
    case 2:
      if (at < bytes.length) bytes[at] = random.pick(edges);
      return bytes;
    case 3:
      if (at < bytes.length) bytes[at] = random.below(256);
      return bytes;
    case 4: // a number that is a little off
      if (at < bytes.length) bytes[at]! += random.below(9) - 4;
      return bytes;
    case 5:
      return splice(bytes, at, 0, Uint8Array.of(random.chance(50) ? random.pick(edges) : random.below(256)));
    case 6:
      return splice(bytes, at, 1 + random.below(16), new Uint8Array());
    case 7:
      return splice(bytes, at, 0, bytes.slice(at, at + 1 + random.below(64)));
    case 8:
      return bytes.slice(0, at);
    case 9: {
      const other = donor();
      const from = random.below(other.length + 1);
      return splice(bytes, at, random.below(16), other.subarray(from, from + random.below(64)));
    }
    default: {
      const to = random.below(bytes.length + 1);
      bytes.copyWithin(to, at, at + 1 + random.below(32));
      return bytes;
    }
  }
}

function splice(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const kept = bytes.subarray(Math.min(bytes.length, at + remove));
  const result = new Uint8Array(at + insert.length + kept.length);
  result.set(bytes.subarray(0, at));
  result.set(insert, at);
  result.set(kept, at + insert.length);
  return result;
}

/** The bytes with one to eight changes, few more often than many; `bytes` stay as they are. */
export function mutateBytes(bytes: Uint8Array, random: Random, donor: () => Uint8Array = () => bytes): Uint8Array {
  let result = Uint8Array.from(bytes) as Uint8Array;
  for (let left = 1 + random.below(1 + random.below(8)); left > 0; left--) result = change(result, random, donor);
  return result.length > longest ? result.subarray(0, longest) : result;
}
