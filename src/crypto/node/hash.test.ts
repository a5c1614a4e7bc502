import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { hmac, publicHmac, runningHash } from './hash.ts';

describe('HMAC of two hashes', () => {
  for (const name of ['sha256', 'sha384'] as const) {
    it(`is HMAC with ${name}, whatever came before it`, () => {
      // Keys and messages of all lengths in turns, since the blocks are used again: up to a block, and above.
      for (let i = 0; i < 600; i++) {
        const key = randomBytes((i * 37) % 140);
        const message = randomBytes((i * 53) % 300);
        const expected = createHmac(name, key).update(message).digest('hex');
        assert.equal(Buffer.from(hmac(name, key, message)).toString('hex'), expected);
        assert.equal(Buffer.from(publicHmac(name, key, message)).toString('hex'), expected);
      }
    });
  }
});

describe('a running hash', () => {
  it('has nothing of those that were released before it, however long they and their copies were', () => {
    const kept = runningHash('sha256');
    kept.update(Buffer.from('kept'));
    const keptCopy = kept.copy();
    for (const length of [0, 1, 2048, 2049, 8192, 8193, 20_000, 100]) {
      const [bytes, more] = [randomBytes(length), randomBytes(10)];
      const hash = runningHash('sha256');
      hash.update(bytes);
      const copy = hash.copy();
      hash.update(more);
      copy.update(more);
      const expected = createHash('sha256').update(bytes).update(more).digest('hex');
      for (const each of [hash, copy]) {
        assert.equal(Buffer.from(each.digest()).toString('hex'), expected);
        each.release();
        each.release();
      }
    }
    const expected = createHash('sha256').update('kept').digest('hex');
    for (const each of [kept, keptCopy]) assert.equal(Buffer.from(each.digest()).toString('hex'), expected);
  });

  it('cannot be used once it is released', () => {
    const hash = runningHash('sha384');
    hash.release();
    assert.throws(() => hash.update(randomBytes(1)), /released/);
    assert.throws(() => hash.digest(), /released/);
    assert.throws(() => hash.copy(), /released/);
  });
});
