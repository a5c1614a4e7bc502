import { channel } from 'node:diagnostics_channel';

const errors = channel('tsls:redis:error');

/** What subscribers of the channel `tsls:redis:error` of `node:diagnostics_channel` get. */
export interface RedisErrorMessage {
  readonly operation: string;
  readonly error: unknown;
}

/** Failures in a row after which the store is left alone for a while. */
const tolerated = 5;
/** Milliseconds that it is left alone: at first, and at most. */
const firstPause = 1000;
const longestPause = 30_000;
/** Milliseconds after which a question that the client never answered counts as pending no more. */
const abandonAfter = 60_000;

export interface GuardOptions {
  /** Milliseconds that an answer may take. */
  readonly deadline: number;
  /** Most questions that are pending at a time. */
  readonly maxPending: number;
}

/** How a store has answered so far. */
export interface GuardStats {
  /** Questions that the store or the client answered by an error. */
  readonly failed: number;
  /** Questions that were not answered in time. */
  readonly late: number;
  /** Questions that were not asked, because the store was failing or too many were pending. */
  readonly skipped: number;
  /** Questions that wait for an answer, those included that nobody waits for any more. */
  readonly pending: number;
  /** Whether the store failed so often that it is left alone, but for a question now and then. */
  readonly isPaused: boolean;
}

/**
 * Stands before a store that may be slow, down or full: nobody waits longer than the deadline, no more than so many
 * questions are pending, and a store that fails again and again is asked one question in a while until it answers.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #stats = { failed: 0, late: 0, skipped: 0 };
  #pending = 0;
  /** Failures in a row. */
  #failures = 0;
  #pausedUntil = 0;
  #isProbing = false;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  get stats(): GuardStats {
    return { ...this.#stats, pending: this.#pending, isPaused: this.#isPaused };
  }

  get #isPaused(): boolean {
    return this.#failures >= tolerated;
  }

  /** The answer, or `undefined` where there was none: at once if nobody was asked. Never throws nor rejects. */
  ask<T>(operation: string, question: () => PromiseLike<T>): Promise<{ readonly answer: T } | undefined> | undefined {
    if (!this.#mayAsk()) {
      this.#stats.skipped++;
      return undefined;
    }
    const isProbe = this.#isPaused;
    if (isProbe) this.#isProbing = true;
    this.#pending++;
    return new Promise((resolve) => {
      let isOver = false;
      const release = once(() => {
        this.#pending--;
      });
      const settle = (error: unknown, found: { readonly answer: T } | undefined): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        if (isProbe) this.#isProbing = false;
        if (found !== undefined) this.#failures = 0;
        else this.#fail(operation, error, isProbe);
        resolve(found);
      };
      const timer = setTimeout(() => {
        settle(late, undefined);
        setTimeout(release, abandonAfter).unref();
      }, this.#options.deadline);
      // In a function of its own: a client may throw.
      new Promise<T>((answered) => answered(question())).then(
        (answer) => {
          release();
          settle(undefined, { answer });
        },
        (error) => {
          release();
          settle(error, undefined);
        },
      );
    });
  }

  #mayAsk(): boolean {
    if (this.#pending >= this.#options.maxPending) return false;
    return !this.#isPaused || (!this.#isProbing && performance.now() >= this.#pausedUntil);
  }

  #fail(operation: string, error: unknown, isProbe: boolean): void {
    if (error === late) this.#stats.late++;
    else this.#stats.failed++;
    report(operation, error);
    // All that is under way fails when a connection breaks: that is one failure of the store, and no reason for a long pause.
    if (this.#isPaused && !isProbe) return;
    this.#failures++;
    const pause = Math.min(longestPause, firstPause * 2 ** (this.#failures - tolerated));
    this.#pausedUntil = performance.now() + pause;
  }
}

const late = new Error('the store did not answer in time');

/** Tells subscribers of something that is wrong with the store, or with what it holds. */
export function report(operation: string, error: unknown): void {
  if (errors.hasSubscribers) errors.publish({ operation, error } satisfies RedisErrorMessage);
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
