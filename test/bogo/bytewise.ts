import { Duplex } from 'node:stream';

/** A stream over another, from which bytes come one at a time. */
export class Bytewise extends Duplex {
  readonly #carrier: Duplex;

  constructor(carrier: Duplex) {
    super({ allowHalfOpen: true });
    this.#carrier = carrier;
    carrier.on('data', (chunk: Uint8Array) => {
      for (let i = 0; i < chunk.length; i++) this.push(chunk.subarray(i, i + 1));
    });
    carrier.once('end', () => this.push(null));
    carrier.once('error', (error) => this.destroy(error));
    carrier.once('close', () => this.destroy());
  }

  override _read(): void {
    this.#carrier.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#carrier.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#carrier.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#carrier.destroy();
    done(error);
  }
}
