import { passwordCrypto } from '../crypto/node/password-crypto.ts';
import { Pkcs12Error } from '../x509/password-encryption.ts';
import { encodePem } from '../x509/pem.ts';
import { type Pkcs12, readPkcs12 } from '../x509/pkcs12.ts';
import { checkString, isBytes, isGiven } from './arguments.ts';
import type { SecureContextOptions } from './context-options.ts';
import type { OneOrMany } from './credentials.ts';
import { nodeError } from './errors.ts';

type PfxBytes = string | NodeJS.ArrayBufferView;
/** What `pfx` accepts, alone or in an array: the bytes of a PKCS #12 file, alone or with a password of their own. */
export type PfxInput = PfxBytes | { readonly buf: PfxBytes; readonly passphrase?: string | undefined };

/**
 * Options with the contents of their PKCS #12 files in `key`, `cert` and `ca`: where a file holds certificates of
 * authorities, a client may be certified by them. Throws `mac verify failure` for a wrong password, and
 * `ERR_CRYPTO_OPERATION_FAILED`.
 */
export function withPfx(options: SecureContextOptions): SecureContextOptions {
  const { pfx } = options;
  if (!isGiven(pfx) || (pfx as unknown) === false) return options;
  const files = listOf<PfxInput>(pfx).map((input) => readPfx(input, options.passphrase));
  const authorities = files.flatMap(({ chain, others }) => [...chain.slice(1), ...others]);
  return {
    ...options,
    key: [...listOf(options.key), ...files.map(({ key }) => encodePem('PRIVATE KEY', key!))],
    cert: [...listOf(options.cert), ...files.map(({ chain }) => pemOf(chain))],
    ...(authorities.length > 0 && { ca: [...listOf(options.ca), pemOf(authorities)] }),
  };
}

const listOf = <T>(value: OneOrMany<T> | undefined): readonly T[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value as T];

const pemOf = (certificates: Pkcs12['others']): string =>
  certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');

function readPfx(input: PfxInput, common: string | undefined): Pkcs12 {
  const isAlone = typeof input === 'string' || isBytes(input);
  const bytes = isAlone ? input : input?.buf;
  const passphrase = isAlone ? common : (input?.passphrase ?? common);
  if (isGiven(passphrase)) checkString('options.passphrase', passphrase);
  if (typeof bytes !== 'string' && !isBytes(bytes)) throw cannotLoad();
  const file = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  let content: Pkcs12;
  try {
    content = readPkcs12(
      new Uint8Array(file.buffer, file.byteOffset, file.byteLength),
      passphrase ?? undefined,
      passwordCrypto,
    );
  } catch (cause) {
    if (cause instanceof Pkcs12Error) throw cause;
    throw cannotLoad(cause);
  }
  if (content.key === undefined || content.chain.length === 0) throw cannotLoad();
  return content;
}

const cannotLoad = (cause?: unknown): Error =>
  nodeError(
    'ERR_CRYPTO_OPERATION_FAILED',
    'Unable to load PFX certificate',
    Error,
    cause === undefined ? {} : { cause },
  );
