import type { BlockList, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CryptoProvider } from '../crypto/provider.ts';
import { admission } from './admission.ts';
import { readAlpnProtocols, writeAlpnProtocols } from './alpn-protocols.ts';
import { isGiven } from './arguments.ts';
import type { SecureContextOptions } from './context-options.ts';
import { chooseCrypto } from './crypto-provider.ts';
import type { HandshakeTimes } from './handshake-deadline.ts';
import { type NamedContext, NamedContexts } from './named-contexts.ts';
import { OpenSockets } from './open-sockets.ts';
import { defaultMessageTimeout, PendingHandshakes } from './pending-handshakes.ts';
import type { ContextSource, PolicyOptions, ServerServices } from './policy.ts';
import { refuse } from './refusals.ts';
import { asSecureContext, createSecureContext, type SecureContext } from './secure-context.ts';
import { checkServerOptions, type HostPolicy, type TlsOptions } from './server-options.ts';
import { ServerRole } from './server-role.ts';
import { ServerCounters, type ServerStatistics } from './server-statistics.ts';
import { keepSessions, ServerSessions } from './sessions.ts';
import { readOcspStapling, StapleKeeper } from './staple-keeper.ts';
import { stapling } from './stapling.ts';
import { TLSSocket } from './tls-socket.ts';

const defaultHandshakeTimeout = 120_000;

/** The TLS half of a server: its contexts, and the connections that it makes TLS of. */
export class Acceptor implements ContextSource {
  readonly options: TlsOptions;
  readonly policyOptions: PolicyOptions;
  readonly handshakeTimes: HandshakeTimes;
  /** Sockets from `accept` until they are over. */
  readonly sockets: OpenSockets = new OpenSockets();
  /** Those of them whose handshake is not done. */
  readonly pending: PendingHandshakes;
  readonly counters: ServerCounters = new ServerCounters();
  readonly sessions: ServerSessions;
  readonly services: ServerServices;
  readonly crypto: CryptoProvider;
  readonly #names = new NamedContexts();
  readonly #staples: StapleKeeper | undefined;
  readonly #server: Server;
  #standard: SecureContext;

  /** Throws Node's errors for options that are wrong. */
  constructor(server: Server, options: TlsOptions) {
    checkServerOptions(options);
    this.#server = server;
    this.options = options;
    this.handshakeTimes = {
      whole: options.handshakeTimeout || defaultHandshakeTimeout,
      message: options.handshakeMessageTimeout ?? defaultMessageTimeout,
    };
    this.pending = new PendingHandshakes(options);
    this.#standard = isGiven(options.secureContext)
      ? asSecureContext(options.secureContext, 'options.secureContext')
      : createSecureContext(options);
    this.crypto = chooseCrypto(options);
    // As in Node, they may be part of a context that was made before.
    const sessionOptions = { ...definedIn(this.#standard.readSessionOptions()), ...definedIn(options) };
    this.sessions = new ServerSessions(server, sessionOptions, undefined, this.crypto);
    keepSessions(server, this.sessions);
    const settings = readOcspStapling(options.ocspStapling);
    this.#staples = settings && new StapleKeeper(settings);
    this.services = { sessions: this.sessions, staple: stapling(server, this.#staples) };
    if (this.#staples) {
      server.on('listening', () => this.#pinStaples());
      server.on('close', () => this.#staples?.stop());
    }
    this.policyOptions = {
      ...options,
      alpnProtocols: readAlpnProtocols(options.ALPNProtocols),
      npnProtocols: readAlpnProtocols(options.NPNProtocols),
    };
  }

  /** The options that Node's servers show on themselves. */
  visibleOptions(): object {
    const { requestCert, rejectUnauthorized, ALPNCallback } = this.options;
    const { alpnProtocols } = this.policyOptions;
    return {
      requestCert: requestCert === true,
      rejectUnauthorized: rejectUnauthorized !== false,
      ALPNCallback,
      ...(alpnProtocols && { ALPNProtocols: writeAlpnProtocols(alpnProtocols) }),
    };
  }

  get standard(): SecureContext {
    return this.#standard;
  }

  find(serverName: string): NamedContext | undefined {
    return this.#names.find(serverName);
  }

  addContext(hostname: string, context: SecureContext | SecureContextOptions, policy: HostPolicy = {}): void {
    const { ALPNProtocols, requestCert, rejectUnauthorized } = policy;
    const alpnProtocols = isGiven(ALPNProtocols) ? (readAlpnProtocols(ALPNProtocols) ?? []) : undefined;
    this.#names.add(hostname, {
      context: asSecureContext(context),
      ...{ alpnProtocols, requestCert, rejectUnauthorized },
    });
  }

  replaceContext(hostname: string, context: SecureContext | SecureContextOptions): boolean {
    return this.#names.replace(hostname, asSecureContext(context));
  }

  removeContext(hostname: string): boolean {
    return this.#names.remove(hostname);
  }

  setSecureContext(context: SecureContext | SecureContextOptions): void {
    this.#standard = asSecureContext(context);
    this.sessions.update(this.#standard.readSessionOptions());
    if (this.#server.listening) this.#pinStaples();
  }

  /** The responses for our own context are there before a client asks. */
  #pinStaples(): void {
    this.#staples?.pin(this.#standard.config.credentials);
  }

  /** Makes TLS of a connection: one that the server accepted, or any stream that is emitted as `connection`. */
  accept(server: Server, stream: Duplex): void {
    if (isBlocked(this.options.blockList, stream)) {
      stream.destroy();
      return;
    }
    this.counters.accepted++;
    const network = this.pending.networkOf(stream);
    const refusal = this.pending.refuse(network);
    if (refusal !== undefined) {
      this.counters.refused[refusal]++;
      return refuse(server, stream, refusal);
    }
    // Whoever else listens, or emitted the event, may hold on to the socket, which must then stay what it is.
    const isOurs = (stream as { server?: unknown }).server === server;
    const ownsTransport = isOurs && server.listenerCount('connection') === 1;
    const role = (socket: TLSSocket): ServerRole => new ServerRole(server, this, socket, network);
    new TLSSocket(stream, this.options, { ownsTransport, server, role });
  }

  /** What was counted so far. */
  statistics(): ServerStatistics {
    return this.counters.snapshot({
      connections: this.sockets.size,
      pendingHandshakes: this.pending.size,
      waitingHandshakes: admission.waiting,
    });
  }
}

/** net.Server asks the list itself only from Node 22.13 on. */
function isBlocked(list: BlockList | undefined, stream: Duplex): boolean {
  if (!list) return false; // before the kernel is asked for the address
  const { remoteAddress, remoteFamily } = stream as { remoteAddress?: string; remoteFamily?: string };
  if (remoteAddress === undefined) return false;
  return list.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4');
}

/** Without those that are there in name only. */
const definedIn = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => isGiven(value))) as Partial<T>;
