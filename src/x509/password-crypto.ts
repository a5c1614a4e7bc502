import type { HashName } from './oids.ts';

/** Ciphers under a password, all in CBC with PKCS #7 padding. */
export type PasswordCipher = 'aes128' | 'aes192' | 'aes256' | 'tripleDes' | 'rc2';

/** What reading PKCS #12 files needs of cryptography; `crypto/node/password-crypto.ts` has it. */
export interface PasswordCrypto {
  hash(name: HashName, bytes: Uint8Array): Uint8Array;
  hmac(name: HashName, key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** PBKDF2 (RFC 8018 section 5.2) with HMAC. */
  pbkdf2(hash: HashName, password: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array;
  /** `undefined` where the padding is wrong. An `rc2` key has as many effective bits as it has. */
  decrypt(cipher: PasswordCipher, key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array | undefined;
  /** Compares without telling by its duration where the inputs differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** The DER SubjectPublicKeyInfo of a private key in PKCS #8; `undefined` where it cannot be read. */
  publicKeyOf(pkcs8: Uint8Array): Uint8Array | undefined;
}
