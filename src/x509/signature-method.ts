import { type AlgorithmIdentifier, readPssParameters } from './algorithm.ts';
import { DerError } from './der.ts';
import { type HashName, type PublicKeyName, type SignatureName, signatureNameOf } from './oids.ts';

/** How the signature of a certificate, CRL or OCSP response is verified. */
export interface SignatureMethod {
  /** The kinds of key that can have made it. */
  readonly keys: readonly PublicKeyName[];
  /** `undefined` where the algorithm hashes by itself. */
  readonly hash: HashName | undefined;
  /** Bytes of salt, for RSASSA-PSS alone. */
  readonly saltLength?: number;
  /** How hard it is to forge at most, in bits, whatever the key. */
  readonly securityBits: number;
}

// A collision costs half the bits of the hash; OpenSSL rates SHA-1 63 (the attacks known are cheaper still).
const securityBits: Readonly<Record<HashName, number>> = {
  sha1: 63,
  sha224: 112,
  sha256: 128,
  sha384: 192,
  sha512: 256,
};

const hashed = (key: PublicKeyName, hash: HashName): SignatureMethod => ({
  keys: [key],
  hash,
  securityBits: securityBits[hash],
});
const unhashed = (key: PublicKeyName, bits: number): SignatureMethod => ({
  keys: [key],
  hash: undefined,
  securityBits: bits,
});

const methods: Readonly<Partial<Record<SignatureName, SignatureMethod>>> = {
  rsaSha1: hashed('rsa', 'sha1'),
  rsaSha224: hashed('rsa', 'sha224'),
  rsaSha256: hashed('rsa', 'sha256'),
  rsaSha384: hashed('rsa', 'sha384'),
  rsaSha512: hashed('rsa', 'sha512'),
  ecdsaSha1: hashed('ec', 'sha1'),
  ecdsaSha224: hashed('ec', 'sha224'),
  ecdsaSha256: hashed('ec', 'sha256'),
  ecdsaSha384: hashed('ec', 'sha384'),
  ecdsaSha512: hashed('ec', 'sha512'),
  ed25519: unhashed('ed25519', 128),
  ed448: unhashed('ed448', 224),
  mldsa44: unhashed('mldsa44', 128),
  mldsa65: unhashed('mldsa65', 192),
  mldsa87: unhashed('mldsa87', 256),
};

/**
 * How a signature of this algorithm is verified; `undefined` for algorithms that we do not verify: MD5, DSA, unknown
 * ones, and RSASSA-PSS whose mask is generated with another hash than the message's (RFC 4055 section 3.1 advises
 * against it).
 */
export function readSignatureMethod({ oid, parameters }: AlgorithmIdentifier): SignatureMethod | undefined {
  const name = signatureNameOf(oid);
  if (name === undefined) return undefined;
  return name === 'rsaPss' ? pssMethod(parameters) : methods[name];
}

/** Signatures that we do not verify, by the keys that make them. */
const unverified: Readonly<Partial<Record<SignatureName, readonly PublicKeyName[]>>> = {
  rsaMd5: ['rsa'],
  dsaSha1: ['dsa'],
  dsaSha256: ['dsa'],
  rsaPss: ['rsa', 'rsaPss'],
};

/** The kinds of key that can have made a signature of this algorithm, whether or not we verify it; none where unknown. */
export function signingKeysOf(algorithm: AlgorithmIdentifier): readonly PublicKeyName[] {
  const name = signatureNameOf(algorithm.oid);
  return name === undefined ? [] : (methods[name]?.keys ?? unverified[name] ?? []);
}

/** Whether a signature is by MD5, which must not count, whatever else is allowed (RFC 8446 section 4.4.2.4). */
export const isMd5 = ({ oid }: AlgorithmIdentifier): boolean => signatureNameOf(oid) === 'rsaMd5';

function pssMethod(parameters: Uint8Array | undefined): SignatureMethod | undefined {
  if (parameters === undefined) return undefined;
  try {
    const { hash, maskHash, saltLength } = readPssParameters(parameters);
    if (hash === undefined || maskHash !== hash) return undefined;
    return { keys: ['rsa', 'rsaPss'], hash, saltLength, securityBits: securityBits[hash] };
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
