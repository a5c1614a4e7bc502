import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WritePieces, writeQuantum } from './write-pieces.ts';

/** The pieces of parts of these lengths, joined, and their lengths. */
function takeAll(lengths: readonly number[]): { lengths: number[]; isWhole: boolean } {
  const parts = lengths.map((length, i) => Buffer.alloc(length, String.fromCharCode(97 + (i % 26))));
  const pieces = new WritePieces(parts);
  const taken: Buffer[] = [];
  while (!pieces.isEmpty) taken.push(pieces.next((piece) => Buffer.from(piece)));
  return { lengths: taken.map(({ length }) => length), isWhole: Buffer.concat(taken).equals(Buffer.concat(parts)) };
}

describe('WritePieces', () => {
  it('are full but for the last, wherever parts end', () => {
    for (const lengths of [
      [1],
      [10, 20, 30],
      [writeQuantum],
      [writeQuantum, 1],
      [1, writeQuantum],
      [3 * writeQuantum + 5, 7, 2 * writeQuantum],
      Array<number>(100).fill(16_393),
    ]) {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const taken = takeAll(lengths);
      assert.ok(taken.isWhole);
      assert.deepEqual(new Set(taken.lengths.slice(0, -1)), new Set(total > writeQuantum ? [writeQuantum] : []));
      assert.equal(taken.lengths.length, Math.ceil(total / writeQuantum));
    }
  });
  it('empty parts do no harm', () => {
    assert.deepEqual(takeAll([0, 5, 0, 0, 6, 0]), { lengths: [11], isWhole: true });
  });

  it('stay as they are while others are joined', () => {
    const [first, second] = ['a', 'b'].map(
      (text) => new WritePieces([Buffer.alloc(5000, text), Buffer.alloc(5000, text)]),
    );
    const inner: string[] = [];
    first!.next((piece) => {
      second!.next((other) => void inner.push(Buffer.from(other).toString()));
      assert.equal(Buffer.from(piece).toString(), 'a'.repeat(10_000));
    });
    assert.deepEqual(inner, ['b'.repeat(10_000)]);
  });

  it('free what is ours, but no view of a pool, and nothing of anybody else', () => {
    const lengthsAfter = (areOurs: boolean): number[] => {
      const parts = [Buffer.alloc(5000, 'a'), Buffer.alloc(5000, 'b'), Buffer.from('a view of the pool'.repeat(100))];
      assert.equal(
        new WritePieces(parts, areOurs).next(({ length }) => length),
        11_800,
      );
      return parts.map(({ length }) => length);
    };
    const canFree = 'transfer' in ArrayBuffer.prototype;
    assert.deepEqual(lengthsAfter(true), canFree ? [0, 0, 1800] : [5000, 5000, 1800]);
    assert.deepEqual(lengthsAfter(false), [5000, 5000, 1800]);
  });
});
