import type { Connection } from '../engine/connection.ts';
import { toAlert } from '../engine/failure.ts';
import { outputPool } from '../engine/output-pool.ts';
import { nodeError } from './errors.ts';
import type { Done, Transport } from './transport.ts';
import { WritePieces, writeQuantum } from './write-pieces.ts';

/** Parts of no more bytes together are joined at once, into a little of the memory that Node keeps ready. */
const joinedLength = 2048;

type Protector = Pick<Connection, 'protect' | 'close' | 'abort'>;
type Outlet = Pick<Transport, 'write' | 'end'>;

/** The application's data on its way out: held until the handshake is done, protected piece by piece, sent. */
export class SecureWriter {
  readonly #connection: Protector;
  readonly #transport: Outlet;
  /** Bytes of plaintext that are written. */
  bytesWritten = 0;
  /** Bytes of the write that is under way. */
  bytesUnderWay = 0;
  /** A write, and an end, that wait for the handshake; `undefined` once nothing has to. */
  #held: (() => void)[] | undefined = [];
  /** Buffers that are to be written as one, when the first of them comes. */
  #frames: readonly Uint8Array[] | undefined;
  /** The callback of the write that is under way. */
  #writing: Done | undefined;
  /** Why nothing can be written any more. */
  #failure: Error | undefined;

  constructor(connection: Protector, transport: Outlet) {
    this.#connection = connection;
    this.#transport = transport;
  }

  /** Sends application data. One write at a time, as streams do it. */
  write(plain: Uint8Array, written: Done): void {
    const frames = this.#takeFrames(plain);
    if (frames) return this.writeParts(frames, written, true);
    const done = this.#begin(plain.length, written);
    if (this.#held) this.#held.push(() => this.#writePlain(plain, 0, done));
    else this.#writePlain(plain, 0, done);
  }

  /** The same for many chunks. */
  writeMany(chunks: readonly Uint8Array[], written: Done): void {
    this.writeParts(this.#frames ? chunks.flatMap((chunk) => this.#takeFrames(chunk) ?? chunk) : chunks, written);
  }

  /** The same for parts, of which none is copied before its turn. `areOurs`: whether nobody else has them. */
  writeParts(parts: readonly Uint8Array[], written: Done, areOurs = false): void {
    const pieces = new WritePieces(parts, areOurs);
    if (this.#held || (pieces.length <= joinedLength && !areOurs)) {
      return this.write(Buffer.concat(parts, pieces.length), written);
    }
    this.#writePieces(pieces, this.#begin(pieces.length, written));
  }

  /** Has all of `frames`, which nobody else has, written when the first of them is: as one write. */
  expectFrames(frames: readonly Uint8Array[]): void {
    this.#frames = frames;
  }

  #takeFrames(chunk: Uint8Array): readonly Uint8Array[] | undefined {
    const frames = this.#frames;
    if (frames?.[0] !== chunk) return undefined;
    this.#frames = undefined;
    return frames;
  }

  /** Ends our side behind what was written. */
  end(done: Done): void {
    if (this.#held) {
      this.#held.push(() => this.end(done));
      return;
    }
    this.#connection.close();
    this.#transport.end(done);
  }

  /** The handshake is done: what was held goes out. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const goOn of held) goOn();
  }

  /** The connection is over: what is written from now on fails, by `failure` if there is one. */
  shut(failure?: Error): void {
    this.#held = undefined;
    this.#failure = failure;
  }

  /** A write whose end its stream will not see any more is told so now. */
  destroy(error: Error | null): void {
    this.#writing?.(error ?? nodeError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'));
  }

  #begin(length: number, written: Done): Done {
    const done = (error?: Error | null): void => {
      if (this.#writing !== done) return;
      this.#writing = undefined;
      this.bytesUnderWay = 0;
      if (!error) this.bytesWritten += length;
      written(error);
    };
    this.#writing = done;
    this.bytesUnderWay = length;
    return done;
  }

  #writePlain(plain: Uint8Array, at: number, done: Done): void {
    if (at >= plain.length) return done();
    const end = at + writeQuantum;
    const bytes = this.#protect(plain.length <= writeQuantum ? plain : plain.subarray(at, end), done);
    this.#send(bytes, done, () => {
      if (end >= plain.length) done();
      else this.#writePlain(plain, end, done);
    });
  }

  #writePieces(pieces: WritePieces, done: Done): void {
    const bytes = pieces.next((piece) => this.#protect(piece, done));
    this.#send(bytes, done, () => {
      if (pieces.isEmpty) done();
      else this.#writePieces(pieces, done);
    });
  }

  /** Protects what goes out at once; `undefined` where that fails, of which `done` hears. */
  #protect(plain: Uint8Array, done: Done): Uint8Array | undefined {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#connection.protect(plain);
    } catch (error) {
      this.#connection.abort(toAlert(error)); // a padding callback that throws
      done(error as Error);
      return undefined;
    }
    if (bytes === undefined) {
      done(this.#failure ?? nodeError('ERR_STREAM_DESTROYED', 'the TLS connection is closed for writing'));
    }
    return bytes;
  }

  /** Sends what is protected, if anything is, and then goes on; `done` hears what fails. */
  #send(bytes: Uint8Array | undefined, done: Done, goOn: () => void): void {
    if (bytes === undefined) return;
    this.#transport.write(bytes, (error) => {
      outputPool.give(bytes);
      if (error) done(error);
      else goOn();
    });
  }
}

/**
 * Calls back when the callbacks of failed writes have been heard everywhere. Node's HTTP/2 puts a wrapper around
 * streams like ours, which asserts that no write is pending when it hears of an error.
 */
export function afterPendingWrites(finish: () => void): void {
  setImmediate(() => setImmediate(finish));
}
