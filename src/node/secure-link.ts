import * as net from 'node:net';
import { Duplex } from 'node:stream';
import { Connection } from '../engine/connection.ts';
import { toAlert } from '../engine/failure.ts';
import { outputPool } from '../engine/output-pool.ts';
import type { ConnectionEvent, Sink } from '../engine/sink.ts';
import type { Policy } from '../handshake/config.ts';
import type { HandshakeReport } from '../handshake/report.ts';
import { releasedWith } from './abandoned-keys.ts';
import { admission } from './admission.ts';
import { nodeError, type TlsClientError, tlsClientError, transportError } from './errors.ts';
import { netSocket, takeHandle } from './handle-transport.ts';
import { publish } from './handshake-channels.ts';
import { HandshakeDeadline } from './handshake-deadline.ts';
import { Linger } from './linger.ts';
import { notePeer } from './peer-address.ts';
import type { SecureStream, StreamRole } from './secure-stream.ts';
import { type Done, StreamTransport, type Transport } from './transport.ts';
import { WritePieces, writeQuantum } from './write-pieces.ts';

/** Parts of no more bytes together are joined at once, into a little of the memory that Node keeps ready. */
const joinedLength = 2048;
/** Output that the peer has not taken, above which nothing is read that could ask for more output. */
const backlogLimit = 1_048_576;

const now = (): number => performance.now();

/** What ties a stream, its TLS connection and its transport together, and sees all three to their end. */
export class SecureLink implements Sink {
  readonly connection: Connection;
  /** The stream that carries ours, unless its handle was taken. */
  readonly carrier: Duplex | undefined;
  /** What another stream was given may be read long after it says so. */
  readonly returnsOutput: boolean;
  readonly #stream: SecureStream;
  readonly #transport: Transport;
  readonly #role: StreamRole;
  #handshake: 'going on' | 'done' | 'failed' | 'handed over' = 'going on';
  trace: Sink['trace'];
  // Bytes of plaintext.
  bytesRead = 0;
  bytesWritten = 0;
  /** All input so far, while the application may still want the connection as it came. */
  #input: Uint8Array[] | undefined;
  #deadline: HandshakeDeadline | undefined;
  /** The callback of the write that is under way. */
  #writing: Done | undefined;
  /** A write, and an end, that wait for the handshake. */
  #heldWrite: (() => void) | undefined;
  #heldEnd: (() => void) | undefined;
  #peerEnded = false;
  #isStalled = false;
  /** Set while a failed connection waits for the peer to have read the alert. */
  #linger: Linger | undefined;
  /** Why the connection failed, for the time that it lingers. */
  #failure: Error | undefined;

  /** `raw`: the carrier once more, if the stream was made with its handle. */
  constructor(stream: SecureStream, carrier: Duplex, raw: net.Socket | undefined, role: StreamRole) {
    this.#stream = stream;
    this.#role = role;
    if (role.mayHandOver) this.#input = [];
    this.carrier = raw ? undefined : carrier;
    this.returnsOutput = raw !== undefined;
    const provider = carrier instanceof net.Socket ? role.crypto : releasedWith(this, role.crypto);
    this.connection = new Connection(role.policy, provider, this, now);
    this.#transport = raw ? takeHandle(stream, raw) : this.#wrap(carrier);
    if (role.handshakeTimes) this.#deadline = new HandshakeDeadline(this.connection, role.handshakeTimes);
  }

