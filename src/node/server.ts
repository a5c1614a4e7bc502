import { captureRejectionSymbol } from 'node:events';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import type { OwnBuffer } from '../wire/own-buffer.ts';
import { Acceptor } from './acceptor.ts';
import { checkNumber, checkObject, invalidArgType, isGiven } from './arguments.ts';
import { readClusterData, writeClusterData } from './cluster-data.ts';
import type { SecureContextOptions } from './context-options.ts';
import { drain } from './drain.ts';
import { nodeError, type TlsClientError } from './errors.ts';
import type { Dropped } from './refusals.ts';
import type { SecureContext } from './secure-context.ts';
import type { HostPolicy, TlsOptions } from './server-options.ts';
import type { ServerStatistics } from './server-statistics.ts';
import type { SessionEvents } from './sessions.ts';
import type { StaplingEvents } from './stapling.ts';
import type { TLSSocket } from './tls-socket.ts';

/** Events beside those of `net.Server`. */
export interface ServerEvents extends SessionEvents, StaplingEvents {
  /** A handshake is done. */
  secureConnection: [socket: TLSSocket];
  /** A handshake failed; the socket is destroyed already or about to be. */
  tlsClientError: [error: TlsClientError, socket: TLSSocket];
  /** The same by its name before Node 6; not on servers of HTTP, where it has another meaning. */
  clientError: [error: TlsClientError, socket: TLSSocket];
  /** A connection was refused: beyond `maxConnections` by net.Server, or for the `reason` that is given. */
  drop: [data: Dropped];
  /** A line of the NSS key log, for debuggers. */
  keylog: [line: Buffer, socket: TLSSocket];
}

type AnyListener = (...args: never[]) => void;

/** The methods of an event emitter, told which events there are. */
export interface Listening<Self, Events extends Record<keyof Events, unknown[]>> {
  <K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): Self;
  (event: string | symbol, listener: AnyListener): Self;
}

type SecureConnectionListener = (socket: TLSSocket) => void;

/** What a server knows of TLS, apart from it, so that `Server.call(this)` can make a server of any net.Server. */
const acceptors = new WeakMap<net.Server, Acceptor>();

function acceptorOf(server: net.Server): Acceptor {
  const acceptor = acceptors.get(server);
  if (acceptor === undefined) throw nodeError('ERR_INVALID_THIS', 'Value of "this" must be of type Server', TypeError);
  return acceptor;
}

/** The methods of a server; `Server` makes the instances. */
abstract class ServerMethods extends net.Server {
  declare on: Listening<this, ServerEvents>;
  declare once: Listening<this, ServerEvents>;
  declare addListener: Listening<this, ServerEvents>;
  declare prependListener: Listening<this, ServerEvents>;
  declare prependOnceListener: Listening<this, ServerEvents>;
  declare off: Listening<this, ServerEvents>;
  declare removeListener: Listening<this, ServerEvents>;

  /** Nobody can call this. By it our servers go where types ask for one of Node's, whose contexts are others. */
  addContext(hostname: string, context: never): void;
  /**
   * Uses a context for clients that ask for `hostname`, which may have wildcards; of several that match, the one added
   * last. An `SNICallback` takes the place of all of them. `policy` is what the host has of its own beside its context.
   * Throws `ERR_TLS_REQUIRED_SERVER_NAME`, and what `createSecureContext` throws.
   */
  addContext(hostname: string, context: SecureContext | SecureContextOptions, policy?: HostPolicy): void;
  addContext(hostname: string, context: SecureContext | SecureContextOptions, policy?: HostPolicy): void {
    if (!hostname) {
      const message = '"servername" is required parameter for Server.addContext';
      throw nodeError('ERR_TLS_REQUIRED_SERVER_NAME', message);
    }
    if (isGiven(policy)) checkObject('policy', policy);
    acceptorOf(this).addContext(hostname, context ?? {}, policy ?? {});
  }

  /**
   * Uses another context for a name or pattern that `addContext` was called with, and leaves the rest as it is: its policy,
   * and its place among those that match. Returns whether there was one; throws what `createSecureContext` throws.
   */
  replaceContext(hostname: string, context: SecureContext | SecureContextOptions): boolean {
    return acceptorOf(this).replaceContext(hostname, context ?? {});
  }

  /** Takes back what `addContext` did for the same name; returns whether there was anything. */
  removeContext(hostname: string): boolean {
    return acceptorOf(this).removeContext(hostname);
  }

  /** Replaces the certificate and all else of the server's own context for connections to come. */
  setSecureContext(options: SecureContext | SecureContextOptions): void {
    checkObject('options', options);
    acceptorOf(this).setSecureContext(options);
  }

