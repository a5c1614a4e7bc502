import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Guard } from './guard.ts';

function guarded(t: TestContext, options: { deadline?: number; maxPending?: number } = {}) {
  const clock = { now: 0 };
  t.mock.method(performance, 'now', () => clock.now);
  return { clock, guard: new Guard({ deadline: 20, maxPending: 4, ...options }) };
}

const fails = () => Promise.reject(new Error('down'));
const never = () => new Promise<never>(() => {});

describe('the guard of a store', () => {
  it('passes answers on', async (t) => {
    const { guard } = guarded(t);
    assert.deepEqual(await guard.ask('GET', async () => 7), { answer: 7 });
    assert.deepEqual(guard.stats, { failed: 0, late: 0, skipped: 0, pending: 0, isPaused: false });
  });

  it('gives up at the deadline', async (t) => {
    const { guard } = guarded(t);
    assert.equal(await guard.ask('GET', never), undefined);
    assert.deepEqual([guard.stats.late, guard.stats.pending], [1, 1]);
  });

  it('survives errors, thrown and rejected', async (t) => {
    const { guard } = guarded(t);
    assert.equal(await guard.ask('GET', fails), undefined);
    const thrown = guard.ask('GET', () => {
      throw new Error('closed');
    });
    assert.equal(await thrown, undefined);
    assert.deepEqual([guard.stats.failed, guard.stats.pending], [2, 0]);
  });

  it('asks nothing while too much is pending', async (t) => {
    const { guard } = guarded(t, { deadline: 1000 });
    let release: (value: number) => void = () => {};
    const question = () => new Promise<number>((resolve) => (release = resolve));
    const pending = [1, 2, 3, 4].map(() => guard.ask('GET', question));
    assert.equal(guard.ask('GET', question), undefined);
    release(1);
    await pending[3];
    assert.notEqual(
      guard.ask('GET', async () => 1),
      undefined,
    );
    assert.equal(guard.stats.skipped, 1);
  });

  it('leaves a store alone after five failures, and asks one question in a while', async (t) => {
    const { guard, clock } = guarded(t);
    for (let i = 0; i < 4; i++) await guard.ask('GET', fails);
    assert.equal(guard.stats.isPaused, false);
    await guard.ask('GET', fails);
    assert.equal(guard.stats.isPaused, true);
    assert.equal(guard.ask('GET', fails), undefined);
    clock.now += 1000;
    const probe = guard.ask('GET', fails);
    assert.notEqual(probe, undefined);
    assert.equal(guard.ask('GET', fails), undefined, 'one at a time');
    await probe;
    clock.now += 1999; // twice as long as before
    assert.equal(guard.ask('GET', fails), undefined);
    clock.now += 1;
    assert.deepEqual(await guard.ask('GET', async () => 'back'), { answer: 'back' });
    assert.equal(guard.stats.isPaused, false);
  });

  it('takes many failures at once, as when a connection breaks, for one reason to leave it alone', async (t) => {
    const { guard, clock } = guarded(t, { maxPending: 100 });
    await Promise.all(Array.from({ length: 100 }, () => guard.ask('GET', fails)));
    assert.deepEqual([guard.stats.failed, guard.stats.isPaused], [100, true]);
    clock.now += 999;
    assert.equal(guard.ask('GET', fails), undefined);
    clock.now += 1;
    assert.deepEqual(await guard.ask('GET', async () => 'back'), { answer: 'back' });
  });

  it('never leaves it alone for longer than half a minute', async (t) => {
    const { guard, clock } = guarded(t);
    for (let i = 0; i < 30; i++) {
      clock.now += 30_000;
      await guard.ask('GET', fails);
    }
    assert.equal(guard.stats.failed, 30);
  });
});
