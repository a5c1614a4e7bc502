import * as net from 'node:net';
import { Duplex } from 'node:stream';
import { nodeCrypto } from '../crypto/node/provider.ts';
import { Connection, type ConnectionEvent, type Sink } from '../engine/connection.ts';
import { toAlert } from '../engine/failure.ts';
import { outputPool } from '../engine/output-pool.ts';
import type { Policy } from '../handshake/config.ts';
import type { ClientIdentity } from '../handshake/handshake.ts';
import { TlsAlert } from '../wire/alert.ts';
import { nodeError, type TlsClientError, tlsClientError, transportError } from './errors.ts';
import { canTakeHandle, handleOptions, netSocket, takeHandle } from './handle-transport.ts';
import { type Done, StreamTransport, type Transport } from './transport.ts';

/** Most plaintext that is protected in one go, so that a large write neither blocks nor doubles in memory. */
const writeQuantum = 262_144;
/** Output that the peer has not taken, above which nothing is read that could ask for more output. */
const backlogLimit = 1_048_576;
/** Milliseconds that a failed connection stays, so that the peer reads our alert and not a reset. */
const lingerTime = 1000;

const now = (): number => performance.now();

/** How a stream is made: by a server, or by an application that wraps a stream of its own. */
export interface StreamRole {
  readonly policy: Policy;
  /** Whether the handshake's failure is an `error` event of the stream, or only told to `onHandshake`. */
  readonly emitsHandshakeErrors: boolean;
  /** Milliseconds that the handshake may take; 0 for any time. */
  readonly handshakeTimeout: number;
  wantsKeylog(): boolean;
  /** The handshake ended, well or not; called once, on a tick of its own. */
  onHandshake(error: TlsClientError | undefined): void;
  onKeylog(line: Buffer): void;
}

/**
 * The stream half of a TLSSocket: a `net.Socket` whose bytes pass through a TLS connection. It reads from the
 * connection's transport whatever the application reads, and it fails, ends and closes as a `net.Socket` does.
 */
export abstract class SecureStream extends net.Socket {
  /** Starts the idle timeout anew; Node's own, without a type. */
  declare _unrefTimer: () => void;
  readonly #connection: Connection;
  readonly #transport: Transport;
  /** The stream that carries this one, unless its handle was taken. */
  readonly #carrier: Duplex | undefined;
  readonly #role: StreamRole;
  #handshake: 'going on' | 'done' | 'failed' = 'going on';
  #deadline: NodeJS.Timeout | undefined;
  /** The callback of the write that is under way. */
  #writing: Done | undefined;
  /** A write, and an end, that wait for the handshake. */
  #heldWrite: (() => void) | undefined;
  #heldEnd: (() => void) | undefined;
  #peerEnded = false;
  #isStalled = false;
  /** Set while a failed connection waits for the peer to have read the alert; looks again whether it has. */
  #afterLinger: (() => void) | undefined;
  /** Why the connection failed, for the time that it lingers. */
  #failure: Error | undefined;

  /** `ownsTransport`: whether nobody else will use the carrier, so that its handle may be taken. */
  constructor(
    carrier: Duplex,
    options: net.SocketConstructorOpts,
    role: (self: SecureStream) => StreamRole,
    ownsTransport: boolean,
  ) {
    const raw = ownsTransport && canTakeHandle(carrier) ? carrier : undefined;
    super({ ...options, readable: true, writable: true, ...(raw && handleOptions(raw)) });
    this.#role = role(this);
    this.#carrier = raw ? undefined : carrier;
    this.#connection = new Connection(this.#role.policy, nodeCrypto, this.#sink(), now);
    this.#transport = raw ? takeHandle(this, raw) : this.#wrap(carrier);
    const { handshakeTimeout } = this.#role;
    if (handshakeTimeout > 0) this.#deadline = setTimeout(timeOut, handshakeTimeout, this.#connection);
    if (carrier.destroyed) process.nextTick(() => this.destroy());
    else this.#transport.resume();
  }

  /** The engine's end, for what a TLSSocket tells of it. */
  protected get connection(): Connection {
    return this.#connection;
  }

  /** Whether the stream ended without the peer's close_notify: what was received may not be all (RFC 8446 section 6.1). */
  get truncated(): boolean {
    return this.#peerEnded && this.#connection.isSecure && !this.#connection.receivedCloseNotify;
  }

