/** Milliseconds that handshakes may begin in, within one turn of the event loop. */
const turnBudget = 1;
/** The same while connections that are established have something to say: as a rule one handshake a turn. */
const sharedBudget = 0.2;
/** Turns without a word of theirs after which nobody is there to be held up. */
const sharedTurns = 16;

export interface AdmissionOptions {
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Calls back in the event loop's next turn, after its input. */
  readonly nextTurn?: (go: () => void) => void;
}

/**
 * Lets handshakes begin within a budget per turn of the event loop. A handshake costs as much as thousands of bytes of
 * a connection that is established; without a bound a burst of clients would hold up everybody whose input came after
 * theirs. Who comes when the turn is used up waits in line, and in between the loop sees to its other connections.
 */
export class Admission {
  readonly #now: () => number;
  readonly #nextTurn: (go: () => void) => void;
  readonly #waiting: (() => void)[] = [];
  /** Turns since an established connection sent something. */
  #quietTurns = sharedTurns;
  /** When this turn's time is over; `undefined` while nobody has asked in it. */
  #end: number | undefined;

  constructor({ now = () => performance.now(), nextTurn = setImmediate }: AdmissionOptions = {}) {
    this.#now = now;
    this.#nextTurn = nextTurn;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A connection that was here before sent something. */
  noteTraffic(): void {
    this.#quietTurns = 0;
  }

  /** Whether to go on at once (`undefined`), or else a promise that resolves when it is this one's turn. */
  admit(): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#hasTime()) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #hasTime(): boolean {
    if (this.#end !== undefined) return this.#now() < this.#end;
    this.#end = this.#now() + (this.#quietTurns++ < sharedTurns ? sharedBudget : turnBudget);
    this.#nextTurn(this.#beginTurn);
    return true;
  }

  readonly #beginTurn = (): void => {
    this.#end = undefined;
    if (this.#waiting.length === 0) return;
    this.#hasTime();
    this.#letIn();
  };

  /** One after the other: what a promise resumes has run when the microtask behind it does. */
  readonly #letIn = (): void => {
    if (this.#waiting.length === 0 || !this.#hasTime()) return;
    this.#waiting.shift()!();
    queueMicrotask(this.#letIn);
  };
}

/** The line of this thread, whose event loop all of its servers share. */
export const admission: Admission = new Admission();
