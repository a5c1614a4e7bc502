import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SecretPair } from './secret-pair.ts';

describe('a pair of secrets', () => {
  it('takes them over, and lends each until the work is done', () => {
    const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const pair = new SecretPair(first, second);
    assert.deepEqual([...first, ...second], Array(64).fill(0));
    for (const which of [0, 1] as const) {
      const lent = pair.use(which, (secret) => {
        assert.deepEqual([...secret], Array(32).fill(which + 1));
        return secret;
      });
      assert.deepEqual([...lent], Array(32).fill(0));
    }
    assert.throws(() => pair.use(0, () => assert.fail('no')), /no/);
    assert.deepEqual([...pair.bytes], [...Array(32).fill(1), ...Array(32).fill(2)]);
  });

  it('has one replaced and keeps the other', () => {
    const pair = new SecretPair(new Uint8Array(48).fill(1), new Uint8Array(48).fill(2));
    const next = new Uint8Array(48).fill(3);
    pair.replace(1, next);
    assert.deepEqual([...next], Array(48).fill(0));
    assert.deepEqual([...pair.bytes], [...Array(48).fill(1), ...Array(48).fill(3)]);
    assert.equal(
      pair.use(0, (secret) => secret.length),
      48,
    );
  });
});
