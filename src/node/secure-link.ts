import * as net from 'node:net';
import { Duplex } from 'node:stream';
import { Connection } from '../engine/connection.ts';
import { outputPool } from '../engine/output-pool.ts';
import type { ConnectionEvent, Sink } from '../engine/sink.ts';
import type { Policy } from '../handshake/config.ts';
import { releasedWith } from './abandoned-keys.ts';
import { admission } from './admission.ts';
import { type TlsClientError, tlsClientError, transportError } from './errors.ts';
import { netSocket, takeHandle } from './handle-transport.ts';
import { HandshakeWatch } from './handshake-watch.ts';
import { Linger } from './linger.ts';
import { notePeer } from './peer-address.ts';
import type { SecureStream, StreamRole } from './secure-stream.ts';
import { afterPendingWrites, SecureWriter } from './secure-writer.ts';
import { type Done, StreamTransport, type Transport } from './transport.ts';

/** Output that the peer has not taken, above which nothing is read that could ask for more output. */
const backlogLimit = 1_048_576;

const now = (): number => performance.now();

/** What ties a stream, its TLS connection and its transport together, and sees all three to their end. */
export class SecureLink implements Sink {
  readonly connection: Connection;
  readonly writer: SecureWriter;
  /** The stream that carries ours, unless its handle was taken. */
  readonly carrier: Duplex | undefined;
  readonly #stream: SecureStream;
  readonly #transport: Transport;
  readonly #role: StreamRole;
  /** The handshake, or what became of it; gone once it is done. */
  #handshake: HandshakeWatch | undefined;
  trace: Sink['trace'];
  /** Bytes of plaintext. */
  bytesRead = 0;
  /** What was read before the listeners that wait for it have heard that the handshake is done. */
  #untold: (Uint8Array | null)[] | undefined;
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
    this.carrier = raw ? undefined : carrier;
    const provider = carrier instanceof net.Socket ? role.crypto : releasedWith(this, role.crypto);
    this.connection = new Connection(role.policy, provider, this, now);
    this.#transport = raw ? takeHandle(stream, raw) : this.#wrap(carrier);
    this.writer = new SecureWriter(this.connection, this.#transport);
    this.#handshake = new HandshakeWatch(stream, this.connection, role);
  }

  /** Begins to read from the peer. */
  start(): void {
    if (this.#role.reportsFailures()) notePeer(this.connection.report, this.#stream);
    this.#transport.resume();
  }

  get socketCarrier(): net.Socket | undefined {
    return this.carrier instanceof net.Socket ? this.carrier : undefined;
  }

  /** What another stream was given may be read long after it says so. */
  get returnsOutput(): boolean {
    return this.carrier === undefined;
  }

  get policy(): Policy {
    return this.#role.policy;
  }

  /** Milliseconds for which a client has said nothing in its handshake, although it is its turn. */
  get silence(): number {
    return this.#failure === undefined ? (this.#handshake?.silence ?? 0) : Number.POSITIVE_INFINITY;
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
    this.#handshake?.keepInput(chunk);
    this.connection.receive(chunk);
    this.#handshake?.note();
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
    if (this.#untold) return void this.#untold.push(chunk);
    Duplex.prototype.push.call(this.#stream, chunk);
    // As net.Socket does: where nothing is left to read, a paused stream ends too.
    if (chunk === null) Duplex.prototype.read.call(this.#stream, 0);
  }

  // ---- what the engine has to say

  ciphertext(bytes: Uint8Array): void {
    this.#transport.write(bytes, (error) => {
      outputPool.give(bytes);
      this.#written(error);
    });
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
        this.#handshake?.note();
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
    if (error && this.#handshake?.isGoingOn) this.#stream.destroy(error);
    else if (this.#isStalled && this.#transport.backlog <= backlogLimit) {
      this.#isStalled = false;
      this.read();
    }
  }

  #becomeSecure(): void {
    if (!this.#handshake?.succeed()) return;
    if (this.connection.isConfirmed) this.#handshake = undefined;
    if (this.#stream.readableFlowing) this.#pushLater();
    this.writer.open();
    this.#flushSoon();
  }

  /** The end of the handshake is told on a tick of its own: data that came along with it must not be there before. */
  #pushLater(): void {
    this.#untold = [];
    process.nextTick(() => {
      const chunks = this.#untold ?? [];
      this.#untold = undefined;
      for (const chunk of chunks) this.#push(chunk);
    });
  }

  /** The handshake is done that early data had come before. */
  #confirm(): void {
    if (!this.#handshake?.isSecure) return;
    this.#handshake.confirm();
    this.#handshake = undefined;
    this.#flushSoon();
  }

  /**
   * Tickets go out with the application's first data if that comes at once: by themselves they would be a packet more,
   * and Nagle's algorithm would hold the data back until the client has acknowledged them.
   */
  #flushSoon(): void {
    if (this.connection.holdsOutput) setImmediate(() => this.connection.flush());
  }

  /** The application did not ask for the connection as it came. */
  forgetInput(): void {
    this.#handshake?.forgetInput();
  }

  /** Gives the connection away as it came: for the stream's method of the same name. */
  handOver(take: (stream: Duplex) => void): void {
    const handshake = this.#handshake!;
    const input = handshake.handOver();
    this.writer.shut();
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
        this.#role.onHandshake(transportError(error as Error, handshake.report));
      }
    });
  }

  // ---- the end

  /** The stream's `_destroy`. */
  destroy(error: Error | null, done: Done): void {
    if (this.#handshake?.isGoingOn) this.#handshake.fail(error);
    else this.#handshake?.stop(); // early data came, and the client's Finished has not
    const visible = this.#visible(error ?? this.#failure ?? null);
    this.connection.destroy();
    this.#linger?.stop();
    this.writer.destroy(visible);
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
    this.writer.shut(error);
    if (this.#handshake?.isGoingOn) this.#handshake.fail(error);
    else this.#role.onFailure?.(error, false);
    const finish = (): void => void this.#stream.destroy(this.#visible(error) ?? undefined);
    this.#linger = new Linger(this.#transport, this.#peerEnded, finish);
  }

  /** What of an error the stream itself emits: the handshake's is told to the server instead. */
  #visible(error: Error | null): Error | null {
    const isSecure = this.#handshake === undefined || this.#handshake.isSecure;
    return isSecure || this.#role.emitsHandshakeErrors ? error : null;
  }
}