  /**
   * Stops accepting, ends all connections from our side (on a server of HTTP: closes those that are idle, and the others
   * once they are), and resolves when all are gone. Those that are not after `timeout` milliseconds, 10,000 by default,
   * are destroyed; resolves with their number.
   */
  async drain(options: { readonly timeout?: number | undefined } = {}): Promise<number> {
    checkObject('options', options);
    const { timeout = 10_000 } = options;
    checkNumber('options.timeout', timeout, 0, Number.POSITIVE_INFINITY);
    return drain(this, acceptorOf(this).sockets, timeout);
  }

  /** What the server has counted so far: connections, handshakes, refusals, failures by their codes. */
  get statistics(): ServerStatistics {
    return acceptorOf(this).statistics();
  }

  /** The 48 bytes that session tickets are sealed with now. */
  getTicketKeys(): OwnBuffer {
    return acceptorOf(this).sessions.copyTicketKeys();
  }

  /**
   * Seals session tickets with other keys, 48 bytes, from now on; tickets of the keys before are still taken. Throws
   * `ERR_INVALID_ARG_TYPE` and `ERR_INVALID_ARG_VALUE`.
   */
  setTicketKeys(keys: Uint8Array): void {
    acceptorOf(this).sessions.setTicketKeys(keys);
  }

  /** Called by node:cluster in the worker that listens at an address first. @internal */
  _getServerData(): object {
    return writeClusterData(acceptorOf(this).sessions);
  }

  /** Called by node:cluster before a worker listens, with what the first one said. @internal */
  _setServerData(data: unknown): void {
    readClusterData(acceptorOf(this).sessions, data);
  }
}

/** How many connections are open, as net.Server had it until Node 14; its types have it still. */
Object.defineProperty(ServerMethods.prototype, 'connections', {
  configurable: true,
  get(this: { readonly _connections: number }) {
    return this._connections;
  },
});

type Rejection = (this: net.Server, error: Error, event: string | symbol, ...args: unknown[]) => void;
const netRejection = (net.Server.prototype as unknown as Record<symbol, Rejection>)[captureRejectionSymbol]!;

/** With `captureRejections`: what an async listener of `secureConnection` rejects with is its socket's error. */
const reject: Rejection = function (error, event, ...args) {
  if (event === 'secureConnection') (args[0] as TLSSocket).destroy(error);
  else netRejection.call(this, error, event, ...args);
};
Object.defineProperty(ServerMethods.prototype, captureRejectionSymbol, {
  configurable: true,
  writable: true,
  value: reject,
});

/** A `net.Server` whose connections are TLS. */
export interface Server extends ServerMethods {}

/** Callable with and without `new`, and on an instance of a class that inherits by prototype, as Node's own. */
export interface ServerConstructor {
  /** Throws Node's errors for options that are wrong. `listener` hears `secureConnection`. */
  new (options?: TlsOptions | null, listener?: SecureConnectionListener): Server;
  new (listener: SecureConnectionListener): Server;
  (options?: TlsOptions | null, listener?: SecureConnectionListener): Server;
  (listener: SecureConnectionListener): Server;
  readonly prototype: Server;
}

function construct(
  this: unknown,
  options?: TlsOptions | SecureConnectionListener | null,
  listener?: SecureConnectionListener,
): Server | undefined {
  if (!(this instanceof ServerMethods)) return new Server(options as TlsOptions, listener);
  if (typeof options === 'function') setUp(this, {}, options);
  else if (options === undefined || options === null) setUp(this, {}, listener);
  else if (typeof options === 'object') setUp(this, options, listener);
  else throw invalidArgType('options', 'of type object', options);
  return undefined;
}

function setUp(server: ServerMethods, options: TlsOptions, listener: SecureConnectionListener | undefined): void {
  // net.Server is a function too, and may be called on an instance; its types do not say so.
  (net.Server as unknown as (this: net.Server, options: net.ServerOpts) => void).call(server, options);
  const acceptor = new Acceptor(server, options);
  acceptors.set(server, acceptor);
  Object.assign(server, acceptor.visibleOptions());
  server.on('connection', (stream: Duplex) => acceptor.accept(server, stream));
  if (listener !== undefined) server.on('secureConnection', listener);
}

export const Server: ServerConstructor = Object.defineProperties(construct, {
  name: { value: 'Server' },
  prototype: { value: ServerMethods.prototype },
}) as unknown as ServerConstructor;
Object.setPrototypeOf(Server, net.Server);
Object.defineProperty(ServerMethods.prototype, 'constructor', { value: Server, writable: true, configurable: true });

/** Makes a server, as `tls.createServer` does; `listener` hears `secureConnection`. */
export function createServer(listener?: SecureConnectionListener): Server;
export function createServer(options: TlsOptions | null, listener?: SecureConnectionListener): Server;
export function createServer(
  options?: TlsOptions | SecureConnectionListener | null,
  listener?: SecureConnectionListener,
): Server {
  return new Server(options as TlsOptions, listener);
}
