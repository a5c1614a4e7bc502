import type { Secured } from '../handshake/handshake.ts';
import type { Expected, Steps, Wait } from '../handshake/steps.ts';

export interface HandshakeListener<T> {
  /** The handshake is done. */
  done(result: T): void;
  /** The application may go on while the handshake does. */
  early?(secured: Secured): void;
  /** An answer has come: `goOn` is to be called where errors are caught. */
  answered(goOn: () => void): void;
}

/**
 * Runs a handshake from one wait to the next. It survives being dropped from within one of its own steps, and
 * ignores answers that come late or twice.
 */
export class HandshakeDriver<T> {
  #steps: Steps<T> | undefined;
  #expected: Expected | undefined;
  #orExpected: Expected | undefined;
  /** The answer that is due. */
  #answer: PromiseLike<unknown> | undefined;
  #isStepping = false;
  readonly #listener: HandshakeListener<T>;

  /** Goes up to the first wait. */
  constructor(steps: Steps<T>, listener: HandshakeListener<T>) {
    this.#steps = steps;
    this.#listener = listener;
    this.#advance('next', undefined);
  }

  /** What the peer is to send next, unless an answer is due first. */
  get expected(): Expected | undefined {
    return this.#expected;
  }

  /** Whether a message of this name may come now. */
  expects(name: Expected): boolean {
    return this.#expected !== undefined && (name === this.#expected || name === this.#orExpected);
  }

  get isWaitingForAnswer(): boolean {
    return this.#answer !== undefined;
  }

  /** Hands over what was expected. Throws what the handshake throws: a TlsAlert, or the application's own error. */
  resume(value: unknown): void {
    this.#advance('next', value);
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

  #advance(how: 'next' | 'throw', value: unknown): void {
    const steps = this.#steps;
    if (steps === undefined) return;
    this.#expected = undefined;
    this.#isStepping = true;
    let result: IteratorResult<Wait, T>;
    try {
      result = how === 'next' ? steps.next(value) : steps.throw(value);
    } finally {
      this.#isStepping = false;
    }
    if (this.#steps === undefined) {
      steps.return(undefined as never);
    } else if (result.done) {
      this.#steps = undefined;
      this.#listener.done(result.value);
    } else if ('early' in result.value) {
      this.#listener.early?.(result.value.early);
      this.#advance('next', undefined);
    } else if ('message' in result.value) {
      this.#expected = result.value.message;
      this.#orExpected = result.value.or;
    } else {
      this.#await(result.value.answer);
    }
  }

  #await(answer: PromiseLike<unknown>): void {
    this.#answer = answer;
    const settle = (how: 'next' | 'throw', value: unknown): void => {
      if (this.#answer !== answer) return;
      this.#answer = undefined;
      this.#listener.answered(() => this.#advance(how, value));
    };
    answer.then(
      (value) => settle('next', value),
      (error) => settle('throw', error),
    );
  }
}
