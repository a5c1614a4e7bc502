import { LRUCache } from 'lru-cache';
import type { TicketKeySource } from './ticket-key-source.ts';

/** Where sessions are kept under their ids. Answers may be promises; a store that fails costs resumption, no more. */
export interface SessionStore {
  /** The session kept under an id, or nothing. */
  get(id: string): Uint8Array | undefined | null | PromiseLike<Uint8Array | undefined | null>;
  /** Keeps a session for at least as many seconds as it may be resumed. */
  set(id: string, session: Uint8Array, seconds: number): unknown;
  /** Forgets a session whose connection failed. A store that cannot leaves it out. */
  delete?(id: string): unknown;
  /**
   * Whether a name is admitted for the first time in so many seconds by all who share the store: early data is taken
   * once. A store that cannot tell leaves it out.
   */
  admit?(name: string, seconds: number): boolean | PromiseLike<boolean>;
  /**
   * Milliseconds since 1970, by a clock that all who share the store go by; `undefined` while it cannot be told. Each goes
   * by its own then, and takes early data of its own sessions only.
   */
  now?(): number | undefined;
  /** The keys of tickets, for those who share the store; a server's `ticketKeys` come before them. */
  readonly ticketKeys?: TicketKeySource | undefined;
}

export interface MemoryStoreOptions {
  /** Most sessions; 20,480 unless told otherwise. */
  readonly maxSessions?: number | undefined;
  /** Most bytes of all sessions; 16 MiB unless told otherwise. */
  readonly maxBytes?: number | undefined;
}

/** What an entry costs beside its bytes, roughly. */
const overhead = 200;

/** Keeps sessions in memory: the least recently used ones go first, the others when their time is over. */
export class MemorySessionStore implements SessionStore {
  /** Made by the first session: its tables have room for all from the start, and most servers seal their sessions. */
  #sessions: LRUCache<string, Uint8Array> | undefined;
  readonly #make: () => LRUCache<string, Uint8Array>;

  /** `now`: milliseconds, by a clock that is never set. Throws `RangeError` for bounds that are none. */
  constructor(
    { maxSessions = 20_480, maxBytes = 16_777_216 }: MemoryStoreOptions = {},
    now: () => number = () => performance.now(),
  ) {
    for (const bound of [maxSessions, maxBytes])
      if (!Number.isSafeInteger(bound) || bound < 1)
        throw new RangeError(`a bound of ${bound} is no whole number from 1`);
    this.#make = () =>
      new LRUCache({
        max: maxSessions,
        maxSize: maxBytes,
        sizeCalculation: (session) => session.length + overhead,
        ttlResolution: 0,
        perf: { now },
      });
  }

  /** Sessions that are kept. */
  get size(): number {
    return this.#sessions?.size ?? 0;
  }

  get(id: string): Uint8Array | undefined {
    return this.#sessions?.get(id);
  }

  set(id: string, session: Uint8Array, seconds: number): void {
    this.#sessions ??= this.#make();
    this.#sessions.set(id, session, { ttl: Math.max(1, seconds * 1000) });
  }

  delete(id: string): void {
    this.#sessions?.delete(id);
  }
}
