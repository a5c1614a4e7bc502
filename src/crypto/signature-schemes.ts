import { SignatureScheme } from '../wire/code-points.ts';
import type { KeyType } from './provider.ts';

const S = SignatureScheme;

/** The schemes that a key of each type can sign with, strongest habit first. */
const schemesByKey: Readonly<Record<KeyType, readonly number[]>> = {
  rsa: [
    S.rsaPssRsaeSha256,
    S.rsaPssRsaeSha384,
    S.rsaPssRsaeSha512,
    S.rsaPkcs1Sha256,
    S.rsaPkcs1Sha384,
    S.rsaPkcs1Sha512,
  ],
  'rsa-pss': [S.rsaPssPssSha256, S.rsaPssPssSha384, S.rsaPssPssSha512],
  // In TLS 1.3 the scheme fixes the curve; TLS 1.2 reads the same numbers as hash and algorithm,
  // but a client that lists only one of them means its curve in practice.
  'ec:P-256': [S.ecdsaSecp256r1Sha256],
  'ec:P-384': [S.ecdsaSecp384r1Sha384],
  'ec:P-521': [S.ecdsaSecp521r1Sha512],
  ed25519: [S.ed25519],
  ed448: [S.ed448],
};

/** Hashes that TLS 1.2 lets any ECDSA key sign with (RFC 5246 section 7.4.1.4.1). */
const anyEcdsa: readonly number[] = [S.ecdsaSecp256r1Sha256, S.ecdsaSecp384r1Sha384, S.ecdsaSecp521r1Sha512];

/** The schemes that a key can sign a TLS 1.3 handshake with (RFC 8446 section 4.2.3). */
export const schemesOf13 = (key: KeyType): readonly number[] => schemesByKey[key].filter((s) => !isPkcs1(s));

/** Whether a scheme is RSASSA-PKCS1-v1_5, which TLS 1.3 leaves to certificates. */
const isPkcs1 = (scheme: number): boolean => (scheme & 0xff) === 0x01;

/** The schemes that a key can sign a TLS 1.2 handshake with (RFC 5246 section 7.4.1.4.1, RFC 8422 section 5.1.1). */
export const schemesOf12 = (key: KeyType): readonly number[] =>
  key.startsWith('ec:')
    ? [...schemesByKey[key], ...anyEcdsa.filter((s) => !schemesByKey[key].includes(s))]
    : schemesByKey[key];

/**
 * The least RSA modulus, in bytes, that a PSS scheme fits in: the encoded message holds the hash, a salt of the
 * hash's length and two bytes (RFC 8017 section 9.1.1); for PKCS #1 the DigestInfo and 11 bytes.
 */
export const leastModulusLength: ReadonlyMap<number, number> = new Map([
  [S.rsaPssRsaeSha256, 66],
  [S.rsaPssRsaeSha384, 98],
  [S.rsaPssRsaeSha512, 130],
  [S.rsaPssPssSha256, 66],
  [S.rsaPssPssSha384, 98],
  [S.rsaPssPssSha512, 130],
  [S.rsaPkcs1Sha256, 62],
  [S.rsaPkcs1Sha384, 78],
  [S.rsaPkcs1Sha512, 94],
]);

/** What we sign with unless told otherwise, in our order; also what a client may sign with. */
export const defaultSignatureSchemes: readonly number[] = [
  S.ecdsaSecp256r1Sha256,
  S.ecdsaSecp384r1Sha384,
  S.ecdsaSecp521r1Sha512,
  S.ed25519,
  S.ed448,
  S.rsaPssPssSha256,
  S.rsaPssPssSha384,
  S.rsaPssPssSha512,
  S.rsaPssRsaeSha256,
  S.rsaPssRsaeSha384,
  S.rsaPssRsaeSha512,
  S.rsaPkcs1Sha256,
  S.rsaPkcs1Sha384,
  S.rsaPkcs1Sha512,
];
