import type { Secured } from '../handshake/handshake.ts';
import type { Expected, Steps, Wait } from '../handshake/steps.ts';

type Advance = (steps: Steps<Secured>) => IteratorResult<Wait, Secured>;

export interface HandshakeListener {
  /** The handshake is done. */
  done(secured: Secured): void;
  /** An answer has come: `goOn` is to be called where errors are caught. */
  answered(goOn: () => void): void;
}

/**
 * Runs a handshake from one wait to the next. It survives being dropped from within one of its own steps, and
 * ignores answers that come late or twice.
 */
export class HandshakeDriver {
  #steps: Steps<Secured> | undefined;
  #expected: Expected | undefined;
  /** The answer that is due. */
  #answer: PromiseLike<unknown> | undefined;
  #isStepping = false;
  readonly #listener: HandshakeListener;

  /** Goes up to the first wait. */
  constructor(steps: Steps<Secured>, listener: HandshakeListener) {
    this.#steps = steps;
    this.#listener = listener;
    this.#advance((s) => s.next());
  }

  /** What the peer is to send next, unless an answer is due first. */
  get expected(): Expected | undefined {
    return this.#expected;
  }

  get isWaitingForAnswer(): boolean {
    return this.#answer !== undefined;
  }

  /** Hands over what was expected. Throws what the handshake throws: a TlsAlert, or the application's own error. */
  resume(value: unknown): void {
    this.#advance((steps) => steps.next(value));
  }

  /** Ends the handshake where it is. */
  drop(): void {
    const steps = this.#steps;
    this.#steps = undefined;
    this.#answer = undefined;
    this.#expected = undefined;
    // A generator cannot be told to return while it runs: then `#advance` does it.
    if (!this.#isStepping) steps?.return(undefined as never);
  }

  #advance(advance: Advance): void {
    const steps = this.#steps;
    if (steps === undefined) return;
    this.#expected = undefined;
    this.#isStepping = true;
    let result: IteratorResult<Wait, Secured>;
    try {
      result = advance(steps);
    } finally {
      this.#isStepping = false;
    }
    if (this.#steps === undefined) {
      steps.return(undefined as never);
    } else if (result.done) {
      this.#steps = undefined;
      this.#listener.done(result.value);
    } else if ('message' in result.value) {
      this.#expected = result.value.message;
    } else {
      this.#await(result.value.answer);
    }
  }

  #await(answer: PromiseLike<unknown>): void {
    this.#answer = answer;
    const settle = (advance: Advance): void => {
      if (this.#answer !== answer) return;
      this.#answer = undefined;
      this.#listener.answered(() => this.#advance(advance));
    };
    answer.then(
      (value) => settle((steps) => steps.next(value)),
      (error) => settle((steps) => steps.throw(error)),
    );
  }
}
