import * as net from 'node:net';
import { Duplex } from 'node:stream';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Connection } from '../engine/connection.ts';
import type { Sink } from '../engine/sink.ts';
import type { Policy } from '../handshake/config.ts';
import type { ClientIdentity } from '../handshake/handshake.ts';
import type { TlsClientError } from './errors.ts';
import { canTakeHandle, constructorOptions, type SocketOptions } from './handle-transport.ts';
import type { HandshakeTimes } from './handshake-deadline.ts';
import { SecureLink } from './secure-link.ts';
import type { Chunk } from './secure-writer.ts';
import type { Done } from './transport.ts';

/** How a stream is made: by a server, or by an application that wraps a stream of its own. */
export interface StreamRole {
  readonly policy: Policy;
  readonly crypto: CryptoProvider;
  /** Whether the handshake's failure is an `error` event of the stream, or only told to `onHandshake`. */
  readonly emitsHandshakeErrors: boolean;
  /** How long the handshake may take; any time where it is absent. */
  readonly handshakeTimes?: HandshakeTimes;
  /** Whether the application may ask for the connection without TLS, once it has seen the ClientHello. */
  readonly mayHandOver?: boolean;
  /** Whether somebody will hear of a handshake that fails. */
  reportsFailures(): boolean;
  wantsKeylog(): boolean;
  /** The handshake failed, or the engine ended the connection after it; called at once. */
  onFailure?(error: TlsClientError, inHandshake: boolean): void;
  /** The handshake is done, the client's Finished received; called at once. */
  onConfirmed?(): void;
  /** The handshake ended, well or not; called once, on a tick of its own. */
  onHandshake(error: TlsClientError | undefined): void;
  onKeylog(line: Buffer): void;
  /** The connection is over. */
  onClosed?(): void;
}

/**
 * The stream half of a TLSSocket: a `net.Socket` whose bytes pass through a TLS connection. It reads from the
 * connection's transport whatever the application reads, and it fails, ends and closes as a `net.Socket` does.
 */
export abstract class SecureStream extends net.Socket {
  /** Starts the idle timeout anew; Node's own, without a type. */
  declare _unrefTimer: () => void;
  /** What listens, by event; Node's own, without a type. */
  declare _events: object;
  // One field only: V8 gives an object made by a function as large as net.Socket no room for more, and growing it
  // field by field cost 3 KB a connection.
  readonly #link: SecureLink;

  /** `ownsTransport`: whether nobody else will use the carrier, so that its handle may be taken. */
  constructor(
    carrier: Duplex,
    options: SocketOptions,
    role: (self: SecureStream) => StreamRole,
    ownsTransport: boolean,
  ) {
    const raw = ownsTransport && canTakeHandle(carrier) ? carrier : undefined;
    super(constructorOptions(options, raw));
    // V8 comes to keep what Node has made here among what is old, where listeners keep all of a connection that is over.
    this._events = { ...this._events };
    this.#link = new SecureLink(this, carrier, raw, role(this));
    if (carrier.destroyed) process.nextTick(() => this.destroy());
    else this.#link.start();
  }

  /** The engine's end, for what a TLSSocket tells of it. */
  protected get connection(): Connection {
    return this.#link.connection;
  }

  /** What decides the connection's handshake. */
  protected get policy(): Policy {
    return this.#link.policy;
  }

  /** Tells of records and messages; everything but application data. */
  protected set trace(trace: NonNullable<Sink['trace']>) {
    this.#link.trace = trace;
  }

  /**
   * Takes TLS off before it began: `take` gets the connection as the client opened it, all bytes still to be read.
   * Only while the policy looks at the ClientHello. @internal
   */
  handOver(take: (stream: Duplex) => void): void {
    this.#link.handOver(take);
  }

  /** Keeps what the client sent no longer: `handOver` will not be called. @internal */
  forgetInput(): void {
    this.#link.forgetInput();
  }

  /**
   * Has buffers that nobody else has written as one, when the first of them is: for HTTP/2, which writes by the frame, of
   * which each would be a write of the stream's. @internal
   */
  expectFrames(frames: readonly Buffer[]): void {
    this.#link.writer.expectFrames(frames);
  }

  // Bytes of plaintext, as Node counts them for TLS. These are accessors of net.Socket, whose types call them properties.
  static {
    Object.defineProperties(SecureStream.prototype, {
      bytesRead: {
        configurable: true,
        get(this: SecureStream) {
          return this.#link.bytesRead;
        },
      },
      bytesWritten: {
        configurable: true,
        get(this: SecureStream) {
          const { bytesWritten, bytesUnderWay } = this.#link.writer;
          return bytesWritten + bytesUnderWay + bytesWaiting(this);
        },
      },
    });
  }

