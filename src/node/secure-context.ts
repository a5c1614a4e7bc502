import type { ServerConfig } from '../handshake/config.ts';
import { checkObject } from './arguments.ts';
import { readCipherList } from './cipher-list.ts';
import { ClientTrust } from './client-trust.ts';
import { checkContextOptions, readRecordOptions, type SecureContextOptions } from './context-options.ts';
import { credentialOf, readCredentials } from './credentials.ts';
import { defaults } from './defaults.ts';
import { readFiniteFields } from './dh-parameters.ts';
import { nodeError } from './errors.ts';
import { readGroups, readSignatureSchemes } from './named-lists.ts';
import { readPfx } from './pfx.ts';
import { readVersions, type SecureVersion } from './protocol-versions.ts';
import { readSecureOptions } from './secure-options.ts';
import { checkKeysAtLevel, defaultSecurityLevel, groupsAtLevel } from './security-level.ts';
import { type ContextSessionOptions, readSessionOptions } from './sessions.ts';

class Context {
  /** For code that asks Node's contexts for their inner half. */
  readonly context: this = this;
  /** @internal */
  readonly config: ServerConfig;
  /** @internal */
  readonly clientTrust: ClientTrust;
  readonly #sessionOptions: ContextSessionOptions;

  /** @internal */
  constructor(config: ServerConfig, clientTrust: ClientTrust, sessionOptions: ContextSessionOptions) {
    this.#sessionOptions = sessionOptions;
    this.config = config;
    this.clientTrust = clientTrust;
  }

  /** Ticket keys are among them, which inspection is not to show. @internal */
  readSessionOptions(): ContextSessionOptions {
    return this.#sessionOptions;
  }
}

/** Everything about a server that its certificate and its policies are: made once, used by many connections. */
export interface SecureContext extends Context {}

/** Callable with and without `new`, with the arguments of Node's own; `createSecureContext` makes those of use. */
export interface SecureContextConstructor {
  new (method?: string, secureOptions?: number, minVersion?: SecureVersion, maxVersion?: SecureVersion): SecureContext;
  (method?: string, secureOptions?: number, minVersion?: SecureVersion, maxVersion?: SecureVersion): SecureContext;
  readonly prototype: SecureContext;
}

function construct(
  secureProtocol?: string,
  secureOptions?: number,
  minVersion?: SecureVersion,
  maxVersion?: SecureVersion,
): SecureContext {
  return createSecureContext({ secureProtocol, secureOptions, minVersion, maxVersion });
}

export const SecureContext: SecureContextConstructor = Object.defineProperties(construct, {
  name: { value: 'SecureContext' },
  prototype: { value: Context.prototype },
}) as unknown as SecureContextConstructor;
Object.defineProperty(Context.prototype, 'constructor', { value: SecureContext, writable: true, configurable: true });

/**
 * Makes a secure context. Throws Node's errors: `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 * `ERR_TLS_INVALID_PROTOCOL_VERSION`, `ERR_SSL_NO_CIPHER_MATCH`, `ERR_OSSL_X509_KEY_VALUES_MISMATCH` and those of the
 * private key.
 */
export function createSecureContext(options?: SecureContextOptions | null): SecureContext {
  if (options === undefined || options === null) return createSecureContext({});
  checkObject('options', options);
  checkContextOptions(options);
  const switches = readSecureOptions(options.secureOptions);
  const pfx = readPfx(options.pfx, options.passphrase);
  const { suites, securityLevel } = readCipherList(options.ciphers);
  const level = securityLevel ?? defaultSecurityLevel;
  const trust = new ClientTrust(options, level, pfx.authorities);
  const { authorities } = trust;
  const credentials = [
    // Of two identities of a kind OpenSSL keeps the one loaded last, which in Node is that of the PFX.
    ...pfx.identities.map(({ chain, signer }) => credentialOf(chain, signer, authorities)),
    ...readCredentials(options.key, options.cert, options.passphrase, authorities),
  ];
  checkKeysAtLevel(level, credentials);
  const config: ServerConfig = {
    ...readVersions(options, switches, suites),
    cipherSuites: suites,
    honorCipherOrder: options.honorCipherOrder !== false || switches.honorCipherOrder,
    groups: groupsAtLevel(level, readGroups(options.ecdhCurve ?? defaults.ecdhCurve)),
    finiteFields: readFiniteFields(options.dhparam, level, credentials),
    signatureSchemes: readSignatureSchemes(options.sigalgs),
    credentials,
    ...(switches.prioritizeChaCha && { prioritizeChaCha: true }),
    ...(switches.allowsPskOnly && { allowsPskOnly: true }),
    ...readRecordOptions(options),
  };
  return new Context(config, trust, readSessionOptions(options));
}

/** Contexts that others made, for those who know how to make ours of them. */
const foreignContexts = new WeakMap<object, () => SecureContext>();

/** Lets `foreign`, a context of node:tls, stand for one of ours, which is made when it is first needed. */
export function adoptContext(foreign: object, make: () => SecureContext): void {
  let made: SecureContext | undefined;
  foreignContexts.set(foreign, () => {
    made ??= make();
    return made;
  });
}

/** A context as it is, or made of its options. Throws `ERR_TLS_INVALID_CONTEXT`, and as `createSecureContext`. */
export function asSecureContext(value: SecureContext | SecureContextOptions, name = 'context'): SecureContext {
  if (value instanceof Context) return value;
  checkObject('options', value);
  const adopted = foreignContexts.get(value);
  if (adopted !== undefined) return adopted();
  // A context of node:tls keeps its key and certificate to itself.
  if ('context' in value) {
    throw nodeError('ERR_TLS_INVALID_CONTEXT', `${name} must be a SecureContext of tsls`, TypeError);
  }
  return createSecureContext(value);
}
