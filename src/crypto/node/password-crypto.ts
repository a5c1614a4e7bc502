import * as crypto from 'node:crypto';
import type { PasswordCipher, PasswordCrypto } from '../../x509/password-crypto.ts';
import { decryptRc2 } from '../rc2.ts';
import { spkiOf } from './keys.ts';

const ciphers: Readonly<Record<Exclude<PasswordCipher, 'rc2'>, string>> = {
  aes128: 'aes-128-cbc',
  aes192: 'aes-192-cbc',
  aes256: 'aes-256-cbc',
  tripleDes: 'des-ede3-cbc',
};

function decrypt(name: PasswordCipher, key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  try {
    if (name === 'rc2') return withoutPadding(decryptRc2(key, iv, bytes), 8);
    const decipher = crypto.createDecipheriv(ciphers[name], key, iv);
    return Buffer.concat([decipher.update(bytes), decipher.final()]);
  } catch {
    return undefined; // a wrong padding, or bytes that are no whole blocks
  }
}

/** Takes the padding of PKCS #7 away; `undefined` where it is wrong. */
function withoutPadding(bytes: Uint8Array, block: number): Uint8Array | undefined {
  const count = bytes[bytes.length - 1] ?? 0;
  if (count < 1 || count > block || count > bytes.length) return undefined;
  const end = bytes.length - count;
  return bytes.subarray(end).every((byte) => byte === count) ? bytes.subarray(0, end) : undefined;
}

function publicKeyOf(pkcs8: Uint8Array): Uint8Array | undefined {
  try {
    return spkiOf(crypto.createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }));
  } catch {
    return undefined;
  }
}

/** What PKCS #12 files need, by node:crypto; RC2, which OpenSSL 3 has no more, by ourselves. */
export const passwordCrypto: PasswordCrypto = {
  hash: (name, bytes) => crypto.hash(name, bytes, 'buffer'),
  hmac: (name, key, bytes) => crypto.createHmac(name, key).update(bytes).digest(),
  pbkdf2: (hash, password, salt, iterations, length) => crypto.pbkdf2Sync(password, salt, iterations, length, hash),
  decrypt,
  equal: (a, b) => a.length === b.length && crypto.timingSafeEqual(a, b),
  publicKeyOf,
};
