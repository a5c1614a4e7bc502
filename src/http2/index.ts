/** `node:http2` with our secure servers: sessions and streams are Node's own, and so is the client. */
import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { checkObject, isGiven } from '../node/arguments.ts';
import { borrowMethods, inheritFrom } from '../node/donor.ts';
import { type EarlyRequestOptions, screenEarlyRequests } from '../node/early-requests.ts';
import type { TlsClientError } from '../node/errors.ts';
import { type Listening, type ServerEvents, Server as TlsServer } from '../node/server.ts';
import type { TlsOptions } from '../node/server-options.ts';
import type { TLSSocket } from '../node/tls-socket.ts';
import { revealTlsSockets } from './session-sockets.ts';

export * from 'node:http2';
export { type EarlyRequest, type EarlyRequests, isEarly } from '../node/early-requests.ts';

/** Options of `createSecureServer`: those of our TLS server, and of Node's sessions. */
export interface SecureServerOptions
  extends Omit<TlsOptions, 'ALPNProtocols'>,
    EarlyRequestOptions,
    Omit<http2.ServerSessionOptions, keyof TlsOptions> {
  /** Whether clients that do not choose `h2` are served by HTTP/1.1. */
  readonly allowHTTP1?: boolean | undefined;
  readonly origins?: string[] | undefined;
  /** Options of HTTP/1.1, which Node has from 22 on. */
  readonly http1Options?: http.ServerOptions | undefined;
}

type RequestListener = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;

/** Events beside those of the TLS server. */
export interface SecureServerEvents extends Omit<ServerEvents, 'clientError'> {
  request: [request: http2.Http2ServerRequest, response: http2.Http2ServerResponse];
  checkContinue: [request: http2.Http2ServerRequest, response: http2.Http2ServerResponse];
  session: [session: http2.ServerHttp2Session];
  sessionError: [error: Error, session: http2.ServerHttp2Session];
  stream: [stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, flags: number, rawHeaders: string[]];
  unknownProtocol: [socket: TLSSocket];
  clientError: [error: TlsClientError | NodeJS.ErrnoException, socket: TLSSocket];
  timeout: [];
}

/** A server of HTTP/2 over TLS. */
export interface Http2SecureServer extends TlsServer, Pick<http2.Http2SecureServer, 'updateSettings'> {
  setTimeout(milliseconds?: number, listener?: () => void): this;
  /** Milliseconds; 0 for none. */
  timeout: number;
  on: Listening<this, SecureServerEvents>;
  once: Listening<this, SecureServerEvents>;
  addListener: Listening<this, SecureServerEvents>;
  prependListener: Listening<this, SecureServerEvents>;
  prependOnceListener: Listening<this, SecureServerEvents>;
  off: Listening<this, SecureServerEvents>;
  removeListener: Listening<this, SecureServerEvents>;
}

class SecureServer extends (TlsServer as unknown as new (options: TlsOptions) => TlsServer) {
  readonly #sessions = new Set<http2.ServerHttp2Session>();

  constructor(options: SecureServerOptions, listener: RequestListener | undefined) {
    const protocols = options.allowHTTP1 === true ? ['h2', 'http/1.1'] : ['h2'];
    // As in Node, whoever chooses the protocol by himself is not told which there are.
    super({ ...(options as TlsOptions), ...(!isGiven(options.ALPNCallback) && { ALPNProtocols: protocols }) });
    const donor = http2.createServer(options as http2.ServerOptions);
    inheritFrom(this, donor, ['newListener']);
    screenEarlyRequests(this, options);
    if (options.allowHTTP1 === true) {
      const { http1Options } = options;
      inheritFrom(this, http.createServer({ ...options, ...http1Options } as http.ServerOptions), ['listening']);
    }
    for (const serve of donor.listeners('connection')) this.on('secureConnection', serve as (socket: Duplex) => void);
    if (typeof listener === 'function') this.on('request', listener);
    this.on('tlsClientError', (error, socket) => {
      if (!this.emit('clientError', error, socket)) socket.destroy(error);
    });
    this.on('session', (session: http2.ServerHttp2Session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
  }

  /** Stops accepting, lets the requests under way be answered, and resolves when all connections are gone. */
  override drain(options?: { readonly timeout?: number | undefined }): Promise<number> {
    for (const session of this.#sessions) session.close();
    return super.drain(options);
  }
}
borrowMethods(SecureServer.prototype, Object.getPrototypeOf(http2.createSecureServer()) as object);
Object.defineProperty(SecureServer, 'name', { value: 'Http2SecureServer' });

/** Makes a server of HTTP/2 over TLS, as `http2.createSecureServer` does. Throws Node's errors for options that are wrong. */
export function createSecureServer(listener?: RequestListener): Http2SecureServer;
export function createSecureServer(options: SecureServerOptions, listener?: RequestListener): Http2SecureServer;
export function createSecureServer(
  options: SecureServerOptions | RequestListener = {},
  listener?: RequestListener,
): Http2SecureServer {
  if (typeof options !== 'function') checkObject('options', options);
  const server = typeof options === 'function' ? new SecureServer({}, options) : new SecureServer(options, listener);
  return server as unknown as Http2SecureServer;
}

revealTlsSockets();

type Face = Omit<typeof http2, 'createSecureServer'> & { readonly createSecureServer: typeof createSecureServer };

const face: Face = { ...http2, createSecureServer };
export default face;
/** What `require('tsls/http2')` gives: the same object. */
export { face as 'module.exports' };
