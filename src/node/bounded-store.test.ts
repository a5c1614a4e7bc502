import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { SessionStore } from '../session/memory-store.ts';
import { BoundedStore } from './bounded-store.ts';
import type { SessionErrorMessage } from './session-errors.ts';

const id = Uint8Array.of(1, 2);
const store = (parts: Partial<SessionStore>): BoundedStore =>
  new BoundedStore(
    { get: () => undefined, set: () => undefined, ...parts } as SessionStore,
    () => 60,
    () => 77,
  );
const fails = (): never => {
  throw new Error('down');
};

describe('a store that fails', () => {
  let told: string[] = [];
  const hear = (message: unknown): void => {
    const { operation, error } = message as SessionErrorMessage;
    told.push(`${operation}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  };
  beforeEach(() => {
    told = [];
    subscribe('tsls:session:error', hear);
  });
  afterEach(() => {
    unsubscribe('tsls:session:error', hear);
    mock.timers.reset();
  });

  it('by throwing', async () => {
    assert.equal(await store({ get: fails }).load(id), undefined);
    store({ set: fails }).save(id, id);
    store({ delete: fails }).forget(id);
    assert.equal(await store({ admit: fails, now: () => 5 }).admit(id, 1), false);
    const withoutClock = store({ admit: () => true, now: fails });
    assert.equal(withoutClock.now(), 77);
    assert.equal(withoutClock.sharesEarlyData, false);
    assert.deepEqual(told, ['get: down', 'set: down', 'delete: down', 'admit: down', 'now: down', 'now: down']);
  });

  it('by not answering in time: told once, whatever comes later', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let reject = (_: Error): void => {};
    const answer = new Promise<never>((_, no) => {
      reject = no;
    });
    const loaded = store({ get: () => answer }).load(id);
    mock.timers.tick(999);
    assert.deepEqual(told, []);
    mock.timers.tick(1);
    assert.equal(await loaded, undefined);
    reject(new Error('late'));
    await answer.catch(() => {});
    assert.deepEqual(told, ['get: ERR_TLS_SESSION_STORE_TIMEOUT']);
  });

  it('by an answer that is none; to have nothing is no failure', async () => {
    for (const nothing of [undefined, null])
      assert.equal(await store({ get: () => nothing as undefined }).load(id), undefined);
    assert.deepEqual(told, []);
    assert.equal(await store({ get: () => Promise.resolve('AQI=') as never }).load(id), undefined);
    assert.deepEqual(told, ['get: what the store has of a session is no Uint8Array']);
  });
});
