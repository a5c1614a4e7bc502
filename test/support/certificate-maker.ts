import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Certificate, readCertificate } from '../../src/x509/certificate.ts';
import { type KeyUsage, keyUsages } from '../../src/x509/certificate-extensions.ts';
import { contextTag, DerTag } from '../../src/x509/der.ts';
import {
  der,
  derBitString,
  derBoolean,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derString,
  derTime,
} from '../../src/x509/der-writer.ts';
import { parseIp } from '../../src/x509/ip-address.ts';
import { AttributeOid, ExtensionOid, HashOid, SignatureOid } from '../../src/x509/oids.ts';
import { encodePem } from '../../src/x509/pem.ts';

// Certificates and CRLs with whatever in them, right or wrong, for tests of those who read and verify them.

export type KeyKind = 'p256' | 'p384' | 'p521' | 'ed25519' | 'ed448' | 'rsa' | 'rsa1024' | 'rsa-pss';
/** How a certificate is signed; by default as suits the key. */
export type SignatureKind = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'pss';

const keyPool = new Map<string, KeyObject>();

/** A private key of a kind; the same one for the same number, since making them takes time. */
export function testKey(kind: KeyKind, number = 0): KeyObject {
  const name = `${kind} ${number}`;
  const key = keyPool.get(name) ?? generate(kind);
  keyPool.set(name, key);
  return key;
}

function generate(kind: KeyKind): KeyObject {
  switch (kind) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ed448':
      return generateKeyPairSync('ed448').privateKey;
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'rsa1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
  }
}

/** A Name from attributes in order, such as `{ O: 'tsls', CN: 'root' }`. */
export const testName = (attributes: Readonly<Partial<Record<keyof typeof AttributeOid, string>>>): Uint8Array =>
  derSequence(
    ...Object.entries(attributes).map(([type, value]) => {
      const oid = AttributeOid[type as keyof typeof AttributeOid];
      return derSet(derSequence(derOid(oid), derString(value, type === 'emailAddress' ? DerTag.ia5String : undefined)));
    }),
  );

/** One extension; by name or OID. */
export const extension = (name: string, value: Uint8Array, critical = false): Uint8Array =>
  derSequence(
    derOid(name in ExtensionOid ? ExtensionOid[name as keyof typeof ExtensionOid] : name),
    ...(critical ? [derBoolean(true)] : []),
    derOctetString(value),
  );

/** A GeneralName: `dns:`, `email:`, `uri:`, `ip:` (with `/mask` for a constraint) or `CN:` of a directory name. */
export function generalName(text: string): Uint8Array {
  const colon = text.indexOf(':');
  const [type, value] = [text.slice(0, colon), text.slice(colon + 1)];
  switch (type) {
    case 'email':
      return derString(value, contextTag(1, false));
    case 'dns':
      return derString(value, contextTag(2, false));
    case 'CN':
      return der(contextTag(4), testName({ CN: value }));
    case 'uri':
      return derString(value, contextTag(6, false));
    case 'ip':
      return der(contextTag(7, false), ...value.split('/').map((part) => parseIp(part)!));
    default:
      throw new RangeError(text);
  }
}

/** The extensions that most certificates have, by their contents. */
export const values = {
  basicConstraints: (ca: boolean, pathLength?: number): Uint8Array =>
    derSequence(...(ca ? [derBoolean(true)] : []), ...(pathLength === undefined ? [] : [derInteger(pathLength)])),
  keyUsage(...uses: readonly KeyUsage[]): Uint8Array {
    const bits = uses.reduce((mask, use) => mask | (0x8000 >>> keyUsages.indexOf(use)), 0);
    const bytes = bits & 0xff ? Uint8Array.of(bits >>> 8, bits & 0xff) : Uint8Array.of(bits >>> 8);
    const last = bytes[bytes.length - 1]!;
    return derBitString(bytes, last === 0 ? 0 : 31 - Math.clz32(last & -last));
  },
  oids: (...oids: readonly string[]): Uint8Array => derSequence(...oids.map(derOid)),
  names: (...names: readonly string[]): Uint8Array => derSequence(...names.map(generalName)),
  authorityKeyId: (keyId: Uint8Array): Uint8Array => derSequence(der(contextTag(0, false), keyId)),
  nameConstraints: (permitted: readonly string[], excluded: readonly string[] = []): Uint8Array =>
    derSequence(
      ...[permitted, excluded].flatMap((list, number) =>
        list.length === 0 ? [] : [der(contextTag(number), ...list.map((name) => derSequence(generalName(name))))],
      ),
    ),
  policies: (...oids: readonly string[]): Uint8Array => derSequence(...oids.map((oid) => derSequence(derOid(oid)))),
} as const;

/** What a certificate is to be; `undefined` leaves an extension out that would be there by default. */
export interface CertificateSpecification {
  readonly subject?: Uint8Array;
  readonly key: KeyObject;
  /** Who signs it; itself where nobody is given. */
  readonly issuer?: { readonly certificate: Certificate; readonly key: KeyObject };
  readonly signature?: SignatureKind;
  readonly serial?: number | Uint8Array;
  readonly version?: 1 | 2 | 3;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Whole extensions, in order. */
  readonly extensions?: readonly Uint8Array[];
}

const day = 86_400_000;
let lastSerial = 1000;

