import { isSamePublicKey, readPkcs8 } from '../crypto/node/keys.ts';
import { passwordCrypto } from '../crypto/node/password-crypto.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { Signer } from '../x509/credential.ts';
import { DerError } from '../x509/der.ts';
import { Pkcs12Error } from '../x509/password-encryption.ts';
import { type Pkcs12, readPkcs12 } from '../x509/pkcs12.ts';
import { invalidArgType, isBytes, isGiven } from './arguments.ts';
import { keyMismatch, localKey, type OneOrMany } from './credentials.ts';
import { nodeError } from './errors.ts';

type Bytes = string | NodeJS.ArrayBufferView;
/** What `pfx` accepts, alone or in an array: a PKCS #12 file, or one with a passphrase of its own. */
export type PfxInput = Bytes | { readonly buf: Bytes; readonly passphrase?: Bytes | undefined };

/** A certificate with those above it, as far as the file has them, and its key. */
export interface PfxIdentity {
  readonly chain: readonly Certificate[];
  readonly signer: Signer;
}

/** What PKCS #12 files bring to a secure context. */
export interface PfxContents {
  readonly identities: readonly PfxIdentity[];
  /** All certificates but those of the keys: as in Node, authorities that are trusted for clients. */
  readonly authorities: readonly Certificate[];
}

/**
 * Reads what `pfx` holds, each file with its own passphrase or the common one. Throws Node's errors: `mac verify
 * failure` for a wrong passphrase, `not enough data` for a file that is cut off, `ERR_CRYPTO_OPERATION_FAILED` for one
 * without key or certificate, `ERR_CRYPTO_UNSUPPORTED_OPERATION` for algorithms that nobody here knows.
 */
export function readPfx(pfx: OneOrMany<PfxInput> | undefined | null, passphrase: Bytes | undefined): PfxContents {
  const inputs: readonly unknown[] = isGiven(pfx) ? (Array.isArray(pfx) ? pfx : [pfx]) : [];
  const files = inputs.map((input) => readFile(input, passphrase));
  return {
    identities: files.map(({ identity }) => identity),
    authorities: files.flatMap(({ authorities }) => authorities),
  };
}

function readFile(
  input: unknown,
  common: Bytes | undefined,
): { readonly identity: PfxIdentity; readonly authorities: readonly Certificate[] } {
  const { buf, passphrase: own } = (isBytes(input) ? {} : Object(input)) as { buf?: unknown; passphrase?: unknown };
  const bytes = bytesOf(buf || input);
  if (bytes === undefined) throw unreadable();
  const { key: pkcs8, chain, others } = parse(bytes, textOf(own || common));
  const [leaf, ...above] = chain;
  if (pkcs8 === undefined) throw operationFailed('Unable to load private key from PFX data');
  if (leaf === undefined) throw operationFailed('Unable to load certificate from PFX data');
  const key = localKey(readPkcs8(pkcs8));
  if (!isSamePublicKey(key.spki, leaf.publicKey.spki)) throw keyMismatch();
  return { identity: { chain, signer: key.signer }, authorities: [...above, ...others] };
}

function parse(bytes: Uint8Array, passphrase: string | undefined): Pkcs12 {
  try {
    return readPkcs12(bytes, passphrase, passwordCrypto);
  } catch (error) {
    throw asNodeError(error, bytes);
  }
}

/** OpenSSL's reason as the message, which is all that Node tells; the code is what it would be. */
function asNodeError(cause: unknown, bytes: Uint8Array): unknown {
  if (cause instanceof DerError)
    return isCutOff(bytes) ? sslReason('ASN1', 'not enough data', cause) : unreadable(cause);
  if (!(cause instanceof Pkcs12Error)) return cause;
  const { message } = cause;
  if (message === 'mac verify failure' || message === 'bad decrypt') return sslReason('PKCS12', message, cause);
  if (message.startsWith('unknown ')) {
    return nodeError('ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported PKCS12 PFX data', Error, { cause });
  }
  return unreadable(cause);
}

const sslReason = (library: string, reason: string, cause: unknown): Error =>
  nodeError(`ERR_OSSL_${library}_${reason.toUpperCase().replaceAll(' ', '_')}`, reason, Error, { cause, reason });

const operationFailed = (message: string, more: object = {}): Error =>
  nodeError('ERR_CRYPTO_OPERATION_FAILED', message, Error, more);

const unreadable = (cause?: unknown): Error =>
  operationFailed('Unable to load PFX certificate', cause === undefined ? {} : { cause });

/** Whether the outermost element is longer than what is there (X.690 section 8.1.3). */
function isCutOff(bytes: Uint8Array): boolean {
  const first = bytes[1];
  if (first === undefined) return true;
  if (first <= 0x80) return first < 0x80 && bytes.length < 2 + first;
  const count = first & 0x7f;
  const length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return bytes.length < 2 + count + length;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  return isBytes(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

function textOf(passphrase: unknown): string | undefined {
  if (!isGiven(passphrase) || typeof passphrase === 'string') return passphrase ?? undefined;
  if (!isBytes(passphrase))
    throw invalidArgType('options.passphrase', 'of type string or an instance of Buffer', passphrase);
  return Buffer.from(passphrase.buffer, passphrase.byteOffset, passphrase.byteLength).toString();
}
