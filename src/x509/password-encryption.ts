import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import { DerReader, DerTag } from './der.ts';
import type { HashName } from './oids.ts';
import type { PasswordCipher, PasswordCrypto } from './password-crypto.ts';
import { derivePkcs12Key, KeyPurpose, passwordForPkcs12 } from './pkcs12-kdf.ts';

/** What is wrong with a PKCS #12 file; `message` is OpenSSL's where Node's users know it. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error';
  readonly code = 'ERR_PKCS12';
}

/** Most iterations of a key derivation that are gone through: some seconds. OpenSSL makes files of 2048. */
export const mostIterations = 10_000_000;

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';

interface Cipher {
  readonly cipher: PasswordCipher;
  /** In bytes. */
  readonly keyLength: number;
}

/** PKCS #12's own schemes, all with SHA-1 (RFC 7292 appendix C), but for those with RC4. */
const schemes: ReadonlyMap<string, Cipher> = new Map([
  ['1.2.840.113549.1.12.1.3', { cipher: 'tripleDes', keyLength: 24 }],
  ['1.2.840.113549.1.12.1.5', { cipher: 'rc2', keyLength: 16 }],
  ['1.2.840.113549.1.12.1.6', { cipher: 'rc2', keyLength: 5 }],
]);

/** Ciphers of PBES2 (RFC 8018 appendix B.2, RFC 3565). */
const ciphers: ReadonlyMap<string, Cipher> = new Map([
  ['2.16.840.1.101.3.4.1.2', { cipher: 'aes128', keyLength: 16 }],
  ['2.16.840.1.101.3.4.1.22', { cipher: 'aes192', keyLength: 24 }],
  ['2.16.840.1.101.3.4.1.42', { cipher: 'aes256', keyLength: 32 }],
  ['1.2.840.113549.3.7', { cipher: 'tripleDes', keyLength: 24 }],
]);

/** HMAC by its hash function (RFC 8018 appendix B.1). */
const hmacs: ReadonlyMap<string, HashName> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** The hash function of an HMAC. Throws `Pkcs12Error` for one that we do not know. */
export function hashOfHmac({ oid }: AlgorithmIdentifier): HashName {
  const hash = hmacs.get(oid);
  if (hash === undefined) throw new Pkcs12Error(`unknown message authentication ${oid}`);
  return hash;
}

/**
 * Decrypts what a password protects, by PBES2 or one of PKCS #12's own schemes. Throws `Pkcs12Error` where the
 * algorithm is unknown or the password is wrong, `DerError` where the parameters are malformed.
 */
export function decryptWithPassword(
  { oid, parameters }: AlgorithmIdentifier,
  password: string,
  bytes: Uint8Array,
  crypto: PasswordCrypto,
): Uint8Array {
  const fields = new DerReader(parameters ?? new Uint8Array(), 'encryption parameters').sequence();
  const plain = oid === pbes2 ? decryptPbes2() : decryptOwnScheme();
  if (plain === undefined) throw new Pkcs12Error('bad decrypt');
  return plain;

  function decryptPbes2(): Uint8Array | undefined {
    const derivation = readAlgorithm(fields);
    const encryption = readAlgorithm(fields);
    fields.end(undefined);
    const cipher = ciphers.get(encryption.oid);
    if (cipher === undefined) throw new Pkcs12Error(`unknown cipher ${encryption.oid}`);
    const iv = new DerReader(encryption.parameters ?? new Uint8Array(), 'initialization vector').octetString();
    const key = derivePbkdf2Key(derivation, Buffer.from(password, 'utf8'), cipher.keyLength, crypto);
    return crypto.decrypt(cipher.cipher, key, iv, bytes);
  }

  function decryptOwnScheme(): Uint8Array | undefined {
    const scheme = schemes.get(oid);
    if (scheme === undefined) throw new Pkcs12Error(`unknown encryption ${oid}`);
    const salt = fields.octetString();
    const iterations = fields.end(readIterations(fields));
    const derive = (text: Uint8Array, purpose: number, length: number): Uint8Array =>
      derivePkcs12Key({ hash: 'sha1', password: text, salt, iterations, purpose, length }, crypto);
    for (const text of passwordForPkcs12(password)) {
      const key = derive(text, KeyPurpose.encryption, scheme.keyLength);
      const plain = crypto.decrypt(scheme.cipher, key, derive(text, KeyPurpose.initializationVector, 8), bytes);
      if (plain) return plain;
    }
    return undefined;
  }
}

/**
 * Derives a key by PBKDF2 from its parameters (RFC 8018 appendix A.2). Throws `Pkcs12Error` for another function, or
 * too many iterations.
 */
export function derivePbkdf2Key(
  { oid, parameters }: AlgorithmIdentifier,
  password: Uint8Array,
  keyLength: number,
  crypto: PasswordCrypto,
): Uint8Array {
  if (oid !== pbkdf2) throw new Pkcs12Error(`unknown key derivation ${oid}`);
  const fields = new DerReader(parameters ?? new Uint8Array(), 'PBKDF2 parameters').sequence();
  const salt = fields.octetString();
  const iterations = readIterations(fields);
  const length = fields.tag === DerTag.integer ? fields.smallInteger() : keyLength;
  if (length !== keyLength) fields.fail(`a key of ${length} bytes, not ${keyLength}`);
  const hash = fields.done ? 'sha1' : hashOfHmac(readAlgorithm(fields));
  return fields.end(crypto.pbkdf2(hash, password, salt, iterations, keyLength));
}

/** Reads a number of iterations. Throws `Pkcs12Error` where there are too many. */
export function readIterations(fields: DerReader): number {
  const iterations = fields.smallInteger();
  if (iterations < 1 || iterations > mostIterations) throw new Pkcs12Error(`${iterations} iterations`);
  return iterations;
}
