import type { Refusal } from './pending-handshakes.ts';

/** What a server has counted since it was made, and what is under way; a copy. */
export interface ServerStatistics {
  /** Connections that are open now, those in their handshake included. */
  readonly connections: number;
  /** Connections whose handshake is going on, or has failed and which are not closed yet. */
  readonly pendingHandshakes: number;
  /** ClientHellos that wait for their turn, in all servers of the thread. */
  readonly waitingHandshakes: number;
  /** Connections that came. */
  readonly accepted: number;
  /** Handshakes done, and those of them that resumed a session. */
  readonly secured: number;
  readonly resumed: number;
  readonly failed: number;
  /** Connections that were refused before a byte was read, by the option that did it. */
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Handshakes and connections that failed, by the `code` of their error. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Applications can make up codes: there is room for so many, and the rest are `other`. */
const mostCodes = 256;

/** The counters of one server. */
export class ServerCounters {
  accepted = 0;
  #secured = 0;
  #resumed = 0;
  #failed = 0;
  readonly refused: Record<Refusal, number> = { maxPendingHandshakes: 0, maxPendingHandshakesPerAddress: 0 };
  readonly #failures = new Map<string, number>();

  countSuccess(isResumed: boolean): void {
    this.#secured++;
    if (isResumed) this.#resumed++;
  }

  /** Counts what ended a handshake, or a connection after it. */
  countFailure(code: string, inHandshake: boolean): void {
    if (inHandshake) this.#failed++;
    const name = this.#failures.has(code) || this.#failures.size < mostCodes ? code : 'other';
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
  }

  /** All of it, with what only others know. */
  snapshot(now: Pick<ServerStatistics, 'connections' | 'pendingHandshakes' | 'waitingHandshakes'>): ServerStatistics {
    return {
      ...now,
      ...{ accepted: this.accepted, secured: this.#secured, resumed: this.#resumed, failed: this.#failed },
      refused: { ...this.refused },
      failures: Object.fromEntries(this.#failures),
    };
  }
}