/** Makes and signs a certificate. */
export function makeCertificate(specification: CertificateSpecification): Certificate {
  const { key, issuer, version = 3, extensions = [] } = specification;
  const now = Date.now();
  const subject = specification.subject ?? testName({ CN: 'somebody' });
  const signer = issuer?.key ?? key;
  const algorithm = signatureAlgorithm(signer, specification.signature);
  const tbs = derSequence(
    ...(version === 1 ? [] : [der(contextTag(0), derInteger(version - 1))]),
    derInteger(specification.serial ?? ++lastSerial),
    algorithm,
    issuer?.certificate.subject.der ?? subject,
    derSequence(
      derTime(specification.notBefore ?? new Date(now - day)),
      derTime(specification.notAfter ?? new Date(now + day)),
    ),
    subject,
    spkiOf(key),
    ...(extensions.length === 0 ? [] : [der(contextTag(3), derSequence(...extensions))]),
  );
  return readCertificate(derSequence(tbs, algorithm, derBitString(signBytes(signer, specification.signature, tbs))));
}

/** The DER of a key's SubjectPublicKeyInfo. */
export const spkiOf = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' });

/** What a CRL is to be. */
export interface ListSpecification {
  readonly issuer: { readonly certificate: Certificate; readonly key: KeyObject };
  readonly thisUpdate?: Date;
  /** `null` leaves it out. */
  readonly nextUpdate?: Date | null;
  readonly revoked?: readonly {
    readonly serial: Uint8Array;
    readonly reason?: number;
    readonly extensions?: readonly Uint8Array[];
  }[];
  readonly extensions?: readonly Uint8Array[];
  readonly signature?: SignatureKind;
}

/** Makes and signs a CRL, in DER. */
export function makeList(specification: ListSpecification): Uint8Array {
  const { issuer, revoked = [], extensions = [], nextUpdate } = specification;
  const now = Date.now();
  const algorithm = signatureAlgorithm(issuer.key, specification.signature);
  const entries = revoked.map(({ serial, reason, extensions: more = [] }) => {
    const all =
      reason === undefined ? more : [extension('reasonCode', der(DerTag.enumerated, Uint8Array.of(reason))), ...more];
    return derSequence(
      der(DerTag.integer, serial),
      derTime(new Date(now - day)),
      ...(all.length === 0 ? [] : [derSequence(...all)]),
    );
  });
  const tbs = derSequence(
    derInteger(1),
    algorithm,
    issuer.certificate.subject.der,
    derTime(specification.thisUpdate ?? new Date(now - day)),
    ...(nextUpdate === null ? [] : [derTime(nextUpdate ?? new Date(now + day))]),
    ...(entries.length === 0 ? [] : [derSequence(Buffer.concat(entries))]),
    ...(extensions.length === 0 ? [] : [der(contextTag(0), derSequence(...extensions))]),
  );
  return derSequence(tbs, algorithm, derBitString(signBytes(issuer.key, specification.signature, tbs)));
}

const rsaOids = {
  md5: 'rsaMd5',
  sha1: 'rsaSha1',
  sha256: 'rsaSha256',
  sha384: 'rsaSha384',
  sha512: 'rsaSha512',
} as const;
const ecdsaOids = {
  sha1: 'ecdsaSha1',
  sha256: 'ecdsaSha256',
  sha384: 'ecdsaSha384',
  sha512: 'ecdsaSha512',
} as const;

function signatureAlgorithm(key: KeyObject, kind: SignatureKind | undefined): Uint8Array {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
    case 'ed448':
      return derSequence(derOid(SignatureOid[key.asymmetricKeyType]));
    case 'ec':
      if (kind === 'md5') throw new RangeError('MD5 goes with RSA alone');
      return derSequence(derOid(SignatureOid[ecdsaOids[kind === 'pss' ? 'sha256' : (kind ?? 'sha256')]]));
    default: {
      if (kind !== 'pss' && key.asymmetricKeyType === 'rsa') {
        return derSequence(derOid(SignatureOid[rsaOids[kind ?? 'sha256']]), derNull());
      }
      const sha256 = derSequence(derOid(HashOid.sha256), derNull());
      return derSequence(
        derOid(SignatureOid.rsaPss),
        derSequence(
          der(contextTag(0), sha256),
          der(contextTag(1), derSequence(derOid(HashOid.mgf1), sha256)),
          der(contextTag(2), derInteger(32)),
        ),
      );
    }
  }
}

function signBytes(key: KeyObject, kind: SignatureKind | undefined, bytes: Uint8Array): Uint8Array {
  const type = key.asymmetricKeyType;
  if (type === 'ed25519' || type === 'ed448') return sign(null, bytes, key);
  const isPss = type === 'rsa-pss' || (type === 'rsa' && kind === 'pss');
  const hash = kind === undefined || kind === 'pss' ? 'sha256' : kind;
  return isPss ? sign('sha256', bytes, { key, padding: 6, saltLength: 32 }) : sign(hash, bytes, key);
}

/** A certificate in PEM. */
export const pemOf = (certificate: Certificate): string => encodePem('CERTIFICATE', certificate.der);

/** Changes the bytes of a structure that was read, and reads it again. Throws `DerError` if it is none any more. */
export function changed(certificate: Certificate, change: (bytes: Buffer) => void): Certificate {
  const bytes = Buffer.from(certificate.der);
  change(bytes);
  return readCertificate(bytes);
}
