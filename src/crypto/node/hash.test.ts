import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { hmac, publicHmac } from './hash.ts';

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
