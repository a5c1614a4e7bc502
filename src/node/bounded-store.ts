import { isPromise, type MaybePromise } from '../crypto/maybe-promise.ts';
import type { SessionStore } from '../session/memory-store.ts';
import type { SessionCache } from '../session/sessions.ts';
import { isGiven } from './arguments.ts';
import { nodeError } from './errors.ts';
import { type SessionOperation, tellSessionError } from './session-errors.ts';

/** Milliseconds that a store has to answer. */
const storeDeadline = 1000;

/** A store as a handshake wants it: slow, broken or full, it costs resumption and nothing else. */
export class BoundedStore implements SessionCache {
  readonly #store: SessionStore;
  readonly #lifetime: () => number;
  readonly #clock: () => number;

  /** `lifetime`: seconds that a session is to be kept. `clock`: ours, where the store has none. */
  constructor(store: SessionStore, lifetime: () => number, clock: () => number) {
    this.#store = store;
    this.#lifetime = lifetime;
    this.#clock = clock;
  }

  load(id: Uint8Array): MaybePromise<Uint8Array | undefined> {
    return ask('get', () => this.#store.get(nameOf(id)), readSession);
  }

  save(id: Uint8Array, session: Uint8Array): void {
    // Nobody waits for it: a client that is back before it is kept gets a full handshake.
    ask('set', () => this.#store.set(nameOf(id), Uint8Array.from(session), this.#lifetime()), readNothing);
  }

  forget(id: Uint8Array): void {
    ask('delete', () => this.#store.delete?.(nameOf(id)), readNothing);
  }

  /** Milliseconds since 1970, by the clock of the store if it has one that goes. */
  now(): number {
    return this.#storeTime() ?? this.#clock();
  }

  /** Whether the store tells all who share it what early data was here, and the time. */
  get sharesEarlyData(): boolean {
    return this.#store.admit !== undefined && this.#storeTime() !== undefined;
  }

  #storeTime(): number | undefined {
    try {
      const now = this.#store.now?.();
      return typeof now === 'number' && Number.isFinite(now) ? Math.floor(now) : undefined;
    } catch (error) {
      tellSessionError('now', error);
      return undefined;
    }
  }

  /** Whether nobody who shares the store has admitted this name for so many seconds; for want of an answer: no. */
  admit(name: Uint8Array, seconds: number): MaybePromise<boolean> {
    if (this.#store.admit === undefined) return true;
    return ask(
      'admit',
      () => this.#store.admit?.(nameOf(name), seconds),
      (value) => value === true,
    );
  }
}

const nameOf = (id: Uint8Array): string => Buffer.from(id).toString('hex');

const readNothing = (): undefined => undefined;

function readSession(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (isGiven(value)) tellSessionError('get', new TypeError('what the store has of a session is no Uint8Array'));
  return undefined;
}

/** An answer as `read` takes it, of which `undefined` is that there was none in time. Never throws nor rejects. */
function ask<T>(operation: SessionOperation, question: () => unknown, read: (value: unknown) => T): MaybePromise<T> {
  try {
    const answer = question();
    return isPromise(answer) ? withinDeadline(operation, answer).then(read) : read(answer);
  } catch (error) {
    tellSessionError(operation, error);
    return read(undefined);
  }
}

function withinDeadline(operation: SessionOperation, answer: PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    let isDue = true;
    const settle = (value: unknown): void => {
      isDue = false;
      clearTimeout(timer);
      resolve(value);
    };
    const giveUp = (error: unknown): void => {
      if (isDue) tellSessionError(operation, error);
      settle(undefined);
    };
    const timer = setTimeout(() => giveUp(tooLate()), storeDeadline);
    timer.unref();
    Promise.resolve(answer).then(settle, giveUp);
  });
}

const tooLate = (): Error =>
  nodeError('ERR_TLS_SESSION_STORE_TIMEOUT', `the store has not answered for ${storeDeadline} ms`);
