import type { Transport } from './transport.ts';

/** Milliseconds that a failed connection stays, so that the peer reads our alert and not a reset. */
const lingerTime = 1000;
/** Bytes that are read meanwhile. Who sends more is left to wait: to cut him off at once would let him come again. */
const lingerInput = 65_536;

/**
 * The last moments of a connection that failed: our side is ended, what comes is thrown away, and `finish` is called
 * when the peer has ended too, or has had its time.
 */
export class Linger {
  readonly #finish: () => void;
  readonly #timer: NodeJS.Timeout;
  #inputLeft = lingerInput;
  #hasEnded = false;
  #hasPeerEnded: boolean;

  constructor(transport: Transport, hasPeerEnded: boolean, finish: () => void) {
    this.#finish = finish;
    this.#hasPeerEnded = hasPeerEnded;
    this.#timer = setTimeout(finish, lingerTime);
    this.#timer.unref();
    transport.end(() => {
      this.#hasEnded = true;
      this.#look();
    });
    transport.resume();
  }

  /** Throws away so many bytes; whether more may come. */
  receive(length: number): boolean {
    this.#inputLeft -= length;
    return this.#inputLeft > 0;
  }

  receiveEnd(): void {
    this.#hasPeerEnded = true;
    this.#look();
  }

  /** The connection is closed. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    if (!this.#hasEnded || !this.#hasPeerEnded) return;
    this.stop();
    this.#finish();
  }
}