  /** Whether the stream ended without the peer's close_notify: what was received may not be all (RFC 8446 section 6.1). */
  get truncated(): boolean {
    return this.#link.isTruncated;
  }

  /** Milliseconds for which a client has said nothing in its handshake, although it is its turn. @internal */
  get silence(): number {
    return this.#link.silence;
  }

  /** The client has answered a request for its certificate. @internal */
  abstract hearClient(client: ClientIdentity): void;

  // ---- in

  /** net.Socket hands over the bytes of its handle by this method. To it they are data; here they are records. */
  override push(chunk: Uint8Array | null): boolean {
    if (chunk !== null) return this.#link.receive(chunk);
    this.#link.receiveEnd();
    return false;
  }

  // For a handle with a buffer of its own, net.Socket's `read`, `resume` and `pause` start and stop the reading past
  // `_read`, which here knows better.
  override read(size?: number): unknown {
    const first = Duplex.prototype.read.call(this, size) as Buffer | string | null;
    if (first === null || this.readableFlowing || this.readableLength === 0) return first;
    if (typeof size === 'number' && size >= 0) return first;
    return this.#readOn(first);
  }

  /**
   * From Node 26 on, a read without a size gives one chunk, and another event tells of the next only if that came later.
   * Node's own TLS has an event for each record; ours has one for all that came at once, and so gives all of it, as streams
   * did before.
   */
  #readOn(first: Buffer | string): Buffer | string {
    const chunks = [first];
    while (this.readableLength > 0) {
      const next = Duplex.prototype.read.call(this) as Buffer | string | null;
      if (next === null) break;
      chunks.push(next);
    }
    return typeof first === 'string' ? chunks.join('') : Buffer.concat(chunks as Buffer[]);
  }

  override resume(): this {
    return Duplex.prototype.resume.call(this) as this;
  }

  override pause(): this {
    return Duplex.prototype.pause.call(this) as this;
  }

  /** @internal */
  override _read(): void {
    this.#link.read();
  }

  // ---- out

  /** @internal */
  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    this.#link.writer.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, done);
  }

  /** @internal */
  override _writev(chunks: Chunk[], done: Done): void {
    this.#link.writer.writeMany(chunks, done);
  }

  /** @internal */
  override _final(done: Done): void {
    this.#link.writer.end(done);
  }

  /** @internal */
  override _destroy(error: Error | null, done: Done): void {
    this.#link.destroy(error, done);
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
    this.#link.socketCarrier ? this.#link.socketCarrier.ref() : super.ref();
    return this;
  }

  override unref(): this {
    this.#link.socketCarrier ? this.#link.socketCarrier.unref() : super.unref();
    return this;
  }

  override setNoDelay(noDelay?: boolean): this {
    this.#link.socketCarrier ? this.#link.socketCarrier.setNoDelay(noDelay) : super.setNoDelay(noDelay);
    return this;
  }

  /** As the Node that runs has it: `interval` and `count`, and options in one object, from 24.19 on. Times are in milliseconds. */
  override setKeepAlive(options: KeepAliveOptions): this;
  override setKeepAlive(enable?: boolean, initialDelay?: number, interval?: number, count?: number): this;
  override setKeepAlive(...settings: [enable?: boolean | KeepAliveOptions, ...times: number[]]): this {
    const { socketCarrier } = this.#link;
    if (socketCarrier) (socketCarrier.setKeepAlive as AnySettings).apply(socketCarrier, settings);
    else (super.setKeepAlive as AnySettings).apply(this, settings);
    return this;
  }

  #ask(name: '_getpeername' | '_getsockname'): object {
    type Asked = Partial<Record<typeof name, () => object>>;
    const target = (this.#link.carrier ?? net.Socket.prototype) as Asked;
    return target[name]?.call(this.#link.carrier ?? this) ?? {};
  }
}

type AnySettings = (...settings: unknown[]) => unknown;

/** What `setKeepAlive` takes in one object. */
export interface KeepAliveOptions {
  readonly enable?: boolean | undefined;
  readonly initialDelay?: number | undefined;
  readonly interval?: number | undefined;
  readonly count?: number | undefined;
}

/** Bytes of writes whose turn has not come: text is kept as such, and `writableLength` counts its characters. */
function bytesWaiting(stream: Duplex): number {
  type Waiting = { readonly chunk: Uint8Array | string; readonly encoding: BufferEncoding };
  const { writableBuffer = [] } = stream as { readonly writableBuffer?: readonly Waiting[] };
  let length = 0;
  for (const { chunk, encoding } of writableBuffer) {
    length += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
  }
  return length;
}
