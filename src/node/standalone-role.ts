import type { CryptoProvider } from '../crypto/provider.ts';
import { readAlpnProtocols } from './alpn-protocols.ts';
import { isGiven } from './arguments.ts';
import { chooseCrypto } from './crypto-provider.ts';
import { nodeError, type TlsClientError } from './errors.ts';
import { ConnectionPolicy, checkPolicyOptions } from './policy.ts';
import { asSecureContext, createSecureContext } from './secure-context.ts';
import type { StreamRole } from './secure-stream.ts';
import { sessionsOf } from './sessions.ts';
import type { TLSSocket } from './tls-socket.ts';
import type { TLSSocketOptions } from './tls-socket-options.ts';

/**
 * What makes the role of a socket that an application makes itself. Throws `ERR_INVALID_ARG_TYPE` and the like for the
 * options, and what `createSecureContext` throws.
 */
export function standaloneRole(options: TLSSocketOptions): (socket: TLSSocket) => StreamRole {
  if (options.isServer !== true) {
    throw nodeError('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'tsls is a server: a TLSSocket needs isServer: true');
  }
  checkPolicyOptions(options);
  const standard = isGiven(options.secureContext)
    ? asSecureContext(options.secureContext, 'options.secureContext')
    : createSecureContext(options);
  const policyOptions = {
    ...options,
    // As in Node, a socket that was made by hand lets in whom it could not authorize unless told otherwise.
    rejectUnauthorized: options.rejectUnauthorized === true,
    alpnProtocols: readAlpnProtocols(options.ALPNProtocols),
  };
  const contexts = { standard, find: () => undefined };
  const crypto = chooseCrypto(options);
  const sessionOptions = standard.readSessionOptions();
  // A context of the socket's own that says nothing of sessions has those of the server.
  const isShared = !isGiven(options.secureContext) && !Object.values(sessionOptions).some(isGiven);
  const services = { sessions: sessionsOf(options.server, standard, { ...sessionOptions }, isShared) };
  return (socket) => {
    const policy = new ConnectionPolicy(policyOptions, contexts, socket, services);
    return new StandaloneRole(socket, policy, crypto, Boolean(options.onClientHello));
  };
}

/** The part of a connection that belongs to no server of ours: its socket tells everything itself. */
class StandaloneRole implements StreamRole {
  readonly policy: ConnectionPolicy;
  readonly crypto: CryptoProvider;
  readonly mayHandOver: boolean;
  readonly emitsHandshakeErrors = true;
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket, policy: ConnectionPolicy, crypto: CryptoProvider, mayHandOver: boolean) {
    this.policy = policy;
    this.crypto = crypto;
    this.mayHandOver = mayHandOver;
    this.#socket = socket;
    // As in Node: a handshake that fails does not end the process of who listens to the socket once it is secure.
    socket.on('error', unheard);
  }

  reportsFailures(): boolean {
    return true;
  }

  wantsKeylog(): boolean {
    const { server } = this.#socket;
    return this.#socket.listenerCount('keylog') > 0 || (server?.listenerCount('keylog') ?? 0) > 0;
  }

  onKeylog(line: Buffer): void {
    this.#socket.emit('keylog', line);
    this.#socket.server?.emit('keylog', line, this.#socket);
  }

  onHandshake(error: TlsClientError | undefined): void {
    if (error !== undefined) return;
    this.#socket.off('error', unheard);
    this.#socket.emit('secure');
  }
}

const unheard = (): void => {};
