/** `node:https` with our servers: everything about a request is Node's own, and so is the client. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import { borrowMethods, inheritFrom } from '../node/donor.ts';
import { type EarlyRequestOptions, screenEarlyRequests } from '../node/early-requests.ts';
import type { TlsClientError } from '../node/errors.ts';
import { type Listening, type ServerEvents, Server as TlsServer } from '../node/server.ts';
import type { TlsOptions } from '../node/server-options.ts';
import type { TLSSocket } from '../node/tls-socket.ts';

export { Agent, get, globalAgent, request } from 'node:https';
export { type EarlyRequest, type EarlyRequests, isEarly } from '../node/early-requests.ts';

/** Options of `createServer`: those of our TLS server, and of `http.createServer`. */
export interface ServerOptions extends TlsOptions, EarlyRequestOptions, Omit<http.ServerOptions, keyof TlsOptions> {}

/** Events beside those of the TLS server. */
export interface HttpsEvents extends Omit<ServerEvents, 'clientError'> {
  request: [request: http.IncomingMessage, response: http.ServerResponse];
  checkContinue: [request: http.IncomingMessage, response: http.ServerResponse];
  checkExpectation: [request: http.IncomingMessage, response: http.ServerResponse];
  upgrade: [request: http.IncomingMessage, socket: TLSSocket, head: Buffer];
  connect: [request: http.IncomingMessage, socket: TLSSocket, head: Buffer];
  /** A handshake failed, or a request is malformed. */
  clientError: [error: TlsClientError | NodeJS.ErrnoException, socket: TLSSocket];
  dropRequest: [request: http.IncomingMessage, socket: TLSSocket];
  timeout: [socket: TLSSocket];
}

/** What a server of HTTP has beside TLS, in the types of Node that an application has. */
interface HttpPart extends Omit<http.Server, keyof TlsServer | 'setTimeout'> {}

/** A server of HTTP/1.1 over TLS. */
export interface Server extends TlsServer, HttpPart {
  setTimeout(milliseconds?: number, listener?: (socket: TLSSocket) => void): this;
  setTimeout(listener: (socket: TLSSocket) => void): this;
  on: Listening<this, HttpsEvents>;
  once: Listening<this, HttpsEvents>;
  addListener: Listening<this, HttpsEvents>;
  prependListener: Listening<this, HttpsEvents>;
  prependOnceListener: Listening<this, HttpsEvents>;
  off: Listening<this, HttpsEvents>;
  removeListener: Listening<this, HttpsEvents>;
}

type RequestListener = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Callable with and without `new`, as Node's own. */
export interface ServerConstructor {
  new (options?: ServerOptions | null, listener?: RequestListener): Server;
  new (listener: RequestListener): Server;
  (options?: ServerOptions | null, listener?: RequestListener): Server;
  (listener: RequestListener): Server;
  readonly prototype: Server;
}

abstract class HttpsMethods extends (TlsServer as unknown as abstract new () => TlsServer) {}
borrowMethods(HttpsMethods.prototype, https.Server.prototype);

function construct(
  this: unknown,
  options?: ServerOptions | RequestListener | null,
  listener?: RequestListener,
): Server | undefined {
  if (!(this instanceof HttpsMethods)) return new Server(options as ServerOptions, listener);
  const isListener = typeof options === 'function';
  setUp(this as unknown as Server, isListener ? {} : (options ?? {}), isListener ? options : listener);
  return undefined;
}

function setUp(server: Server, options: ServerOptions, listener: RequestListener | undefined): void {
  const choosesProtocol = options.ALPNProtocols || options.ALPNCallback;
  const tlsOptions = { noDelay: true, ...(!choosesProtocol && { ALPNProtocols: ['http/1.1'] }), ...options };
  (TlsServer as unknown as (this: Server, options: TlsOptions) => void).call(server, tlsOptions);
  const donor = http.createServer(options as http.ServerOptions);
  const emitter = server as unknown as TlsServer;
  inheritFrom(emitter, donor, ['listening']);
  screenEarlyRequests(emitter, options);
  for (const serve of donor.listeners('connection')) server.on('secureConnection', serve as (socket: Duplex) => void);
  if (listener) server.on('request', listener);
  server.on('tlsClientError', (error, socket) => {
    if (!emitter.emit('clientError', error, socket)) socket.destroy(error);
  });
}

export const Server: ServerConstructor = Object.defineProperties(construct, {
  name: { value: 'Server' },
  prototype: { value: HttpsMethods.prototype },
}) as unknown as ServerConstructor;
Object.setPrototypeOf(Server, TlsServer);
Object.defineProperty(HttpsMethods.prototype, 'constructor', { value: Server, writable: true, configurable: true });

/** Makes a server of HTTP/1.1 over TLS, as `https.createServer` does. */
export function createServer(listener?: RequestListener): Server;
export function createServer(options: ServerOptions | null, listener?: RequestListener): Server;
export function createServer(options?: ServerOptions | RequestListener | null, listener?: RequestListener): Server {
  return new Server(options as ServerOptions, listener);
}

interface Face {
  readonly Agent: typeof https.Agent;
  readonly Server: typeof Server;
  readonly createServer: typeof createServer;
  readonly get: typeof https.get;
  readonly globalAgent: https.Agent;
  readonly request: typeof https.request;
}

const { Agent, get, globalAgent, request } = https;
const face: Face = { Agent, Server, createServer, get, globalAgent, request };
export default face;
/** What `require('tsls/https')` gives: the same object. */
export { face as 'module.exports' };
