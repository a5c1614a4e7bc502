import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemorySessionStore } from './memory-store.ts';

describe('the store in memory', () => {
  it('keeps the sessions that were used last', () => {
    const store = new MemorySessionStore({ maxSessions: 2 });
    store.set('a', Uint8Array.of(1), 60);
    store.set('b', Uint8Array.of(2), 60);
    assert.ok(store.get('a'));
    store.set('c', Uint8Array.of(3), 60);
    assert.equal(store.get('b'), undefined);
    assert.deepEqual(store.get('a'), Uint8Array.of(1));
    assert.equal(store.size, 2);
  });

  it('takes no bounds that are none', () => {
    for (const bound of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => new MemorySessionStore({ maxSessions: bound }), RangeError);
      assert.throws(() => new MemorySessionStore({ maxBytes: bound }), RangeError);
    }
    assert.equal(new MemorySessionStore().get('a'), undefined);
  });

  it('keeps no more bytes than it may', () => {
    const store = new MemorySessionStore({ maxBytes: 10_000 });
    for (let i = 0; i < 100; i++) store.set(`${i}`, new Uint8Array(1000), 60);
    assert.ok(store.size <= 10);
    assert.ok(store.get('99'));
    store.set('huge', new Uint8Array(20_000), 60);
    assert.equal(store.get('huge'), undefined);
  });

  it('forgets a session when its time is over', () => {
    let time = 1000;
    const store = new MemorySessionStore({}, () => time);
    store.set('a', Uint8Array.of(1), 60);
    time += 60_000;
    assert.ok(store.get('a'));
    time += 1;
    assert.equal(store.get('a'), undefined);
    assert.equal(store.size, 0);
  });
});
