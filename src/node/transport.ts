import type { Duplex } from 'node:stream';

export type Done = (error?: Error | null) => void;

/** What carries the records of a socket: its own TCP handle, or another stream. */
export interface Transport {
  write(bytes: Uint8Array, done: Done): void;
  /** No more bytes will be written. */
  end(done: Done): void;
  /** Goes on reading. */
  resume(): void;
  /** Reads no more: what still comes is dropped. */
  stop(): void;
  /** Lets go of what is not the socket's own. */
  destroy(): void;
  /** Takes the connection off: it is somebody else's from here on, and reads when told to. */
  release(): Duplex;
  /** Bytes written that the peer has not taken yet. */
  readonly backlog: number;
}

/** What a transport over a stream tells its socket. */
export interface TransportListener {
  /** Whether more is wanted now. */
  bytes(chunk: Uint8Array): boolean;
  end(): void;
  error(error: Error): void;
  close(): void;
}

/** Records over any Duplex: a socket that the application keeps hold of, a tunnel, a pair in memory. */
export class StreamTransport implements Transport {
  readonly #stream: Duplex;
  readonly #allowedHalfOpen: boolean;
  readonly #listeners: readonly (readonly [event: string, listener: () => void])[];
  #isReleased = false;

  constructor(stream: Duplex, listener: TransportListener) {
    this.#stream = stream;
    this.#allowedHalfOpen = stream.allowHalfOpen;
    // The peer's end is not ours: a close_notify is still to be written, and whatever the application has to say.
    stream.allowHalfOpen = true;
    claimInput(stream);
    const heard = {
      data: (chunk: Uint8Array | string) => {
        if (!listener.bytes(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) stream.pause();
      },
      end: () => listener.end(),
      error: (error: Error) => listener.error(error),
      close: () => listener.close(),
    };
    this.#listeners = Object.entries(heard) as [string, () => void][];
    for (const [event, listen] of this.#listeners) stream.on(event, listen);
  }

  get backlog(): number {
    return this.#stream.writableLength;
  }

  write(bytes: Uint8Array, done: Done): void {
    this.#stream.write(bytes, done);
  }

  end(done: Done): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) done();
    else this.#stream.end(() => done());
  }

  resume(): void {
    this.#stream.resume();
  }

  stop(): void {
    this.#stream.pause();
  }

  destroy(): void {
    if (!this.#isReleased) this.#stream.destroy();
  }

  release(): Duplex {
    this.#isReleased = true;
    this.#stream.pause();
    for (const [event, listen] of this.#listeners) this.#stream.off(event, listen);
    this.#stream.allowHalfOpen = this.#allowedHalfOpen;
    return this.#stream;
  }
}

/**
 * Makes a stream's input ours alone, from here on bytes. Who has listened to it before STARTTLS must not see
 * ciphertext, nor may a text encoding that was set then spoil it.
 */
function claimInput(stream: Duplex): void {
  stream.removeAllListeners('data');
  stream.removeAllListeners('readable');
  if (stream.readableEncoding === null) return;
  const state = (stream as unknown as { _readableState: { decoder: unknown; encoding: unknown } })._readableState;
  state.decoder = null;
  state.encoding = null;
}
