import { nodeCrypto } from '../crypto/node/provider.ts';
import type { ServerConfig } from '../handshake/config.ts';
import { retryCookies } from '../handshake/tls13/retry-cookies.ts';
import {
  checkBoolean,
  checkMaterial,
  checkNumber,
  checkString,
  invalidArgType,
  invalidArgValue,
  isGiven,
} from './arguments.ts';
import { type CertificateCompressionAlgorithm, readCertificateCompression } from './certificate-compression.ts';
import type { ClientTrustOptions } from './client-trust.ts';
import type { CertificateInput, KeyInput, LockedKey, OneOrMany } from './credentials.ts';
import { nodeError } from './errors.ts';
import type { PfxInput } from './pfx.ts';
import type { VersionOptions } from './protocol-versions.ts';
import type { ContextSessionOptions } from './sessions.ts';

/** What a secure context is made of; the names and forms are those of `tls.createSecureContext`. */
export interface SecureContextOptions extends VersionOptions, ClientTrustOptions, ContextSessionOptions {
  /** Private keys in PEM (encrypted or not), DER, as KeyObjects, or remote. */
  readonly key?: KeyInput | readonly (KeyInput | LockedKey)[] | undefined;
  /** Certificate chains, one for each key. */
  readonly cert?: OneOrMany<CertificateInput> | undefined;
  /** Keys with their certificates in PKCS #12 files; their other certificates are authorities for clients. */
  readonly pfx?: OneOrMany<PfxInput> | undefined;
  readonly passphrase?: string | undefined;
  /** Cipher suites in OpenSSL's list language; TLS 1.3 suites by their names. */
  readonly ciphers?: string | undefined;
  /** Signature schemes between colons. */
  readonly sigalgs?: string | undefined;
  /** Groups between colons, or `auto`. */
  readonly ecdhCurve?: string | undefined;
  /**
   * Parameters of finite-field Diffie-Hellman in PEM, or `auto` for those of RFC 7919, without which there is no suite
   * with DHE.
   */
  readonly dhparam?: string | NodeJS.ArrayBufferView | undefined;
  /** Whether our order of suites beats the client's; true by default. */
  readonly honorCipherOrder?: boolean | undefined;
  /** OpenSSL's switches, `SSL_OP_…` of `crypto.constants`. */
  readonly secureOptions?: number | undefined;
  /** Most bytes of plaintext that clients may put into a record (RFC 8449), 64 to 16,384. */
  readonly recordSizeLimit?: number | undefined;
  /** Zero bytes to hide the length of a TLS 1.3 record of `length` bytes with (RFC 8446 section 5.4). */
  readonly recordPadding?: ((length: number) => number) | number | undefined;
  /** Whether the records of a connection begin short, for a packet each, and grow while data flows; true by default. */
  readonly dynamicRecordSizing?: boolean | undefined;
  /** How certificates may be compressed for clients of TLS 1.3 that take it, and theirs for us (RFC 8879). */
  readonly certificateCompression?: readonly CertificateCompressionAlgorithm[] | undefined;
  /** Whether HelloRetryRequests carry a cookie that the client must bring back (RFC 8446 section 4.2.2). */
  readonly statelessRetry?: boolean | undefined;
}

/** Options of node:tls that this type does not have, since nothing but their absence is implemented. */
interface RefusedOptions {
  readonly clientCertEngine?: unknown;
  readonly privateKeyEngine?: unknown;
  readonly privateKeyIdentifier?: unknown;
}

/** Throws Node's errors for what has a wrong type, and for keys in engines of OpenSSL. */
export function checkContextOptions(options: SecureContextOptions & RefusedOptions): void {
  for (const name of ['ciphers', 'sigalgs'] as const) {
    if (isGiven(options[name])) checkString(`options.${name}`, options[name]);
  }
  if (options.sigalgs === '') throw invalidArgValue('options.sigalgs', '');
  if (options.ecdhCurve !== undefined) checkString('options.ecdhCurve', options.ecdhCurve);
  if (isGiven(options.key) && isGiven(options.passphrase)) checkString('options.passphrase', options.passphrase);
  if (isGiven(options.dhparam)) checkMaterial('options.dhparam', options.dhparam);
  refuseEngines(options);
}

/** Keys in OpenSSL's engines are out of reach: a key may sign elsewhere by a function instead. */
function refuseEngines({ clientCertEngine, privateKeyEngine, privateKeyIdentifier }: RefusedOptions): void {
  if (isGiven(privateKeyIdentifier) && !isGiven(privateKeyEngine)) {
    throw invalidArgValue('options.privateKeyEngine', privateKeyEngine);
  }
  const engines = { clientCertEngine, privateKeyEngine, privateKeyIdentifier };
  for (const [name, value] of Object.entries(engines)) {
    if (!isGiven(value)) continue;
    if (typeof value !== 'string') {
      throw invalidArgType(`options.${name}`, 'of type string or one of null or undefined', value);
    }
    throw nodeError(
      'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED',
      `tsls has no engines of OpenSSL: instead of options.${name}, give a key with a sign function`,
    );
  }
}

/** The part of a configuration that concerns records, retries and the compression of certificates. */
export function readRecordOptions(options: SecureContextOptions): Partial<ServerConfig> {
  const { recordSizeLimit, recordPadding, dynamicRecordSizing, statelessRetry } = options;
  if (isGiven(recordSizeLimit)) checkNumber('options.recordSizeLimit', recordSizeLimit, 64, 16_384, true);
  const padding = typeof recordPadding === 'number' ? padTo(recordPadding) : recordPadding;
  if (padding !== undefined && typeof padding !== 'function') {
    throw invalidArgType('options.recordPadding', 'of type number or function', padding);
  }
  if (isGiven(dynamicRecordSizing)) checkBoolean('options.dynamicRecordSizing', dynamicRecordSizing);
  return {
    ...(dynamicRecordSizing === false && { hasFixedRecords: true }),
    ...(recordSizeLimit !== undefined && { recordSizeLimit }),
    ...(padding && { padding }),
    ...(statelessRetry && { retryCookies: retryCookies(nodeCrypto) }),
    certificateCompression: readCertificateCompression(options.certificateCompression),
  };
}

/** Padding up to a multiple of `block` bytes. */
const padTo =
  (block: number) =>
  (length: number): number =>
    block > 1 ? (block - (length % block)) % block : 0;
