import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** One end of a pair: what is written to it is read from the other end. */
class PairedDuplex extends Duplex {
  other: PairedDuplex | undefined;
  /** A write of the other end that waits until its bytes have been read. */
  waiting: Done | undefined;

  override _read(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    const other = this.other!;
    if (other.destroyed) return done(Object.assign(new Error('the other end is gone'), { code: 'EPIPE' }));
    if (other.push(chunk)) done();
    else other.waiting = done;
  }

  override _final(done: Done): void {
    this.other!.push(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const { waiting, other } = this;
    this.waiting = undefined;
    waiting?.();
    // The other end learns it as the end of the stream, as from a socket.
    if (!this.writableFinished && other?.destroyed === false) process.nextTick(() => other.push(null));
    done(error);
  }
}

/** A connection in memory: two streams, each of which reads what the other writes, with back-pressure. */
export function duplexPair(): [Duplex, Duplex] {
  const [a, b] = [new PairedDuplex(), new PairedDuplex()];
  a.other = b;
  b.other = a;
  return [a, b];
}
