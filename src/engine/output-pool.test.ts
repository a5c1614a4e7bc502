import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outputPool } from './output-pool.ts';

describe('the pool of output buffers', () => {
  it('gives buffers that are long enough, and none to two at a time', () => {
    for (const length of [0, 1, 1023, 1024, 4608, 4609, 17_664, 17_665, 270_336, 270_337, 1_000_000]) {
      const [one, two] = [outputPool.take(length), outputPool.take(length)];
      assert.ok(one.length >= length && two.length >= length);
      one.fill(1, 0, length);
      two.fill(2, 0, length);
      assert.ok(
        one.subarray(0, length).every((byte) => byte === 1),
        `${length} bytes`,
      );
      for (const bytes of [one, two]) outputPool.give(bytes);
    }
  });

  it('gives again what it was given back, whole', () => {
    for (const length of [1024, 5000, 200_000]) {
      const first = outputPool.take(length);
      outputPool.give(first.subarray(0, 10));
      const second = outputPool.take(length);
      assert.equal(second.buffer, first.buffer);
      assert.equal(second.length, first.length);
    }
  });

  it('takes nothing back twice, and nothing that it did not give', () => {
    const [bytes, foreign] = [outputPool.take(2000), Buffer.allocUnsafeSlow(4608)];
    for (const each of [bytes, bytes, foreign, outputPool.take(10)]) outputPool.give(each);
    const taken = Array.from({ length: 4 }, () => outputPool.take(2000).buffer);
    assert.equal(new Set(taken).size, 4);
    assert.ok(!taken.includes(foreign.buffer));
  });
});
