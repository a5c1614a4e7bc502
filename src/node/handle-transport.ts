import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Done, Transport } from './transport.ts';

/** The parts of net.Socket that Node keeps to itself; they have not changed since Node 12. */
interface SocketInternals {
  _handle: {
    isStreamBase?: boolean;
    readonly writeQueueSize?: number;
    reading: boolean;
    readStop(): void;
    onread?: unknown;
  } | null;
  _server?: unknown;
  server?: unknown;
}
interface SocketPrototype {
  _read(size: number): void;
  _write(chunk: unknown, encoding: string, done: Done): void;
  _final(done: Done): void;
  _destroy(error: Error | null, done: Done): void;
}

const internals = (socket: Duplex): SocketInternals => socket as unknown as SocketInternals;

/** net.Socket's own streaming methods, for a subclass that overrides them. */
export const netSocket: SocketPrototype = net.Socket.prototype as unknown as SocketPrototype;

/** Events by which an application would notice that a socket lost its handle, beside `end`. */
const tellingEvents: readonly string[] = ['data', 'readable', 'close', 'error', 'timeout'];

/** Whether a socket is fresh from `accept` and nobody holds on to it, so that its handle may move to another. */
export function canTakeHandle(socket: Duplex): socket is net.Socket {
  if (Object.getPrototypeOf(socket) !== net.Socket.prototype) return false;
  const raw = socket as net.Socket;
  if (internals(raw)._handle?.isStreamBase !== true || raw.destroyed || raw.connecting) return false;
  if (raw.bytesRead > 0 || raw.bytesWritten > 0 || raw.readableLength > 0 || raw.isPaused()) return false;
  for (const event of tellingEvents) if (raw.listenerCount(event) > 0) return false;
  return raw.listenerCount('end') <= 1; // net.Socket's own
}

/**
 * Where all sockets of the thread read into, one after the other. Nothing of it is kept: what a read leaves over is
 * copied. Node would otherwise allocate 64 KiB for every read.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

const onread = { buffer: readBuffer, callback: receive };

/** What a socket of ours has of net.Socket's options. */
export interface SocketOptions {
  readonly allowHalfOpen: boolean;
  readonly highWaterMark: number | undefined;
  readonly noDelay: boolean | undefined;
  readonly keepAlive: boolean | undefined;
}

/**
 * Options for net.Socket; with `raw` it becomes the owner of that one's handle, but does not read from it yet. Name by
 * name: V8 takes longer for objects that are put together of others.
 */
export const constructorOptions = (options: SocketOptions, raw: net.Socket | undefined): net.SocketConstructorOpts =>
  ({
    allowHalfOpen: options.allowHalfOpen,
    highWaterMark: options.highWaterMark,
    noDelay: options.noDelay,
    keepAlive: options.keepAlive,
    readable: true,
    writable: true,
    handle: raw && internals(raw)._handle,
    manualStart: raw !== undefined,
    onread: raw && onread,
  }) as net.SocketConstructorOpts;

/** Node calls this as a method of the socket; the answer is whether to go on reading. */
function receive(this: net.Socket, length: number, buffer: Uint8Array): boolean {
  return this.push(buffer.subarray(0, length));
}

/**
 * Records over the TCP handle that `socket` was made with (by `constructorOptions`), by net.Socket's own methods:
 * one stream the less between the kernel and the application.
 */
export function takeHandle(socket: net.Socket, raw: net.Socket): Transport {
  const [from, to] = [internals(raw), internals(socket)];
  from._handle = null;
  // The server counts its connections by the sockets that name it.
  to.server = from.server;
  to._server = from._server;
  from._server = null;
  // Node's HTTP servers read straight from such handles, past the stream: from this one they must not.
  to._handle!.isStreamBase = false;
  return new HandleTransport(socket);
}

class HandleTransport implements Transport {
  readonly #socket: net.Socket;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  get backlog(): number {
    return internals(this.#socket)._handle?.writeQueueSize ?? 0;
  }

  write(bytes: Uint8Array, done: Done): void {
    netSocket._write.call(this.#socket, bytes, 'buffer', done);
  }

  end(done: Done): void {
    netSocket._final.call(this.#socket, done);
  }

  resume(): void {
    if (internals(this.#socket)._handle) netSocket._read.call(this.#socket, 0);
  }

  stop(): void {
    const handle = internals(this.#socket)._handle;
    if (!handle) return;
    // Node takes bytes for a destroyed stream for an error number, and throws.
    handle.onread = () => {};
    handle.reading = false;
    handle.readStop();
  }

  destroy(): void {}

  release(): net.Socket {
    const from = internals(this.#socket);
    const handle = from._handle;
    from._handle = null;
    if (handle) handle.isStreamBase = true;
    const raw = new net.Socket({
      handle,
      allowHalfOpen: this.#socket.allowHalfOpen,
      pauseOnCreate: true,
      // The handle goes on reading into a buffer that somebody chooses.
      onread: { buffer: Buffer.allocUnsafeSlow(65_536), callback: keep },
    } as net.SocketConstructorOpts);
    const to = internals(raw);
    to.server = from.server;
    to._server = from._server;
    from._server = null;
    return raw;
  }
}

/** Node calls this as a method of the socket, whose stream gets a copy. */
function keep(this: net.Socket, length: number, buffer: Uint8Array): boolean {
  return this.push(Buffer.from(buffer.subarray(0, length)));
}
