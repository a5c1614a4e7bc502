import assert from 'node:assert/strict';
import { it } from 'node:test';
import { join, shortLived } from './short-lived.ts';

it('short-lived buffers never overlap, and are none of the pool that applications use', () => {
  const lengths = Array.from({ length: 400 }, (_, i) => (i * 37) % 5000);
  const buffers = lengths.map((length, i) => shortLived(length).fill(i % 251));
  const pool = Buffer.allocUnsafe(8).buffer;
  for (const [i, buffer] of buffers.entries()) {
    assert.equal(buffer.length, lengths[i]);
    assert.ok(buffer.every((byte) => byte === i % 251));
    assert.notEqual(buffer.buffer, pool);
  }
  assert.equal(join([Buffer.from('ab'), new Uint8Array(), Buffer.from('c')]).toString(), 'abc');
});
