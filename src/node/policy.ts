import type { Duplex } from 'node:stream';
import { isPromise, type MaybePromise } from '../crypto/maybe-promise.ts';
import type { ClientAuthentication, Policy, ServerConfig } from '../handshake/config.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { AlertDescription, type AlertName, screamingCase, TlsAlert } from '../wire/alert.ts';
import { printable } from '../wire/printable.ts';
import { admission } from './admission.ts';
import { type AlpnProtocols, readAlpnProtocols } from './alpn-protocols.ts';
import { checkFunction, invalidArgValue, isGiven } from './arguments.ts';
import { type VerifyClient, withVerifier } from './client-verifier.ts';
import type { SecureContextOptions } from './context-options.ts';
import { nodeError } from './errors.ts';
import type { NamedContext, NamePolicy } from './named-contexts.ts';
import { externalPsks, type PskOptions } from './pre-shared-keys.ts';
import { asSecureContext, type SecureContext } from './secure-context.ts';
import { checkStrictName } from './strict-names.ts';
import type { TLSSocket } from './tls-socket.ts';

/** What `onClientHello` may answer, now or later; whatever it leaves out is as the server has it. */
export interface ConnectionChoice {
  readonly secureContext?: SecureContext | SecureContextOptions | undefined;
  /** Protocols in our order, as `ALPNProtocols` of a server has them; an empty list means to choose none. */
  readonly ALPNProtocols?: AlpnProtocols | undefined;
  /** Whether the client is asked for a certificate, and refused without one that is authorized. */
  readonly requestCert?: boolean | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Ends the handshake with an alert, by its name in the registry (`access_denied`). */
export interface HelloRejection {
  readonly alert: string;
  /** Why, for the server's own error; the client gets the alert only. */
  readonly message?: string | undefined;
}

/** Does without TLS: the connection as it came, its first bytes still to be read, for example to pass it on by name. */
export interface HandOver {
  handOver(stream: Duplex): void;
}

export type HelloAnswer = ConnectionChoice | HelloRejection | HandOver | undefined;
export type OnClientHello = (this: TLSSocket, hello: ClientHello) => MaybePromise<HelloAnswer>;
export type SniCallback = (
  this: TLSSocket,
  servername: string,
  callback: (error: Error | null, context?: SecureContext | SecureContextOptions | null) => void,
) => unknown;
export type AlpnCallback = (
  this: TLSSocket,
  offer: { servername: string; protocols: string[] },
) => MaybePromise<string | undefined>;

/** The part of a server's options that is asked anew for every connection. */
export interface PolicyOptions extends PskOptions {
  readonly onClientHello?: OnClientHello | undefined;
  readonly SNICallback?: SniCallback | undefined;
  readonly ALPNCallback?: AlpnCallback | undefined;
  readonly alpnProtocols?: readonly string[] | undefined;
  readonly npnProtocols?: readonly string[] | undefined;
  /** Whether clients are asked for a certificate. */
  readonly requestCert?: boolean | undefined;
  /** Whether a client is refused that was asked and has none that is authorized; true by default on a server. */
  readonly rejectUnauthorized?: boolean | undefined;
  /**
   * Whether clients are refused that ask for no host, or for one that has no context and is not in the server's own
   * certificate; by default they get that certificate.
   */
  readonly strictSNI?: boolean | undefined;
  /** Whether the early data of this client is welcome (0-RTT); it is where `maxEarlyData` is set and nobody asks. */
  readonly acceptEarlyData?: ((hello: ClientHello) => MaybePromise<boolean>) | undefined;
  /** The application's own judgement of client certificates. */
  readonly verifyClient?: VerifyClient | undefined;
}

/** Where a connection's context comes from when no callback chooses one. */
export interface ContextSource {
  readonly standard: SecureContext;
  /** The context for a host that the client asks for, if it has one of its own. */
  find(serverName: string): NamedContext | undefined;
}

/** Throws Node's errors for callbacks that are none, and for two ways to choose the protocol. */
export function checkPolicyOptions(options: PolicyOptions & { readonly ALPNProtocols?: unknown }): void {
  for (const name of ['ALPNCallback', 'SNICallback', 'onClientHello', 'verifyClient', 'acceptEarlyData'] as const) {
    if (isGiven(options[name])) checkFunction(`options.${name}`, options[name]);
  }
  if (options.ALPNCallback && options.ALPNProtocols) {
    const message = 'The ALPNCallback and ALPNProtocols TLS options are mutually exclusive';
    throw nodeError('ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS', message, TypeError);
  }
}

/** What a server does for all of its connections: sessions and staples. */
export type ServerServices = Pick<Policy, 'sessions' | 'staple'>;

/** The application's decisions for one connection: hook, then SNI, then ALPN. */
export class ConnectionPolicy implements Policy {
  readonly #options: PolicyOptions;
  readonly #contexts: ContextSource;
  /** What callbacks have as `this`: the socket. */
  readonly #self: TLSSocket;
  /** The context that was chosen. */
  #context: SecureContext;
  /** Credentials that a callback chose instead of the context's. */
  #credentials: ServerConfig['credentials'] | undefined;
  readonly sessions: Policy['sessions'];
  readonly staple: Policy['staple'];
  readonly #externalPsk: Policy['externalPsk'];
  /** Whether the client has to show a certificate. */
  #requiresCertificate = false;
  readonly acceptEarlyData: Policy['acceptEarlyData'];

