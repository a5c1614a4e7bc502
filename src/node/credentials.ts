import type { MaybePromise } from '../crypto/maybe-promise.ts';
import {
  isKeyObject,
  isSamePublicKey,
  type KeyObject,
  readPrivateKey,
  readPublicKey,
  spkiOf,
} from '../crypto/node/keys.ts';
import { keyTypeOf, signLocally } from '../crypto/node/signing.ts';
import type { KeyType } from '../crypto/provider.ts';
import { schemeName } from '../wire/code-points.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import type { Credential, Signer } from '../x509/credential.ts';
import { certificatesOfPem } from '../x509/pem.ts';
import { isSelfIssued, signatureSchemeOf } from '../x509/signature-scheme.ts';
import { invalidArgType } from './arguments.ts';
import { nodeError } from './errors.ts';

/** A key that signs elsewhere: in an HSM, a KMS, another process. */
export interface RemoteKey {
  /** The public half: a KeyObject, PEM, or a DER SubjectPublicKeyInfo. */
  readonly publicKey: KeyObject | string | Uint8Array;
  /**
   * Signs `data`, which is not hashed, under a scheme by its registry name (`ecdsa_secp256r1_sha256`,
   * `rsa_pss_rsae_sha256`, …). ECDSA signatures are DER. Failing ends the one connection that asked.
   */
  sign(scheme: string, data: Uint8Array): MaybePromise<Uint8Array>;
}

type Material = string | Uint8Array;
/** What `key` accepts, alone or in an array: PEM, DER, Node's KeyObject, a remote key. */
export type KeyInput = Material | KeyObject | RemoteKey;
/** PEM with its own passphrase: in an array, as in Node. */
export interface LockedKey {
  readonly pem: Material;
  readonly passphrase?: string | undefined;
}
/** What `cert` accepts, alone or in an array: a chain in PEM, or one certificate in DER. */
export type CertificateInput = Material;
export type OneOrMany<T> = T | readonly T[];

/** A private key and its public half. */
export interface LoadedKey {
  readonly spki: Uint8Array;
  readonly signer: Signer;
}

const list = <T>(value: OneOrMany<T> | undefined | null): readonly T[] =>
  value === undefined || value === null || (value as unknown) === false
    ? []
    : Array.isArray(value)
      ? value
      : [value as T];

/** What Node's errors say is expected; the other forms are ours. */
const material = 'of type string or an instance of Buffer, TypedArray, or DataView';
const isMaterial = (value: unknown): value is Material => typeof value === 'string' || ArrayBuffer.isView(value);

const hasMember = <K extends string>(value: unknown, name: K): value is Record<K, unknown> =>
  typeof value === 'object' && value !== null && name in value;

/**
 * Credentials from `key` and `cert`: each chain goes with the key whose public half its first certificate holds.
 * A certificate that comes alone is completed by those of `authorities`, as OpenSSL does it. Throws Node's errors for
 * keys, and `ERR_OSSL_X509_KEY_VALUES_MISMATCH` for a chain or a key that stays alone. As in Node, chains without any key
 * at all are read and are of no use.
 */
export function readCredentials(
  keys: KeyInput | readonly (KeyInput | LockedKey)[] | undefined,
  certificates: OneOrMany<CertificateInput> | undefined,
  passphrase: string | undefined,
  authorities: readonly Certificate[] = [],
): readonly Credential[] {
  const chains = list(certificates).map(readChain);
  if (hasMember(keys, 'pem')) throw invalidArgType('options.key', material, keys);
  const loaded = list<KeyInput | LockedKey>(keys).map((key) => loadKey(key, passphrase));
  if (loaded.length === 0) return [];
  const credentials = chains.map((chain) => {
    const [leaf] = chain;
    const key = loaded.find(({ spki }) => isSamePublicKey(spki, leaf!.publicKey.spki));
    if (key === undefined) throw keyMismatch();
    return credentialOf(chain, key.signer, authorities);
  });
  if (chains.length > 0 && loaded.length > chains.length) throw keyMismatch();
  return credentials;
}

/** OpenSSL's error for a key that is not the certificate's. */
export const keyMismatch = (): Error =>
  nodeError(
    'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
    'error:05800074:x509 certificate routines::key values mismatch',
    Error,
    {
      library: 'x509 certificate routines',
      reason: 'key values mismatch',
    },
  );

