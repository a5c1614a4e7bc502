import type { Connection } from '../engine/connection.ts';
import { TlsAlert } from '../wire/alert.ts';
import { admission } from './admission.ts';

/** Milliseconds that a handshake may take; 0 for any time. */
export interface HandshakeTimes {
  /** In all, the application's answers included. */
  readonly whole: number;
  /** For the ClientHello, and for each later message from its first byte on. */
  readonly message: number;
}

/**
 * Ends a handshake that takes too long, or whose client sends a message too slowly. Between messages a client may take
 * all of the time: somebody may be looking for a smart card.
 */
export class HandshakeDeadline {
  readonly #connection: Connection;
  readonly #message: number;
  readonly #end: number;
  /** Since when it is the client's turn. */
  #turnSince: number;
  /** Since when a message has been due, and the stage at that time. */
  #dueSince: number | undefined;
  #stage: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, { whole, message }: HandshakeTimes) {
    this.#connection = connection;
    this.#message = message || Number.POSITIVE_INFINITY;
    const now = performance.now();
    this.#end = now + (whole || Number.POSITIVE_INFINITY);
    this.#dueSince = this.#turnSince = now;
    this.#stage = connection.report.stage;
    this.#wait(now);
  }

  /** Milliseconds since the client last sent anything, or was asked to; 0 while it waits for us. */
  get silence(): number {
    return this.#connection.wantsInput ? performance.now() - this.#turnSince : 0;
  }

  /** Input or an answer has come: notes whether a message has begun, and whether it is another one. */
  note(): void {
    this.#turnSince = performance.now();
    const { buffered, report, wantsInput } = this.#connection;
    if (report.stage !== this.#stage) this.#dueSince = undefined;
    this.#stage = report.stage;
    const isDue = wantsInput && (buffered > 0 || report.stage === 'start');
    if (!isDue) this.#dueSince = undefined;
    else this.#dueSince ??= this.#turnSince;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Until the earliest moment at which anything can be too late. */
  #wait(now: number): void {
    const next = Math.min(this.#end, (this.#dueSince ?? now) + this.#message);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(look, Math.max(1, Math.ceil(next - now)), this);
  }

  /** Ends what is too late. @internal */
  look(): void {
    if (this.#timer === undefined) return;
    const now = performance.now();
    if (now >= this.#end) return this.#expire('');
    if (this.#dueSince !== undefined && now >= this.#dueSince + this.#message) {
      const awaited = this.#connection.expecting;
      return this.#expire(`: the client took ${Math.round(now - this.#dueSince)} ms for its ${awaited}`);
    }
    this.#wait(now);
  }

  #expire(reason: string): void {
    const code = 'ERR_TLS_HANDSHAKE_TIMEOUT';
    this.#connection.abort(new TlsAlert('handshakeFailure', `TLS handshake timeout${reason}`, { code }));
  }
}

/** Thousands that came together expire together, and are to hold up nobody either. */
function look(deadline: HandshakeDeadline): void {
  const turn = admission.admit();
  if (turn === undefined) deadline.look();
  else void turn.then(() => deadline.look());
}
