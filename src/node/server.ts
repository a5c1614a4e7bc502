import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { invalidArgType, nodeError, type TlsClientError } from './errors.ts';
import { type PolicyOptions, readAlpnProtocols, serverPolicy } from './policy.ts';
import { createSecureContext, type SecureContext, type SecureContextOptions } from './secure-context.ts';
import type { StreamRole } from './secure-stream.ts';
import { type ServerSide, TLSSocket } from './tls-socket.ts';

/** Options of `createServer`: those of `net.createServer`, of `createSecureContext`, and what concerns connections. */
export interface TlsOptions extends net.ServerOpts, SecureContextOptions, Omit<PolicyOptions, 'alpnProtocols'> {
  /** Protocols in our order: names, or the wire format. Not together with `ALPNCallback`. */
  readonly ALPNProtocols?: readonly string[] | Uint8Array | undefined;
  /** Milliseconds that a handshake may take; 120,000 by default. */
  readonly handshakeTimeout?: number | undefined;
  /** A context made before, instead of its options. */
  readonly secureContext?: SecureContext | undefined;
}

/** Events beside those of `net.Server`. */
export interface ServerEvents {
  /** A handshake is done. */
  secureConnection: [socket: TLSSocket];
  /** A handshake failed; the socket is destroyed already or about to be. */
  tlsClientError: [error: TlsClientError, socket: TLSSocket];
  /** A line of the NSS key log, for debuggers. */
  keylog: [line: Buffer, socket: TLSSocket];
}

type Listener<K extends keyof ServerEvents> = (...args: ServerEvents[K]) => void;
type AnyListener = (...args: never[]) => void;

/** The methods of an event emitter, told which events there are. */
interface ServerListening<Self> {
  <K extends keyof ServerEvents>(event: K, listener: Listener<K>): Self;
  (event: string | symbol, listener: AnyListener): Self;
}

/** A `net.Server` whose connections are TLS. */
export class Server extends net.Server {
  declare on: ServerListening<this>;
  declare once: ServerListening<this>;
  declare addListener: ServerListening<this>;
  declare prependListener: ServerListening<this>;
  declare off: ServerListening<this>;
  declare removeListener: ServerListening<this>;
  readonly #context: SecureContext;
  readonly #options: TlsOptions;
  readonly #role: ServerSide['role'];
  readonly #handshakeTimeout: number;

  /** Throws Node's errors for options that are wrong. */
  constructor(options: TlsOptions | ((socket: TLSSocket) => void) = {}, listener?: (socket: TLSSocket) => void) {
    const given = typeof options === 'function' ? {} : options;
    const onConnection = typeof options === 'function' ? options : listener;
    if (given === null || typeof given !== 'object') throw invalidArgType('options', 'of type object', given);
    super(given);
    checkOptions(given);
    this.#options = given;
    this.#handshakeTimeout = given.handshakeTimeout || defaultHandshakeTimeout;
    this.#context = given.secureContext ?? createSecureContext(given);
    const policyOptions = { ...given, alpnProtocols: readAlpnProtocols(given.ALPNProtocols) };
    const policy = serverPolicy(policyOptions, () => this.#context);
    this.#role = (socket) => this.#makeRole(socket, policy);
    this.on('connection', (socket: Duplex) => this.#accept(socket));
    if (onConnection) this.on('secureConnection', onConnection);
  }

  /** Makes TLS of a connection: one accepted by this server, or any stream that is emitted as `connection`. */
  #accept(stream: Duplex): void {
    // Another listener may hold on to the socket, which must then stay what it is.
    const ownsTransport = this.listenerCount('connection') === 1;
    new TLSSocket(stream, this.#options, { ownsTransport, role: this.#role });
  }

  #makeRole(socket: TLSSocket, policy: StreamRole['policy']): StreamRole {
    return {
      policy,
      emitsHandshakeErrors: false,
      handshakeTimeout: this.#handshakeTimeout,
      wantsKeylog: () => this.listenerCount('keylog') > 0 || socket.listenerCount('keylog') > 0,
      onKeylog: (line) => {
        socket.emit('keylog', line);
        this.emit('keylog', line, socket);
      },
      onHandshake: (error) => {
        if (error) this.emit('tlsClientError', error, socket);
        else {
          socket.emit('secure');
          this.emit('secureConnection', socket);
        }
      },
    };
  }
}

const defaultHandshakeTimeout = 120_000;
/** What a timer can wait at most. */
const longestTimeout = 2 ** 31 - 1;

/**
 * Options of node:tls that are not implemented and whose silent absence would change what a server lets in or does.
 * `false` asks for nothing.
 */
const notImplemented = [
  'requestCert',
  'pfx',
  'crl',
  'pskCallback',
  'NPNProtocols',
  'secureProtocol',
  'clientCertEngine',
  'privateKeyEngine',
  'privateKeyIdentifier',
] as const;

function checkOptions(options: TlsOptions): void {
  const { handshakeTimeout, ALPNCallback, ALPNProtocols, ...callbacks } = options;
  for (const name of notImplemented) {
    if ((options as Record<string, unknown>)[name]) {
      throw nodeError('ERR_TLS_OPTION_NOT_IMPLEMENTED', `tsls does not implement options.${name} yet`);
    }
  }
  if (handshakeTimeout !== undefined) {
    if (typeof handshakeTimeout !== 'number') {
      throw invalidArgType('options.handshakeTimeout', 'of type number', handshakeTimeout);
    }
    if (handshakeTimeout < 0 || handshakeTimeout > longestTimeout) {
      const message = `The value of "options.handshakeTimeout" is out of range. It must be >= 0 && <= ${longestTimeout}.`;
      throw nodeError('ERR_OUT_OF_RANGE', `${message} Received ${handshakeTimeout}`, RangeError);
    }
  }
  if (ALPNCallback !== undefined && typeof ALPNCallback !== 'function') {
    throw invalidArgType('options.ALPNCallback', 'of type function', ALPNCallback);
  }
  if (ALPNCallback && ALPNProtocols) {
    const message = 'The ALPNCallback and ALPNProtocols TLS options are mutually exclusive';
    throw nodeError('ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS', message, TypeError);
  }
  for (const name of ['SNICallback', 'onClientHello'] as const) {
    const callback = callbacks[name];
    if (callback !== undefined && typeof callback !== 'function') {
      throw invalidArgType(`options.${name}`, 'of type function', callback);
    }
  }
}

/** Makes a server, as `tls.createServer` does; `listener` hears `secureConnection`. */
export function createServer(listener?: (socket: TLSSocket) => void): Server;
export function createServer(options: TlsOptions, listener?: (socket: TLSSocket) => void): Server;
export function createServer(
  options?: TlsOptions | ((socket: TLSSocket) => void),
  listener?: (socket: TLSSocket) => void,
): Server {
  return new Server(options, listener);
}
