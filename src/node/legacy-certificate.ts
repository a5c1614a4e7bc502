import { nodeCertificate } from '../crypto/node/x509.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { DerReader } from '../x509/der.ts';
import { type DistinguishedName, nameAttributes } from '../x509/distinguished-name.ts';
import type { CurveName } from '../x509/oids.ts';
import type { PublicKeyInfo } from '../x509/public-key.ts';

/** Attributes of a name by OpenSSL's short names; an attribute that comes more than once is an array. */
export type CertificateName = Readonly<Record<string, string | readonly string[]>>;

/** A certificate as `getCertificate` and `getPeerCertificate` of node:tls tell it. */
export interface LegacyCertificate {
  readonly raw: Buffer;
  readonly subject: CertificateName;
  readonly issuer: CertificateName;
  readonly subjectaltname?: string;
  readonly infoAccess?: Readonly<Record<string, readonly string[]>>;
  readonly ca: boolean;
  /** RSA: the modulus in hexadecimal, the exponent as `0x10001`. */
  readonly modulus?: string;
  readonly exponent?: string;
  /** RSA, EC. */
  readonly bits?: number;
  /** RSA: the DER SubjectPublicKeyInfo; EC: the point. */
  readonly pubkey?: Buffer;
  readonly asn1Curve?: string;
  readonly nistCurve?: string;
  readonly valid_from: string;
  readonly valid_to: string;
  readonly fingerprint: string;
  readonly fingerprint256: string;
  readonly fingerprint512: string;
  readonly ext_key_usage?: readonly string[];
  readonly serialNumber: string;
  /** The next certificate of the chain; of the last one, if it is self-signed, that itself. */
  issuerCertificate?: LegacyCertificate;
}

/**
 * A DER certificate in Node's old form. What Node's `toLegacyObject` would crash the process over, an EC key on a curve
 * that has no name at NIST, is read by our own parser. Throws for what is no certificate.
 */
export function legacyCertificate(der: Uint8Array): LegacyCertificate {
  const x509 = nodeCertificate(der);
  const certificate = readCertificate(der);
  const { subjectAltName, infoAccess } = x509;
  return {
    raw: x509.raw,
    subject: readName(certificate.subject),
    issuer: readName(certificate.issuer),
    ...(subjectAltName !== undefined && { subjectaltname: subjectAltName }),
    ...(infoAccess !== undefined && { infoAccess: readInfoAccess(infoAccess) }),
    ca: x509.ca,
    ...readKey(certificate.publicKey),
    valid_from: x509.validFrom,
    valid_to: x509.validTo,
    fingerprint: x509.fingerprint,
    fingerprint256: x509.fingerprint256,
    fingerprint512: x509.fingerprint512,
    ...readPurposes(certificate),
    serialNumber: x509.serialNumber,
  };
}

function readName(name: DistinguishedName): CertificateName {
  const record: Record<string, string | string[]> = Object.create(null);
  for (const { name: type, value } of nameAttributes(name)) {
    const before = record[type];
    if (before === undefined) record[type] = value;
    else record[type] = [...(typeof before === 'string' ? [before] : before), value];
  }
  return record;
}

/** The lines of Node's own text; a value that holds a character with a meaning there is JSON. */
function readInfoAccess(text: string): Record<string, string[]> {
  const record: Record<string, string[]> = Object.create(null);
  for (const [, method, value] of text.matchAll(/([^\n:]*):([^\n]*)(?:\n|$)/g)) {
    record[method!] ??= [];
    record[method!]!.push(value!.startsWith('"') ? (JSON.parse(value!) as string) : value!);
  }
  return record;
}

const readPurposes = ({ extKeyUsage }: Certificate): { ext_key_usage?: readonly string[] } =>
  extKeyUsage === undefined ? {} : { ext_key_usage: extKeyUsage };

type KeyFacts = Pick<LegacyCertificate, 'modulus' | 'exponent' | 'bits' | 'pubkey' | 'asn1Curve' | 'nistCurve'>;

function readKey(info: PublicKeyInfo): KeyFacts {
  // Node tells them of RSA-PSS keys from 22 on.
  if (info.name === 'rsa' || info.name === 'rsaPss') return readRsaKey(info);
  return info.name === 'ec' ? readEcKey(info) : {};
}

// RFC 8017 appendix A.1.1: RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
function readRsaKey({ key, modulusLength, spki }: PublicKeyInfo): KeyFacts {
  const reader = new DerReader(key, 'RSA public key').sequence();
  const hexOf = (integer: Uint8Array): string => BigInt(`0x${Buffer.from(integer).toString('hex')}`).toString(16);
  const modulus = hexOf(reader.integer()).toUpperCase();
  const exponent = hexOf(reader.integer());
  return {
    modulus: modulus.length % 2 ? `0${modulus}` : modulus,
    exponent: `0x${exponent}`,
    ...(modulusLength !== undefined && { bits: modulusLength }),
    pubkey: Buffer.from(spki),
  };
}

/** Names of curves as OpenSSL and NIST have them, and the bits of their orders. */
const curves: Readonly<Record<CurveName, { readonly asn1: string; readonly nist?: string; readonly bits: number }>> = {
  secp192r1: { asn1: 'prime192v1', nist: 'P-192', bits: 192 },
  secp224r1: { asn1: 'secp224r1', nist: 'P-224', bits: 224 },
  secp256r1: { asn1: 'prime256v1', nist: 'P-256', bits: 256 },
  secp384r1: { asn1: 'secp384r1', nist: 'P-384', bits: 384 },
  secp521r1: { asn1: 'secp521r1', nist: 'P-521', bits: 521 },
  secp256k1: { asn1: 'secp256k1', bits: 256 },
  brainpoolP256r1: { asn1: 'brainpoolP256r1', bits: 256 },
  brainpoolP384r1: { asn1: 'brainpoolP384r1', bits: 384 },
  brainpoolP512r1: { asn1: 'brainpoolP512r1', bits: 512 },
};

function readEcKey({ key, curve }: PublicKeyInfo): KeyFacts {
  const pubkey = Buffer.from(key);
  if (curve === undefined) return { pubkey };
  const { asn1, nist, bits } = curves[curve];
  return { bits, pubkey, asn1Curve: asn1, ...(nist !== undefined && { nistCurve: nist }) };
}
