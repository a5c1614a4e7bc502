import type { Connection } from '../engine/connection.ts';
import { toAlert } from '../engine/failure.ts';
import { outputPool } from '../engine/output-pool.ts';
import { shortLived } from '../wire/short-lived.ts';
import { nodeError } from './errors.ts';
import type { Done, Transport } from './transport.ts';
import { WritePieces, writeQuantum } from './write-pieces.ts';

/** Parts of no more bytes together are joined at once, into a little of the memory that is kept ready. */
const joinedLength = 2048;

type Protector = Pick<Connection, 'protect' | 'close' | 'abort'>;
type Outlet = Pick<Transport, 'write' | 'end'>;

/** What one write of a stream is made of. */
export interface Chunk {
  readonly chunk: Uint8Array | string;
  readonly encoding: BufferEncoding;
}

/**
 * The application's data on its way out: held until the handshake is done, protected piece by piece, sent. One write at a
 * time, as streams do it, and so it is the writer that remembers it, and not a callback made for each.
 */
export class SecureWriter {
  readonly #connection: Protector;
  readonly #transport: Outlet;
  /** Bytes of plaintext that are written. */
  bytesWritten = 0;
  /** Bytes of the write that is under way. */
  bytesUnderWay = 0;
  /** The callback of that write, and what of it is still to be protected. */
  #written: Done | undefined;
  #rest: Uint8Array | WritePieces | undefined;
  /** What of it the transport has, protected. */
  #sent: Uint8Array | undefined;
  /** Hears that the transport has taken it. */
  readonly #onTaken: Done = (error) => this.#take(error);
  /** Whether the handshake is not done; and an end that waits for it. */
  #isHeld = true;
  #heldEnd: Done | undefined;
  /** Buffers that are to be written as one, when the first of them comes. */
  #frames: readonly Uint8Array[] | undefined;
  /** Why nothing can be written any more. */
  #failure: Error | undefined;

  constructor(connection: Protector, transport: Outlet) {
    this.#connection = connection;
    this.#transport = transport;
  }

  /** Sends application data. */
  write(plain: Uint8Array, written: Done): void {
    const frames = this.#takeFrames(plain);
    if (frames) this.writeParts(frames, written, true);
    else this.#begin(plain, plain.length, written);
  }

  /** The same for many chunks, such as a head and a body of HTTP. */
  writeMany(chunks: readonly Chunk[], written: Done): void {
    const joined = this.#frames === undefined ? joinFew(chunks) : undefined;
    if (joined) return this.#begin(joined, joined.length, written);
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    );
    this.writeParts(this.#frames ? parts.flatMap((part) => this.#takeFrames(part) ?? part) : parts, written);
  }

  /** The same for parts, of which none is copied before its turn. `areOurs`: whether nobody else has them. */
  writeParts(parts: readonly Uint8Array[], written: Done, areOurs = false): void {
    const pieces = new WritePieces(parts, areOurs);
    const isJoined = this.#isHeld || (pieces.length <= joinedLength && !areOurs);
    this.#begin(isJoined ? Buffer.concat(parts, pieces.length) : pieces, pieces.length, written);
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
    if (this.#isHeld) {
      this.#heldEnd = done;
      return;
    }
    this.#connection.close();
    this.#transport.end(done);
  }

  /** The handshake is done: what was held goes out. */
  open(): void {
    if (!this.#isHeld) return;
    const end = this.#heldEnd;
    this.#isHeld = false;
    this.#heldEnd = undefined;
    if (this.#written) this.#send();
    if (end) this.end(end);
  }

  /** The connection is over: what is written from now on fails, by `failure` if there is one. */
  shut(failure?: Error): void {
    this.#isHeld = false;
    this.#heldEnd = undefined;
    this.#failure = failure;
  }

  /** A write whose end its stream will not see any more is told so now. */
  destroy(error: Error | null): void {
    if (this.#written === undefined) return;
    this.#finish(error ?? nodeError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'));
  }

  // ---- the write that is under way

  #begin(plain: Uint8Array | WritePieces, length: number, written: Done): void {
    this.#written = written;
    this.#rest = length > 0 ? plain : undefined;
    this.bytesUnderWay = length;
    if (!this.#isHeld) this.#send();
  }

  /** Sends what is protected in one go. */
  #send(): void {
    if (this.#rest === undefined) return this.#finish();
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#protectNext(this.#rest);
    } catch (error) {
      this.#connection.abort(toAlert(error)); // a padding callback that throws
      return this.#finish(error as Error);
    }
    if (bytes === undefined) {
      const closed = nodeError('ERR_STREAM_DESTROYED', 'the TLS connection is closed for writing');
      return this.#finish(this.#failure ?? closed);
    }
    this.#sent = bytes;
    this.#transport.write(bytes, this.#onTaken);
  }

  #protectNext(rest: Uint8Array | WritePieces): Uint8Array | undefined {
    if (rest instanceof WritePieces) {
      const bytes = rest.next((piece) => this.#connection.protect(piece));
      if (rest.isEmpty) this.#rest = undefined;
      return bytes;
    }
    const isLast = rest.length <= writeQuantum;
    this.#rest = isLast ? undefined : rest.subarray(writeQuantum);
    return this.#connection.protect(isLast ? rest : rest.subarray(0, writeQuantum));
  }

  #take(error: Error | null | undefined): void {
    if (this.#sent) outputPool.give(this.#sent);
    this.#sent = undefined;
    if (this.#written === undefined) return; // its stream knows already
    if (error) this.#finish(error);
    else this.#send();
  }

  /** Tells how the write ended, if there is one that was not told. */
  #finish(error?: Error): void {
    const written = this.#written;
    if (!error) this.bytesWritten += this.bytesUnderWay;
    this.bytesUnderWay = 0;
    this.#written = this.#rest = undefined;
    written?.(error);
  }
}

/** All chunks in one buffer, text written where it belongs at once; `undefined` where that would be too many bytes. */
function joinFew(chunks: readonly Chunk[]): Uint8Array | undefined {
  let length = 0;
  for (const { chunk, encoding } of chunks) {
    length += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
    if (length > joinedLength) return undefined;
  }
  const joined = shortLived(length);
  let at = 0;
  for (const { chunk, encoding } of chunks) {
    if (typeof chunk === 'string') {
      at += joined.write(chunk, at, encoding);
    } else {
      joined.set(chunk, at);
      at += chunk.length;
    }
  }
  return joined.subarray(0, at);
}

/**
 * Calls back when the callbacks of failed writes have been heard everywhere. Node's HTTP/2 puts a wrapper around
 * streams like ours, which asserts that no write is pending when it hears of an error.
 */
export function afterPendingWrites(finish: () => void): void {
  setImmediate(() => setImmediate(finish));
}