  #wrap(stream: Duplex): Transport {
    return new StreamTransport(stream, {
      bytes: (chunk) => {
        this._unrefTimer();
        return this.#receive(chunk);
      },
      end: () => this.#receiveEnd(),
      error: (error) => this.destroy(error),
      close: () => {
        this.#receiveEnd();
        this.destroy();
      },
    });
  }

  // ---- in

  /** Bytes from the peer; whether more is wanted now. */
  #receive(chunk: Uint8Array): boolean {
    if (this.#failure !== undefined) return true; // read, and thrown away
    this.#connection.receive(chunk);
    this.#isStalled = this.#transport.backlog > backlogLimit;
    return this.#connection.wantsInput && !this.#isStalled && this.readableLength < this.readableHighWaterMark;
  }

  #receiveEnd(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    this.#afterLinger?.();
    this.#connection.receiveEnd();
    if (this.#connection.isSecure) super.push(null);
  }

  /** net.Socket hands over the bytes of its handle by this method. To it they are data; here they are records. */
  override push(chunk: Uint8Array | null): boolean {
    if (chunk !== null) return this.#receive(chunk);
    this.#receiveEnd();
    return false;
  }

  // For a handle with a buffer of its own, net.Socket's `read`, `resume` and `pause` start and stop the reading past
  // `_read`, which here knows better.
  override read(size?: number): unknown {
    return Duplex.prototype.read.call(this, size);
  }

  override resume(): this {
    return Duplex.prototype.resume.call(this) as this;
  }

  override pause(): this {
    return Duplex.prototype.pause.call(this) as this;
  }

  /** @internal */
  override _read(): void {
    if (this.#connection.wantsInput && !this.#isStalled) this.#transport.resume();
  }

  // ---- out

  /** @internal */
  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    this.#writeWhenSecure(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, done);
  }

  /** @internal */
  override _writev(chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[], done: Done): void {
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    );
    this.#writeWhenSecure(Buffer.concat(parts), done);
  }

  #writeWhenSecure(plain: Uint8Array, written: Done): void {
    const done = (error?: Error | null): void => {
      if (this.#writing !== done) return;
      this.#writing = undefined;
      written(error);
    };
    this.#writing = done;
    if (this.#handshake === 'going on') this.#heldWrite = () => this.#writePlain(plain, 0, done);
    else this.#writePlain(plain, 0, done);
  }

  /** A write whose end the stream will not see any more is told so now. */
  #failWrite(error: Error | null): void {
    this.#writing?.(error ?? nodeError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'));
  }

  #writePlain(plain: Uint8Array, at: number, done: Done): void {
    if (at >= plain.length) return done();
    const end = at + writeQuantum;
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#connection.protect(plain.length <= writeQuantum ? plain : plain.subarray(at, end));
    } catch (error) {
      this.#connection.abort(toAlert(error)); // a padding callback that throws
      return done(error as Error);
    }
    if (bytes === undefined) {
      return done(this.#failure ?? nodeError('ERR_STREAM_DESTROYED', 'the TLS connection is closed for writing'));
    }
    this.#transport.write(bytes, (error) => {
      outputPool.give(bytes);
      if (error || end >= plain.length) done(error);
      else this.#writePlain(plain, end, done);
    });
  }

  /** @internal */
  override _final(done: Done): void {
    if (this.#handshake === 'going on') {
      this.#heldEnd = () => this._final(done);
      return;
    }
    this.#connection.close();
    this.#transport.end(done);
  }

  #sink(): Sink {
    const role = this.#role;
    return {
      // What another stream was given may be read long after it says so.
      returnsOutput: this.#carrier === undefined,
      ciphertext: (bytes) => this.#transport.write(bytes, (error) => this.#written(error)),
      plaintext: (bytes) => void super.push(bytes),
      event: (event) => this.#hear(event),
      get wantsKeylog() {
        return role.wantsKeylog();
      },
    };
  }

  /** The engine's own output went out. */
  #written(error: Error | null | undefined): void {
    // After the handshake it is none of the application's data that is lost: reading and writing will tell.
    if (error && this.#handshake === 'going on') this.destroy(error);
    else if (this.#isStalled && this.#transport.backlog <= backlogLimit) {
      this.#isStalled = false;
      this._read();
    }
  }

  // ---- events

  #hear(event: ConnectionEvent): void {
    switch (event.type) {
      case 'secure':
        if (event.secured.client) this.hearClient(event.secured.client);
        return this.#becomeSecure();
      case 'end':
        super.push(null);
        return;
      case 'client':
        this.hearClient(event.client);
        return;
      case 'wantsInput':
        return this._read();
      case 'keylog':
        // Events reach the application on a tick of their own: what a listener throws is not the handshake's.
        process.nextTick(() => this.#role.onKeylog(Buffer.from(`${event.line}\n`, 'latin1')));
        return;
      case 'failure':
        return this.#fail(tlsClientError(event.failure, this));
    }
  }

  #becomeSecure(): void {
    this.#handshake = 'done';
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    process.nextTick(() => {
      if (!this.destroyed) this.#role.onHandshake(undefined);
    });
    this.#heldWrite?.();
    this.#heldEnd?.();
    this.#heldWrite = this.#heldEnd = undefined;
    // Tickets go out with the application's first data if that comes at once: by themselves they would be a packet
    // more, and Nagle's algorithm would hold the data back until the client has acknowledged them.
    if (this.#connection.holdsOutput) setImmediate(() => this.#connection.flush());
  }

  /** The client has answered a request for its certificate. */
  abstract hearClient(client: ClientIdentity): void;

  // ---- the end

  /** @internal */
  override _destroy(error: Error | null, done: Done): void {
    if (this.#handshake === 'going on') this.#failHandshake(error);
    const visible = this.#visible(error ?? this.#failure ?? null);
    this.#connection.destroy();
    this.#afterLinger = undefined;
    const finish = (): void => {
      this.#transport.destroy();
      if (this.#carrier === undefined) netSocket._destroy.call(this, visible, done);
      else this.#destroyWithoutHandle(visible, done);
    };
    this.#failWrite(visible);
    if (visible === null) return finish();
    this.#transport.stop();
    afterPendingWrites(finish);
  }

  /** Does what net.Socket does, which without a handle would leave `hadError` out of `close`. */
  #destroyWithoutHandle(error: Error | null, done: Done): void {
    this.setTimeout(0);
    done(error);
    process.nextTick(() => this.emit('close', error !== null));
  }

  /** The engine's end came: the alert is out, and the peer gets the time to read it. */
  #fail(error: TlsClientError): void {
    this.#failure = error;
    if (this.#handshake === 'going on') this.#failHandshake(error);
    this.#linger(() => this.destroy(this.#visible(error) ?? undefined));
  }

  /** What of an error the stream itself emits: the handshake's is told to the server instead. */
  #visible(error: Error | null): Error | null {
    return this.#handshake === 'done' || this.#role.emitsHandshakeErrors ? error : null;
  }

  /** Tells the handshake's failure. */
  #failHandshake(cause: Error | null): void {
    this.#handshake = 'failed';
    clearTimeout(this.#deadline);
    const reset = (): Error => nodeError('ECONNRESET', 'the connection was closed during the handshake');
    const { report } = this.#connection;
    const error = isReported(cause) ? cause : transportError(cause ?? reset(), report, this);
    process.nextTick(() => this.#role.onHandshake(error));
  }

  /** Ends our side, throws away what comes, and closes when both sides have ended or after a while. */
  #linger(finish: () => void): void {
    let isEnded = false;
    const timer = setTimeout(finish, lingerTime);
    timer.unref();
    this.#afterLinger = () => {
      if (!isEnded || !this.#peerEnded) return;
      clearTimeout(timer);
      finish();
    };
    this.#transport.end(() => {
      isEnded = true;
      this.#afterLinger?.();
    });
    this.#transport.resume();
  }

  // ---- what net.Socket does by its handle, for a stream that has none

  /** @internal */
  _getpeername(): object {
    return this.#ask('_getpeername');
  }

  /** @internal */
  _getsockname(): object {
    return this.#ask('_getsockname');
  }

  override ref(): this {
    this.#socketCarrier ? this.#socketCarrier.ref() : super.ref();
    return this;
  }

  override unref(): this {
    this.#socketCarrier ? this.#socketCarrier.unref() : super.unref();
    return this;
  }

  override setNoDelay(noDelay?: boolean): this {
    this.#socketCarrier ? this.#socketCarrier.setNoDelay(noDelay) : super.setNoDelay(noDelay);
    return this;
  }

  override setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#socketCarrier
      ? this.#socketCarrier.setKeepAlive(enable, initialDelay)
      : super.setKeepAlive(enable, initialDelay);
    return this;
  }

  get #socketCarrier(): net.Socket | undefined {
    return this.#carrier instanceof net.Socket ? this.#carrier : undefined;
  }

  #ask(name: '_getpeername' | '_getsockname'): object {
    type Asked = Partial<Record<typeof name, () => object>>;
    const target = (this.#carrier ?? net.Socket.prototype) as Asked;
    return target[name]?.call(this.#carrier ?? this) ?? {};
  }
}

/**
 * Calls back when the callbacks of failed writes have been heard everywhere. Node's HTTP/2 puts a wrapper around
 * streams like ours, which asserts that no write is pending when it hears of an error.
 */
function afterPendingWrites(finish: () => void): void {
  setImmediate(() => setImmediate(finish));
}

function timeOut(connection: Connection): void {
  connection.abort(new TlsAlert('handshakeFailure', 'TLS handshake timeout', { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }));
}

const isReported = (error: Error | null): error is TlsClientError => error !== null && 'handshakeReport' in error;
