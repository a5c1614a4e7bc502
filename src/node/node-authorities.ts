import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { certificatesOfPem, encodePem } from '../x509/pem.ts';
import { checkString, invalidArgType, invalidArgValue, isBytes } from './arguments.ts';
import { nodeError } from './errors.ts';

/** Which authorities: those trusted by default, of Node itself, of the system, of `NODE_EXTRA_CA_CERTS`. */
export type AuthorityKind = 'default' | 'system' | 'bundled' | 'extra';

/** What newer Nodes have: from 22.15 and 23.10 on, and from 22.19 and 24.5 on. */
const native: {
  readonly getCACertificates?: (kind: AuthorityKind) => string[];
  readonly setDefaultCACertificates?: (certs: readonly (string | NodeJS.ArrayBufferView)[]) => void;
} = tls as object;

/** Node's list of authorities, in PEM. */
export const rootCertificates: readonly string[] = tls.rootCertificates;

/** What was set where Node has no way to set it. */
let chosen: readonly string[] | undefined;
let extra: readonly string[] | undefined;

/**
 * Authorities in PEM, as Node's function of this name. Where Node has none, the default are its own and those of
 * `NODE_EXTRA_CA_CERTS`, and those of the system are out of reach: `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`. Throws
 * `ERR_INVALID_ARG_TYPE` and `ERR_INVALID_ARG_VALUE` for what is no kind.
 */
export function getCACertificates(kind: AuthorityKind = 'default'): readonly string[] {
  checkString('type', kind);
  if (kind === 'default' && chosen !== undefined) return chosen;
  if (native.getCACertificates !== undefined) return native.getCACertificates(kind);
  switch (kind) {
    case 'default':
      return [...rootCertificates, ...extraCertificates()];
    case 'bundled':
      return rootCertificates;
    case 'extra':
      return extraCertificates();
    case 'system':
      throw nodeError('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', "This Node cannot read the system's certificates");
    default:
      throw invalidArgValue('type', kind);
  }
}

/**
 * Replaces the authorities that are trusted by default, for contexts made afterwards: Node's own as well, where Node has
 * this function. Throws `ERR_INVALID_ARG_TYPE`, and what a certificate that cannot be read throws.
 */
export function setDefaultCACertificates(certs: readonly (string | NodeJS.ArrayBufferView)[]): void {
  if (native.setDefaultCACertificates !== undefined) return native.setDefaultCACertificates(certs);
  if (!Array.isArray(certs)) throw invalidArgType('certs', 'an instance of Array', certs);
  chosen = Object.freeze([...new Set(certs.flatMap(readPems))]);
}

function readPems(cert: unknown, index: number): string[] {
  if (typeof cert !== 'string' && !isBytes(cert)) {
    throw invalidArgType(`certs[${index}]`, 'of type string or an instance of ArrayBufferView', cert);
  }
  const text = typeof cert === 'string' ? cert : Buffer.from(cert.buffer, cert.byteOffset, cert.byteLength);
  return pemsOf(text);
}

const pemsOf = (text: string | Uint8Array): string[] =>
  certificatesOfPem(text).map((der) => encodePem('CERTIFICATE', der));

/** Those of the file that the environment named when the first was asked for; a file that cannot be read adds nothing. */
function extraCertificates(): readonly string[] {
  extra ??= readExtra(process.env);
  return extra;
}

function readExtra({ NODE_EXTRA_CA_CERTS: file }: NodeJS.ProcessEnv): readonly string[] {
  if (!file) return [];
  try {
    return Object.freeze(pemsOf(readFileSync(file)));
  } catch {
    // Node has warned of it by itself.
    return [];
  }
}
