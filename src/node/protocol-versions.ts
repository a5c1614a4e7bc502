import type { CipherSuite } from '../crypto/cipher-suites.ts';
import { ProtocolVersion, versionName } from '../wire/code-points.ts';
import { checkString, isGiven } from './arguments.ts';
import { defaults } from './defaults.ts';
import { nodeError } from './errors.ts';
import type { SecureOptions } from './secure-options.ts';

export type SecureVersion = 'TLSv1.3' | 'TLSv1.2' | 'TLSv1.1' | 'TLSv1';

const { tls10, tls11, tls12, tls13 } = ProtocolVersion;

const versions: Readonly<Record<SecureVersion, number>> = {
  TLSv1: tls10,
  'TLSv1.1': tls11,
  'TLSv1.2': tls12,
  'TLSv1.3': tls13,
};

/** Two wire numbers, both included. */
export interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface VersionOptions {
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  /** A method of OpenSSL's, such as `TLS_method` or `TLSv1_2_server_method`, instead of the two versions. */
  readonly secureProtocol?: string | undefined;
}

/**
 * The versions that options, OpenSSL's switches and suites leave. Throws `ERR_TLS_PROTOCOL_VERSION_CONFLICT`,
 * `ERR_TLS_INVALID_PROTOCOL_METHOD`, and `ERR_TLS_INVALID_PROTOCOL_VERSION`, also when nothing is left.
 */
export function readVersions(
  options: VersionOptions,
  switches: SecureOptions,
  suites: readonly CipherSuite[],
): VersionRange {
  const wanted = options.secureProtocol ? readMethod(options.secureProtocol, options) : readRange(options);
  const left = [tls12, tls13].filter(
    (version) =>
      version >= wanted.minVersion &&
      version <= wanted.maxVersion &&
      !switches.withoutVersions.includes(version) &&
      suites.some((suite) => suite.version === version),
  );
  const [least] = left;
  if (least === undefined) {
    throw nodeError(
      'ERR_TLS_INVALID_PROTOCOL_VERSION',
      `no version is left between ${versionName(wanted.minVersion)} and ${versionName(wanted.maxVersion)}; TLS 1.2 and 1.3 are implemented`,
      TypeError,
    );
  }
  return { minVersion: least, maxVersion: left.at(-1)! };
}

function readRange({ minVersion, maxVersion }: VersionOptions): VersionRange {
  return {
    minVersion: readVersion('minimum', minVersion ?? defaults.minVersion),
    maxVersion: readVersion('maximum', maxVersion ?? defaults.maxVersion),
  };
}

function readVersion(which: 'minimum' | 'maximum', name: SecureVersion): number {
  if (Object.hasOwn(versions, name)) return versions[name];
  throw nodeError(
    'ERR_TLS_INVALID_PROTOCOL_VERSION',
    `${JSON.stringify(name)} is not a valid ${which} TLS protocol version`,
    TypeError,
  );
}

/** The methods of OpenSSL that Node knows, but for their `_server` and `_client` forms. */
const methods: Readonly<Record<string, VersionRange>> = {
  TLS_method: { minVersion: tls10, maxVersion: tls13 },
  SSLv23_method: { minVersion: tls10, maxVersion: tls12 },
  TLSv1_method: { minVersion: tls10, maxVersion: tls10 },
  TLSv1_1_method: { minVersion: tls11, maxVersion: tls11 },
  TLSv1_2_method: { minVersion: tls12, maxVersion: tls12 },
};

function readMethod(method: string, { minVersion, maxVersion }: VersionOptions): VersionRange {
  checkString('options.secureProtocol', method);
  for (const version of [minVersion, maxVersion]) {
    if (!isGiven(version)) continue;
    throw nodeError(
      'ERR_TLS_PROTOCOL_VERSION_CONFLICT',
      `TLS protocol version ${JSON.stringify(version)} conflicts with secureProtocol ${JSON.stringify(method)}`,
      TypeError,
    );
  }
  const old = /^(SSLv[23])_(?:(?:server|client)_)?method$/.exec(method)?.[1];
  if (old !== undefined) throw invalidMethod(`${old} methods disabled`);
  const name = method.replace(/_(?:server|client)_method$/, '_method');
  const range = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (range === undefined) throw invalidMethod(`Unknown method: ${method}`);
  if (method.includes('_client_')) throw invalidMethod(`${method} is for clients, and this is a server`);
  return range;
}

const invalidMethod = (message: string): Error => nodeError('ERR_TLS_INVALID_PROTOCOL_METHOD', message, TypeError);
