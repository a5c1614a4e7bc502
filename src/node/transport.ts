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

  constructor(stream: Duplex, listener: TransportListener) {
    this.#stream = stream;
    // The peer's end is not ours: a close_notify is still to be written, and whatever the application has to say.
    stream.allowHalfOpen = true;
    stream.on('data', (chunk: Uint8Array | string) => {
      if (!listener.bytes(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) stream.pause();
    });
    stream.once('end', () => listener.end());
    stream.on('error', (error: Error) => listener.error(error));
    stream.once('close', () => listener.close());
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
    this.#stream.destroy();
  }
}
