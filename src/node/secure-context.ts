import { nodeCrypto } from '../crypto/node/provider.ts';
import type { ServerConfig } from '../handshake/config.ts';
import { retryCookies } from '../handshake/tls13/retry-cookies.ts';
import { ProtocolVersion, versionName } from '../wire/code-points.ts';
import { invalidArgType } from './arguments.ts';
import { readCipherList } from './cipher-list.ts';
import { type CertificateInput, type KeyInput, type OneOrMany, readCredentials } from './credentials.ts';
import { nodeError } from './errors.ts';
import { readGroups, readSignatureSchemes } from './named-lists.ts';

export type SecureVersion = 'TLSv1.3' | 'TLSv1.2' | 'TLSv1.1' | 'TLSv1';

/** What a secure context is made of; the names and forms are those of `tls.createSecureContext`. */
export interface SecureContextOptions {
  /** Private keys in PEM (encrypted or not), DER, as KeyObjects, or remote. */
  readonly key?: OneOrMany<KeyInput> | undefined;
  /** Certificate chains, one for each key. */
  readonly cert?: OneOrMany<CertificateInput> | undefined;
  readonly passphrase?: string | undefined;
  /** Cipher suites in OpenSSL's list language; TLS 1.3 suites by their names. */
  readonly ciphers?: string | undefined;
  /** Signature schemes between colons. */
  readonly sigalgs?: string | undefined;
  /** Groups between colons, or `auto`. */
  readonly ecdhCurve?: string | undefined;
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  /** Whether our order of suites beats the client's; true by default. */
  readonly honorCipherOrder?: boolean | undefined;
  /** Most bytes of plaintext that clients may put into a record (RFC 8449), 64 to 16,384. */
  readonly recordSizeLimit?: number | undefined;
  /** Zero bytes to hide the length of a TLS 1.3 record of `length` bytes with (RFC 8446 section 5.4). */
  readonly recordPadding?: ((length: number) => number) | number | undefined;
  /** Whether HelloRetryRequests carry a cookie that the client must bring back (RFC 8446 section 4.2.2). */
  readonly statelessRetry?: boolean | undefined;
}

const versions: Readonly<Record<SecureVersion, number>> = {
  TLSv1: ProtocolVersion.tls10,
  'TLSv1.1': ProtocolVersion.tls11,
  'TLSv1.2': ProtocolVersion.tls12,
  'TLSv1.3': ProtocolVersion.tls13,
};

/** Everything about a server that its certificate and its policies are: made once, used by many connections. */
export class SecureContext {
  /** For code that asks Node's contexts for their inner half. */
  readonly context: this = this;
  /** @internal */
  readonly config: ServerConfig;

  /** @internal */
  constructor(config: ServerConfig) {
    this.config = config;
  }
}

/**
 * Makes a secure context. Throws Node's errors: `ERR_INVALID_ARG_TYPE`, `ERR_TLS_INVALID_PROTOCOL_VERSION`,
 * `ERR_SSL_NO_CIPHER_MATCH`, `ERR_OSSL_X509_KEY_VALUES_MISMATCH` and those of the private key.
 */
export function createSecureContext(options: SecureContextOptions = {}): SecureContext {
  if (options === null || typeof options !== 'object') throw invalidArgType('options', 'of type object', options);
  checkStrings(options);
  const cipherSuites = readCipherList(options.ciphers);
  const has = (version: number): boolean => cipherSuites.some((suite) => suite.version === version);
  // As in Node, a list without suites of one version turns that version off.
  const least = has(ProtocolVersion.tls12) ? ProtocolVersion.tls12 : ProtocolVersion.tls13;
  const most = has(ProtocolVersion.tls13) ? ProtocolVersion.tls13 : ProtocolVersion.tls12;
  const minVersion = Math.max(readVersion('minimum', options.minVersion, ProtocolVersion.tls12), least);
  const maxVersion = Math.min(readVersion('maximum', options.maxVersion, ProtocolVersion.tls13), most);
  if (minVersion > maxVersion) {
    throw nodeError(
      'ERR_TLS_INVALID_PROTOCOL_VERSION',
      `no version is left between ${versionName(minVersion)} and ${versionName(maxVersion)}; TLS 1.2 and 1.3 are implemented`,
      TypeError,
    );
  }
  return new SecureContext({
    minVersion,
    maxVersion,
    cipherSuites,
    honorCipherOrder: options.honorCipherOrder !== false,
    groups: readGroups(options.ecdhCurve),
    signatureSchemes: readSignatureSchemes(options.sigalgs),
    credentials: readCredentials(options.key, options.cert, options.passphrase),
    ...readRecordOptions(options),
  });
}

/** A context as it is, or made of its options. Throws what `createSecureContext` throws. */
export function asSecureContext(value: SecureContext | SecureContextOptions): SecureContext {
  return value instanceof SecureContext ? value : createSecureContext(value);
}

function checkStrings(options: SecureContextOptions): void {
  for (const name of ['ciphers', 'sigalgs', 'ecdhCurve', 'passphrase'] as const) {
    const value = options[name];
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw invalidArgType(`options.${name}`, 'of type string', value);
    }
  }
}

function readVersion(which: 'minimum' | 'maximum', name: SecureVersion | undefined, standard: number): number {
  if (name === undefined || name === null) return standard;
  if (Object.hasOwn(versions, name)) return versions[name];
  throw nodeError(
    'ERR_TLS_INVALID_PROTOCOL_VERSION',
    `${JSON.stringify(name)} is not a valid ${which} TLS protocol version`,
    TypeError,
  );
}

function readRecordOptions({
  recordSizeLimit,
  recordPadding,
  statelessRetry,
}: SecureContextOptions): Partial<ServerConfig> {
  if (
    recordSizeLimit !== undefined &&
    !(Number.isInteger(recordSizeLimit) && recordSizeLimit >= 64 && recordSizeLimit <= 16_384)
  ) {
    throw nodeError(
      'ERR_OUT_OF_RANGE',
      'The value of "options.recordSizeLimit" is out of range. It must be >= 64 && <= 16384.',
      RangeError,
    );
  }
  const padding = typeof recordPadding === 'number' ? padTo(recordPadding) : recordPadding;
  if (padding !== undefined && typeof padding !== 'function') {
    throw invalidArgType('options.recordPadding', 'of type number or function', padding);
  }
  return {
    ...(recordSizeLimit !== undefined && { recordSizeLimit }),
    ...(padding && { padding }),
    ...(statelessRetry && { retryCookies: retryCookies(nodeCrypto) }),
  };
}

/** Padding up to a multiple of `block` bytes. */
const padTo =
  (block: number) =>
  (length: number): number =>
    block > 1 ? (block - (length % block)) % block : 0;