function loadKey(input: KeyInput | LockedKey, passphrase: string | undefined): LoadedKey {
  if (isKeyObject(input)) return localKey(input);
  if (isMaterial(input)) return localKey(readPrivateKey(input, passphrase));
  if (hasMember(input, 'pem')) {
    if (!isMaterial(input.pem))
      throw invalidArgType('options.key.pem', 'of type string or an instance of Buffer', input.pem);
    return localKey(readPrivateKey(input.pem, (input.passphrase as string | undefined) ?? passphrase));
  }
  if (hasMember(input, 'sign')) return remoteKey(input as unknown as RemoteKey);
  throw invalidArgType('options.key', material, input);
}

/** A key that signs in this process. Throws Node's errors for keys that cannot. */
export function localKey(key: KeyObject): LoadedKey {
  if (key.type !== 'private') throw invalidArgType('options.key', 'a private key', key);
  const spki = spkiOf(key);
  const { keyType, modulusLength } = shapeOf(key);
  return {
    spki,
    signer: {
      keyType,
      ...(modulusLength !== undefined && { modulusLength }),
      sign: (scheme, tbs, provider) => provider.sign?.(key, scheme, tbs) ?? signLocally(key, keyType, scheme, tbs),
    },
  };
}

function remoteKey(remote: RemoteKey): LoadedKey {
  if (typeof remote.sign !== 'function') throw invalidArgType('options.key.sign', 'of type function', remote.sign);
  const key = isKeyObject(remote.publicKey) ? remote.publicKey : readPublicKey(remote.publicKey);
  const { keyType, modulusLength } = shapeOf(key);
  return {
    spki: spkiOf(key),
    signer: {
      keyType,
      ...(modulusLength !== undefined && { modulusLength }),
      sign(scheme, tbs) {
        const answer = remote.sign(schemeName(scheme), tbs);
        return isBytes(answer) ? answer : Promise.resolve(answer).then(checkSignature);
      },
    },
  };
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

function checkSignature(signature: unknown): Uint8Array {
  if (isBytes(signature)) return signature;
  throw invalidArgType('signature', 'an instance of Uint8Array', signature);
}

function shapeOf(key: KeyObject): { readonly keyType: KeyType; readonly modulusLength: number | undefined } {
  const keyType = keyTypeOf(key);
  if (keyType === undefined) {
    const what = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType;
    throw nodeError('ERR_SSL_UNKNOWN_CERTIFICATE_TYPE', `a key of type ${what} cannot sign a TLS handshake`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return { keyType, modulusLength: bits === undefined ? undefined : Math.ceil(bits / 8) };
}

function readChain(input: CertificateInput): readonly Certificate[] {
  if (!isMaterial(input)) {
    throw invalidArgType('options.cert', material, input);
  }
  const bytes = typeof input === 'string' ? input : new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  // DER begins with a SEQUENCE of a long length, which no text does.
  const isDer = typeof bytes !== 'string' && bytes[0] === 0x30 && bytes[1]! > 0x80;
  const ders = isDer ? [bytes] : certificatesOfPem(bytes);
  if (ders.length === 0) {
    throw nodeError('ERR_OSSL_PEM_NO_START_LINE', 'error:0480006C:PEM routines::no start line', Error, {
      library: 'PEM routines',
      reason: 'no start line',
    });
  }
  return ders.map(readCertificate);
}

/** A certificate with its issuers as far as they are known, up to a self-issued one. */
function complete(chain: readonly Certificate[], authorities: readonly Certificate[]): readonly Certificate[] {
  if (chain.length !== 1) return chain;
  const whole = [...chain];
  for (let last = whole[0]!; !isSelfIssued(last); last = whole.at(-1)!) {
    const issuer = authorities.find((authority) => isIssuer(authority, last) && !whole.includes(authority));
    if (issuer === undefined) break;
    whole.push(issuer);
  }
  return whole;
}

/** By name, and by the identifier of the key where both have it (RFC 5280 section 4.2.1.1). */
const isIssuer = (authority: Certificate, { issuer, authorityKeyId }: Certificate): boolean =>
  Buffer.compare(authority.subject.der, issuer.der) === 0 &&
  (authorityKeyId === undefined ||
    authority.subjectKeyId === undefined ||
    Buffer.compare(authority.subjectKeyId, authorityKeyId) === 0);

/** The identity of a chain whose key signs by `signer`; a certificate alone is completed by those of `authorities`. */
export function credentialOf(
  given: readonly Certificate[],
  signer: Signer,
  authorities: readonly Certificate[],
): Credential {
  const chain = complete(given, authorities);
  return {
    chain: chain.map(({ der }) => der),
    signer,
    chainSchemes: chain.flatMap((certificate, i) =>
      isSelfIssued(certificate) ? [] : (signatureSchemeOf(certificate, chain[i + 1]) ?? 0),
    ),
    issuers: chain.map(({ issuer }) => issuer.der),
  };
}
