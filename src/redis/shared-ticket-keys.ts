import { nodeCrypto } from '../crypto/node/provider.ts';
import { longestLifetime } from '../session/session.ts';
import { ticketKeyLength } from '../session/ticket-key-ring.ts';
import { keyPeriod, type TicketKeySet, type TicketKeySource } from '../session/ticket-key-source.ts';
import type { RedisCommands } from './commands.ts';
import type { Guard } from './guard.ts';
import type { Seal } from './seal.ts';

/** Milliseconds between two looks at the store, and until the next one when it did not answer. */
const lookAgainAfter = 60_000;
const retryAfter = 1000;
/** Milliseconds by which clocks may differ; a store's that differs more is not believed. */
const mostAhead = 3600 * 1000;
/** Milliseconds that the store keeps a key after its period: as long as any ticket lives. */
const keptAfter = longestLifetime * 1000;

export interface SharedKeysOptions {
  readonly redis: RedisCommands;
  readonly guard: Guard;
  readonly seal: Seal;
  /** Told of a value in the store that is none of ours. */
  readonly onForged: () => void;
}

/**
 * The ticket keys of a fleet. Each day, by the store's clock, has a key, which lies in the store under the day's name
 * since the day before. Whoever finds none there makes one up and adds it; the store lets one of them win, and the others
 * take what it has. When the store loses its keys, it gets them back from whoever knows them.
 */
export class SharedTicketKeys implements TicketKeySource {
  readonly #options: SharedKeysOptions;
  /** By the number of the day. */
  readonly #keys = new Map<number, Uint8Array>();
  #set: { readonly keys: TicketKeySet; readonly period: number } | undefined;
  /** Milliseconds by which the store's clock is ahead of ours. */
  #ahead = 0;
  /** The store's time when the clock that is never set was at 0; `undefined` where the store's is not known. */
  #zero: number | undefined;
  /** How many days before today tickets may be of. */
  #days = 1;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Settles after the first look at the store, whether it had an answer or not. */
  readonly ready: Promise<void>;

  constructor(options: SharedKeysOptions) {
    this.#options = options;
    this.ready = this.#look();
  }

  keys(keepFor: number): TicketKeySet | undefined {
    const days = Math.ceil(keepFor / keyPeriod);
    if (days > this.#days) {
      this.#days = days;
      this.#lookAfter(0);
    }
    const period = this.#period();
    if (this.#set?.period !== period) this.#set = this.#choose(period);
    return this.#set?.keys;
  }

  /** Milliseconds since 1970 by the store's clock, if that is known and near ours. */
  get storeTime(): number | undefined {
    return this.#zero === undefined ? undefined : this.now();
  }

  /**
   * Milliseconds since 1970 by the store's clock; by ours where that is all there is. Between two looks at the store ours
   * may be set back, and the one that is never set may stand still while the machine sleeps: the later one is right, since
   * neither may make old messages fresh again.
   */
  now(): number {
    const byDate = Date.now() + this.#ahead;
    return this.#zero === undefined ? byDate : Math.max(byDate, this.#zero + performance.now());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #period(): number {
    return Math.floor(this.now() / keyPeriod);
  }

  /** The keys of a period among those that are known; the latest before it, while the store is away. */
  #choose(period: number): { keys: TicketKeySet; period: number } | undefined {
    const periods = [...this.#keys.keys()].sort((a, b) => b - a);
    const chosen = periods.find((number) => number <= period);
    if (chosen === undefined) return undefined;
    const previous = periods
      .filter((number) => number < chosen)
      .map((number) => ({ key: this.#keys.get(number)!, replacedAt: (number + 1) * keyPeriod - this.#ahead }));
    const next = periods.filter((number) => number > chosen).map((number) => this.#keys.get(number)!);
    return { keys: { current: this.#keys.get(chosen)!, previous, next }, period };
  }

  /** Looks at the store, and does so again later. Never rejects. */
  async #look(): Promise<void> {
    const isDone = await this.#refresh().catch(() => false);
    if (this.#isClosed) return;
    this.#lookAfter(isDone ? lookAgainAfter : retryAfter);
  }

  #lookAfter(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), milliseconds);
    this.#timer.unref();
  }

  /** Whether the store has answered all questions. */
  async #refresh(): Promise<boolean> {
    const { redis, guard } = this.#options;
    const asked = Date.now();
    const time = await guard.ask('TIME', () => redis.time());
    if (time === undefined) return false;
    const ahead = time.answer - (asked + Date.now()) / 2;
    // Who runs the store shall not make keys or sessions live on.
    const isNear = Math.abs(ahead) <= mostAhead;
    this.#ahead = isNear ? ahead : 0;
    this.#zero = isNear ? time.answer - performance.now() : undefined;
    const period = this.#period();
    const oldest = period - this.#days;
    let isDone = true;
    for (let number = period + 1; number >= oldest; number--) {
      if (!(await this.#synchronize(number, number >= period))) isDone = false;
    }
    for (const number of this.#keys.keys()) if (number < oldest) this.#keys.delete(number);
    return isDone;
  }

  /** Brings the key of a period here and in the store into line. */
  async #synchronize(period: number, isNeeded: boolean): Promise<boolean> {
    const { redis, guard, seal } = this.#options;
    const name = seal.nameOf('ticket-key', `${period}`);
    const found = await guard.ask('GET', () => redis.get(name));
    if (found === undefined) return false;
    if (this.#accept(period, name, found.answer)) return true;
    const known = this.#keys.get(period);
    if (known === undefined && !isNeeded) return true;
    const key = known ?? nodeCrypto.randomBytes(ticketKeyLength);
    const time = (period + 1) * keyPeriod + keptAfter - this.now();
    if (found.answer === undefined) await guard.ask('SET', () => redis.add(name, seal.seal(name, key), time));
    else await guard.ask('SET', () => redis.set(name, seal.seal(name, key), time)); // it was garbage
    // What is there now, be it ours or another's who was faster.
    const won = await guard.ask('GET', () => redis.get(name));
    return won !== undefined && this.#accept(period, name, won.answer);
  }

  /** Takes over a key that the store has, if it is one. */
  #accept(period: number, name: string, value: string | undefined): boolean {
    if (value === undefined) return false;
    const key = this.#options.seal.open(name, value);
    if (key?.length !== ticketKeyLength) {
      this.#options.onForged();
      return false;
    }
    const known = this.#keys.get(period);
    if (known !== undefined && Buffer.compare(known, key) === 0) return true;
    this.#keys.set(period, Uint8Array.from(key));
    this.#set = undefined;
    return true;
  }
}