  constructor(options: PolicyOptions, contexts: ContextSource, self: TLSSocket, services: ServerServices = {}) {
    this.sessions = services.sessions;
    this.staple = services.staple;
    this.#externalPsk = externalPsks(options.pskCallback, self);
    const { acceptEarlyData } = options;
    this.acceptEarlyData = isGiven(acceptEarlyData) ? (hello) => acceptEarlyData.call(self, hello) : undefined;
    this.#options = options;
    this.#contexts = contexts;
    this.#context = contexts.standard;
    this.#self = self;
  }

  /**
   * Where a certificate is required, no key stands for it, as in Node since 24: who uses one cannot be asked for a
   * certificate (RFC 8446 section 4.3.2, RFC 5246 section 7.4.4).
   */
  get externalPsk(): Policy['externalPsk'] {
    return this.#requiresCertificate ? undefined : this.#externalPsk;
  }

  admit(): MaybePromise<void> {
    return admission.admit();
  }

  configure(hello: ClientHello): MaybePromise<ServerConfig> {
    const { onClientHello } = this.#options;
    if (!isGiven(onClientHello)) return this.#choose(hello, undefined);
    const choice = onClientHello.call(this.#self, hello);
    return isPromise(choice)
      ? Promise.resolve(choice).then((made) => this.#choose(hello, made))
      : this.#choose(hello, choice);
  }

  /** Shows another certificate than the one of the context that is chosen, or is going to be. */
  setKeyCert(context: SecureContext): void {
    this.#credentials = context.config.credentials;
  }

  #choose(hello: ClientHello, answer: HelloAnswer | null): MaybePromise<ServerConfig> {
    const choice = answer ?? undefined;
    if (choice !== undefined && 'alert' in choice) throw rejection(choice);
    if (choice !== undefined && 'handOver' in choice) {
      this.#self.handOver((stream) => choice.handOver(stream));
      return new Promise(() => {}); // nobody waits for it any more
    }
    if (isGiven(this.#options.onClientHello)) this.#self.forgetInput();
    const chosen = choice?.secureContext;
    if (isGiven(chosen)) return this.#configOf(asSecureContext(chosen), choice);
    const finish = (named: NamedContext | undefined): ServerConfig => {
      if (named === undefined && this.#options.strictSNI) checkStrictName(hello, this.#contexts.standard);
      return this.#configOf(named?.context ?? this.#contexts.standard, choice, named);
    };
    const { serverName } = hello.offers;
    if (serverName === undefined) return finish(undefined);
    const { SNICallback } = this.#options;
    if (!isGiven(SNICallback)) return finish(this.#contexts.find(serverName));
    return askSni(SNICallback, this.#self, serverName).then((context) => finish(context && { context }));
  }

  /** The hook's choice comes before the name's policy, and that before the server's. */
  #configOf(context: SecureContext, choice: ConnectionChoice | undefined, named?: NamePolicy): ServerConfig {
    this.#context = context;
    const { npnProtocols: npn, pskIdentityHint: hint } = this.#options;
    const protocols = choice?.ALPNProtocols;
    const alpn = this.#alpn(isGiven(protocols) ? (readAlpnProtocols(protocols) ?? []) : named?.alpnProtocols);
    const clientAuth = this.#clientAuth(context, {
      requestCert: choice?.requestCert ?? named?.requestCert,
      rejectUnauthorized: choice?.rejectUnauthorized ?? named?.rejectUnauthorized,
    });
    this.#requiresCertificate = clientAuth?.isRequired === true;
    const isPlain = !(alpn || npn || clientAuth || hint || this.#credentials);
    if (isPlain && !isGiven(this.#options.ALPNCallback)) return context.config;
    const config = {
      ...context.config,
      ...(alpn && { alpn }),
      ...(npn && { npn }),
      ...(clientAuth && { clientAuth }),
      ...(hint && { pskIdentityHint: Buffer.from(hint) }),
    };
    if (!isGiven(this.#options.ALPNCallback)) {
      return this.#credentials ? { ...config, credentials: this.#credentials } : config;
    }
    // The callback, which is still to come, may call setKeyCert.
    const chosen = (): ServerConfig['credentials'] => this.#credentials ?? context.config.credentials;
    return Object.defineProperty(config, 'credentials', { enumerable: true, get: chosen });
  }

  /** How a client can be asked for a certificate: its judges are the chosen context and the application. */
  authentication(isRequired: boolean, context: SecureContext = this.#context): ClientAuthentication {
    const auth = context.clientTrust.authentication(isRequired);
    const { verifyClient } = this.#options;
    return isGiven(verifyClient) ? withVerifier(auth, verifyClient, this.#self) : auth;
  }

  /** Whom the client has to be: of an authority of the context's, and to the application's liking. */
  #clientAuth(context: SecureContext, choice: NamePolicy): ClientAuthentication | undefined {
    const { requestCert, rejectUnauthorized } = this.#options;
    if (!(choice.requestCert ?? requestCert)) return undefined;
    return this.authentication((choice.rejectUnauthorized ?? rejectUnauthorized) !== false, context);
  }

  #alpn(chosen: readonly string[] | undefined): ServerConfig['alpn'] {
    if (chosen !== undefined) return chosen.length > 0 ? chosen : undefined;
    const { ALPNCallback, alpnProtocols } = this.#options;
    if (!isGiven(ALPNCallback)) return alpnProtocols;
    return (protocols, hello) => {
      const offer = { servername: hello.offers.serverName ?? '', protocols: [...protocols] };
      const answer = ALPNCallback.call(this.#self, offer);
      const check = (protocol: string | undefined): string | undefined => checkAlpn(protocol, protocols);
      return isPromise(answer) ? Promise.resolve(answer).then(check) : check(answer);
    };
  }
}

function rejection({ alert, message = 'onClientHello refused the client' }: HelloRejection): Error {
  const name = (Object.keys(AlertDescription) as AlertName[]).find((key) => screamingCase(key).toLowerCase() === alert);
  if (name === undefined)
    return invalidArgValue('alert', alert, "must be the name of an alert, such as 'access_denied'");
  return new TlsAlert(name, message, { code: 'ERR_TLS_CLIENT_HELLO_REJECTED' });
}

/** Asks an SNICallback, which may call back now, later, or reject where it is an async function. */
function askSni(callback: SniCallback, self: TLSSocket, serverName: string): Promise<SecureContext | undefined> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, context?: SecureContext | SecureContextOptions | null): void => {
      if (error) return reject(error);
      try {
        // As in Node, whatever is falsy is none.
        resolve(context ? chosenContext(context) : undefined);
      } catch (cause) {
        reject(nodeError('ERR_TLS_INVALID_CONTEXT', 'Invalid SNI context', TypeError, { cause }));
      }
    };
    const result = callback.call(self, serverName, answered);
    if (isPromise(result)) Promise.resolve(result).catch(reject);
  });
}

/** The context that a callback chose; one made of options without a certificate could serve nobody. */
function chosenContext(value: SecureContext | SecureContextOptions): SecureContext {
  const context = asSecureContext(value);
  if (context !== value && context.config.credentials.length === 0 && !('context' in value)) {
    throw new TypeError('neither a secure context nor options with key and cert');
  }
  return context;
}

function checkAlpn(protocol: string | undefined | null, offered: readonly string[]): string | undefined {
  if (protocol === undefined || protocol === null) return undefined;
  if (offered.includes(protocol)) return protocol;
  throw nodeError(
    'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT',
    `ALPN callback returned a value (${protocol}) that did not match any of the client's offered protocols (${printable(offered.join(', '))})`,
    TypeError,
  );
}
