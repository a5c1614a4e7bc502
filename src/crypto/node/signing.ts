import * as crypto from 'node:crypto';
import { SignatureScheme as S } from '../../wire/code-points.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { KeyType, PublicKey } from '../provider.ts';
import { readPeerKey } from './keys.ts';
import { withoutStackTraces } from './stack-traces.ts';

interface Algorithm {
  /** `null` where the algorithm hashes on its own. */
  readonly hash: string | null;
  readonly padding?: number;
}

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = crypto.constants;

/** How `crypto.sign` does each scheme (RFC 8446 section 4.2.3). */
const algorithms: ReadonlyMap<number, Algorithm> = new Map<number, Algorithm>([
  [S.ecdsaSecp256r1Sha256, { hash: 'sha256' }],
  [S.ecdsaSecp384r1Sha384, { hash: 'sha384' }],
  [S.ecdsaSecp521r1Sha512, { hash: 'sha512' }],
  [S.ed25519, { hash: null }],
  [S.ed448, { hash: null }],
  [S.rsaPssRsaeSha256, { hash: 'sha256', padding: RSA_PKCS1_PSS_PADDING }],
  [S.rsaPssRsaeSha384, { hash: 'sha384', padding: RSA_PKCS1_PSS_PADDING }],
  [S.rsaPssRsaeSha512, { hash: 'sha512', padding: RSA_PKCS1_PSS_PADDING }],
  [S.rsaPssPssSha256, { hash: 'sha256', padding: RSA_PKCS1_PSS_PADDING }],
  [S.rsaPssPssSha384, { hash: 'sha384', padding: RSA_PKCS1_PSS_PADDING }],
  [S.rsaPssPssSha512, { hash: 'sha512', padding: RSA_PKCS1_PSS_PADDING }],
  [S.rsaPkcs1Sha256, { hash: 'sha256', padding: RSA_PKCS1_PADDING }],
  [S.rsaPkcs1Sha384, { hash: 'sha384', padding: RSA_PKCS1_PADDING }],
  [S.rsaPkcs1Sha512, { hash: 'sha512', padding: RSA_PKCS1_PADDING }],
]);

/**
 * Signs `tbs` with a key of this process. RSA goes to the thread pool, since it would hold up the event loop for
 * a millisecond; the other algorithms cost less than the way there.
 */
export function signLocally(
  key: crypto.KeyObject,
  keyType: KeyType,
  scheme: number,
  tbs: Uint8Array,
): MaybePromise<Uint8Array> {
  const algorithm = algorithms.get(scheme);
  if (algorithm === undefined) throw new RangeError(`signature scheme ${scheme} is not implemented`);
  const { hash, padding } = algorithm;
  if (padding === undefined) return withoutStackTraces(() => crypto.sign(hash, tbs, key));
  const options = { key, padding, saltLength: RSA_PSS_SALTLEN_DIGEST };
  if (!keyType.startsWith('rsa')) throw new TypeError(`a key of type ${keyType} cannot sign with scheme ${scheme}`);
  return new Promise((resolve, reject) => {
    crypto.sign(hash, tbs, options, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

const curves: Readonly<Record<string, KeyType>> = {
  prime256v1: 'ec:P-256',
  secp384r1: 'ec:P-384',
  secp521r1: 'ec:P-521',
};

/** The kind of a key, private or public; `undefined` for one that cannot sign a handshake. */
export function keyTypeOf(key: crypto.KeyObject): KeyType | undefined {
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
    case 'ed25519':
    case 'ed448':
      return key.asymmetricKeyType;
    case 'ec':
      return curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
    default:
      return undefined;
  }
}

/**
 * The key in a DER SubjectPublicKeyInfo; `undefined` for a malformed one, one that cannot sign a handshake, and one that
 * would take long to verify with.
 */
export function publicKey(spki: Uint8Array): PublicKey | undefined {
  const key = readPeerKey(spki);
  const keyType = key && keyTypeOf(key);
  if (key === undefined || keyType === undefined) return undefined;
  return { keyType, verify: (scheme, signed, signature) => verifies(key, scheme, signed, signature) };
}

function verifies(key: crypto.KeyObject, scheme: number, signed: Uint8Array, signature: Uint8Array): boolean {
  const algorithm = algorithms.get(scheme);
  if (algorithm === undefined) return false;
  const { hash, padding } = algorithm;
  const options = padding === undefined ? key : { key, padding, saltLength: RSA_PSS_SALTLEN_DIGEST };
  try {
    return crypto.verify(hash, signed, options, signature);
  } catch {
    return false; // a signature that is no signature, or a scheme that is not the key's
  }
}