  /** Begins to read from the peer. */
  start(): void {
    if (this.#role.reportsFailures()) notePeer(this.connection.report, this.#stream);
    this.#transport.resume();
  }

  /** The engine's report, with what only the socket knows. */
  get #report(): HandshakeReport {
    const { report } = this.connection;
    notePeer(report, this.#stream);
    return report;
  }

  get socketCarrier(): net.Socket | undefined {
    return this.carrier instanceof net.Socket ? this.carrier : undefined;
  }

  get policy(): Policy {
    return this.#role.policy;
  }

  /** Milliseconds for which a client has said nothing in its handshake, although it is its turn. */
  get silence(): number {
    return this.#failure === undefined ? (this.#deadline?.silence ?? 0) : Number.POSITIVE_INFINITY;
  }

  get isTruncated(): boolean {
    return this.#peerEnded && this.connection.isSecure && !this.connection.receivedCloseNotify;
  }

  #wrap(stream: Duplex): Transport {
    return new StreamTransport(stream, {
      bytes: (chunk) => {
        this.#stream._unrefTimer();
        return this.receive(chunk);
      },
      end: () => this.receiveEnd(),
      // That a peer who has ended does not take our close_notify is no news.
      error: (error) => this.#stream.destroy(this.#peerEnded && this.#stream.writableEnded ? undefined : error),
      close: () => {
        this.receiveEnd();
        this.#stream.destroy();
      },
    });
  }

  // ---- in

  /** Bytes from the peer; whether more is wanted now. */
  receive(chunk: Uint8Array): boolean {
    if (this.#failure !== undefined) return this.#linger?.receive(chunk.length) ?? true;
    this.#input?.push(Uint8Array.from(chunk));
    this.connection.receive(chunk);
    this.#deadline?.note();
    this.#isStalled = this.#transport.backlog > backlogLimit;
    if (this.#failure !== undefined) return true; // the end of the peer's stream is still of interest
    const stream = this.#stream;
    return this.connection.wantsInput && !this.#isStalled && stream.readableLength < stream.readableHighWaterMark;
  }

  /** The peer's stream ended. */
  receiveEnd(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    this.#linger?.receiveEnd();
    this.connection.receiveEnd();
    if (this.connection.isSecure) this.#push(null);
  }

  /** The application wants to read. */
  read(): void {
    if (this.connection.wantsInput && !this.#isStalled) this.#transport.resume();
  }

  /** To the application, past the stream's own `push`, which takes records. */
  #push(chunk: Uint8Array | null): void {
    Duplex.prototype.push.call(this.#stream, chunk);
    // As net.Socket does: where nothing is left to read, a paused stream ends too.
    if (chunk === null) Duplex.prototype.read.call(this.#stream, 0);
  }

  // ---- out

  /** Sends application data, once the handshake is done. */
  write(plain: Uint8Array, written: Done): void {
    const done = this.#beginWrite(plain.length, written);
    if (this.#handshake === 'going on') this.#heldWrite = () => this.#writePlain(plain, 0, done);
    else this.#writePlain(plain, 0, done);
  }

  /** The same for many parts, of which none is copied before its turn. */
  writeParts(parts: readonly Uint8Array[], written: Done): void {
    const pieces = new WritePieces(parts);
    if (this.#handshake === 'going on' || pieces.length <= joinedLength) {
      return this.write(Buffer.concat(parts, pieces.length), written);
    }
    const done = this.#beginWrite(pieces.length, written);
    this.#writePieces(pieces, done);
  }

  #beginWrite(length: number, written: Done): Done {
    const done = (error?: Error | null): void => {
      if (this.#writing !== done) return;
      this.#writing = undefined;
      if (!error) this.bytesWritten += length;
      written(error);
    };
    this.#writing = done;
    return done;
  }

  #writePieces(pieces: WritePieces, done: Done): void {
    const protect = (): Uint8Array | undefined => pieces.next((piece) => this.connection.protect(piece));
    this.#writeProtected(protect, done, () => {
      if (pieces.isEmpty) done();
      else this.#writePieces(pieces, done);
    });
  }

  /** A write whose end the stream will not see any more is told so now. */
  #failWrite(error: Error | null): void {
    this.#writing?.(error ?? nodeError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'));
  }

  #writePlain(plain: Uint8Array, at: number, done: Done): void {
    if (at >= plain.length) return done();
    const end = at + writeQuantum;
    const part = plain.length <= writeQuantum ? plain : plain.subarray(at, end);
    this.#writeProtected(
      () => this.connection.protect(part),
      done,
      () => {
        if (end >= plain.length) done();
        else this.#writePlain(plain, end, done);
      },
    );
  }

  /** Sends what is protected in one go, and then goes on; `done` hears what fails. */
  #writeProtected(protect: () => Uint8Array | undefined, done: Done, goOn: () => void): void {
    let bytes: Uint8Array | undefined;
    try {
      bytes = protect();
    } catch (error) {
      this.connection.abort(toAlert(error)); // a padding callback that throws
      return done(error as Error);
    }
    if (bytes === undefined) {
      return done(this.#failure ?? nodeError('ERR_STREAM_DESTROYED', 'the TLS connection is closed for writing'));
    }
    this.#transport.write(bytes, (error) => {
      outputPool.give(bytes);
      if (error) done(error);
      else goOn();
    });
  }

  /** Ends our side, once the handshake is done. */
  end(done: Done): void {
    if (this.#handshake === 'going on') {
      this.#heldEnd = () => this.end(done);
      return;
    }
    this.connection.close();
    this.#transport.end(done);
  }

  // ---- what the engine has to say

  ciphertext(bytes: Uint8Array): void {
    this.#transport.write(bytes, (error) => this.#written(error));
  }

  plaintext(bytes: Uint8Array): void {
    // Who has only just come in, and says the first thing, is part of the crowd.
    if (this.bytesRead > 0) admission.noteTraffic();
    this.bytesRead += bytes.length;
    this.#push(bytes);
  }

  get wantsKeylog(): boolean {
    return this.#role.wantsKeylog();
  }

  event(event: ConnectionEvent): void {
    switch (event.type) {
      case 'secure':
        if (event.secured.client) this.#stream.hearClient(event.secured.client);
        return this.#becomeSecure();
      case 'end':
        return this.#push(null);
      case 'confirmed':
        return this.#confirm();
      case 'client':
        return this.#stream.hearClient(event.client);
      case 'wantsInput':
        this.#deadline?.note();
        return this.read();
      case 'keylog':
        // Events reach the application on a tick of their own: what a listener throws is not the handshake's.
        process.nextTick(() => this.#role.onKeylog(Buffer.from(`${event.line}\n`, 'latin1')));
        return;
      case 'failure':
        notePeer(event.failure.report, this.#stream);
        return this.#fail(tlsClientError(event.failure));
    }
  }

  /** The engine's own output went out. */
  #written(error: Error | null | undefined): void {
    // After the handshake it is none of the application's data that is lost: reading and writing will tell.
    if (error && this.#handshake === 'going on') this.#stream.destroy(error);
    else if (this.#isStalled && this.#transport.backlog <= backlogLimit) {
      this.#isStalled = false;
      this.read();
    }
  }

  #becomeSecure(): void {
    if (this.#handshake !== 'going on') return; // writing the last flight failed within the step that ends it
    this.#handshake = 'done';
    if (this.connection.isConfirmed) this.#finishHandshake();
    publish('end', () => ({ socket: this.#stream, report: this.#report }));
    process.nextTick(() => {
      if (!this.#stream.destroyed) this.#role.onHandshake(undefined);
    });
    this.#heldWrite?.();
    this.#heldEnd?.();
    this.#heldWrite = this.#heldEnd = undefined;
    // Tickets go out with the application's first data if that comes at once: by themselves they would be a packet
    // more, and Nagle's algorithm would hold the data back until the client has acknowledged them.
    if (this.connection.holdsOutput) setImmediate(() => this.connection.flush());
  }

  /** The handshake is done that early data had come before. */
  #confirm(): void {
    if (this.#handshake !== 'done') return;
    this.#finishHandshake();
    if (this.connection.holdsOutput) setImmediate(() => this.connection.flush());
    process.nextTick(() => {
      if (!this.#stream.destroyed) this.#stream.emit('confirmed');
    });
  }

  #finishHandshake(): void {
    this.#stopDeadline();
    this.#role.onConfirmed?.();
  }

  #stopDeadline(): void {
    this.#deadline?.stop();
    this.#deadline = undefined;
  }

  /** The application did not ask for the connection as it came. */
  forgetInput(): void {
    this.#input = undefined;
  }

  /** Gives the connection away as it came: for the stream's method of the same name. */
  handOver(take: (stream: Duplex) => void): void {
    const input = Buffer.concat(this.#input ?? []);
    this.#handshake = 'handed over';
    this.#input = undefined;
    this.#stopDeadline();
    this.connection.destroy();
    // Not from within the read that brought the ClientHello.
    process.nextTick(() => {
      if (this.#stream.destroyed) return;
      const stream = this.#transport.release();
      stream.unshift(input);
      this.#stream.destroy();
      try {
        take(stream);
      } catch (error) {
        stream.destroy();
        this.#role.onHandshake(transportError(error as Error, this.#report));
      }
    });
  }

  // ---- the end

  /** The stream's `_destroy`. */
  destroy(error: Error | null, done: Done): void {
    if (this.#handshake === 'going on') this.#failHandshake(error);
    const visible = this.#visible(error ?? this.#failure ?? null);
    this.connection.destroy();
    this.#linger?.stop();
    this.#failWrite(visible);
    if (visible === null) return this.#close(visible, done);
    this.#transport.stop();
    afterPendingWrites(() => this.#close(visible, done));
  }

  #close(error: Error | null, done: Done): void {
    this.#role.onClosed?.();
    this.#transport.destroy();
    if (this.carrier === undefined) netSocket._destroy.call(this.#stream, error, done);
    else this.#closeWithoutHandle(error, done);
  }

  /** Does what net.Socket does, which without a handle would leave `hadError` out of `close`. */
  #closeWithoutHandle(error: Error | null, done: Done): void {
    this.#stream.setTimeout(0);
    done(error);
    process.nextTick(() => this.#stream.emit('close', error !== null));
  }

  /** The engine's end came: the alert is out, and the peer gets the time to read it. */
  #fail(error: TlsClientError): void {
    this.#failure = error;
    if (this.#handshake === 'going on') this.#failHandshake(error);
    else this.#role.onFailure?.(error, false);
    const finish = (): void => void this.#stream.destroy(this.#visible(error) ?? undefined);
    this.#linger = new Linger(this.#transport, this.#peerEnded, finish);
  }

  /** What of an error the stream itself emits: the handshake's is told to the server instead. */
  #visible(error: Error | null): Error | null {
    return this.#handshake === 'done' || this.#role.emitsHandshakeErrors ? error : null;
  }

  /** Tells the handshake's failure. */
  #failHandshake(cause: Error | null): void {
    this.#handshake = 'failed';
    this.#stopDeadline();
    const reset = (): Error => nodeError('ECONNRESET', 'the connection was closed during the handshake');
    const report = this.#report;
    const error = isReported(cause) ? cause : transportError(cause ?? reset(), report);
    this.#role.onFailure?.(error, true);
    publish('error', () => ({ socket: this.#stream, report, error }));
    process.nextTick(() => {
      this.#stream.emit('_tlsError', error); // by which libraries hear of it, though it is Node's own affair
      this.#role.onHandshake(error);
    });
  }
}

/**
 * Calls back when the callbacks of failed writes have been heard everywhere. Node's HTTP/2 puts a wrapper around
 * streams like ours, which asserts that no write is pending when it hears of an error.
 */
function afterPendingWrites(finish: () => void): void {
  setImmediate(() => setImmediate(finish));
}

const isReported = (error: Error | null): error is TlsClientError => error !== null && 'handshakeReport' in error;
