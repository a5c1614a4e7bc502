import { readCertificate } from './certificate.ts';
import { type KeyUsage, keyUsages } from './certificate-extensions.ts';
import { contextTag } from './der.ts';
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
} from './der-writer.ts';
import { parseIp } from './ip-address.ts';
import { AttributeOid, ExtensionOid, PurposeOid, SignatureOid } from './oids.ts';

/** The keys of development certificates: ECDSA on P-256, RSA of 2048 bits, Ed25519. */
export type DevelopmentKeyType = 'ecdsa' | 'rsa' | 'ed25519';

/** A private key that signs certificates or belongs to one. */
export interface DevelopmentKey {
  readonly type: DevelopmentKeyType;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** DER of the PrivateKeyInfo (RFC 5958). */
  readonly pkcs8: Uint8Array;
  /** Signs: ECDSA (in DER) and RSA (PKCS #1 v1.5) with SHA-256, Ed25519 as it is. */
  sign(tbs: Uint8Array): Uint8Array;
}

/** What the making of certificates needs of cryptography; `crypto/node/development-keys.ts` has it. */
export interface DevelopmentCrypto {
  generate(type: DevelopmentKeyType): DevelopmentKey;
  randomBytes(length: number): Uint8Array;
  sha256(bytes: Uint8Array): Uint8Array;
}

/** A certificate in DER with its key. */
export interface DevelopmentIdentity {
  readonly certificate: Uint8Array;
  readonly key: DevelopmentKey;
}

/** Days that a development certificate is valid at most: what browsers accept of public ones is 398. */
export const developmentDays = 397;

const day = 86_400_000;

/** Makes a certificate authority (P-256) that can sign end entities only, valid from an hour before `now`. */
export function createDevelopmentAuthority(crypto: DevelopmentCrypto, now: Date): DevelopmentIdentity {
  const key = crypto.generate('ecdsa');
  const serial = crypto.randomBytes(16);
  // A number in the name keeps an authority apart from its predecessor, which somebody may still trust.
  const name = distinguishedName(`tsls development CA ${Buffer.from(serial.subarray(0, 4)).toString('hex')}`);
  const certificate = signCertificate(key, {
    serial,
    issuer: name,
    subject: name,
    ...validityFrom(now),
    spki: key.spki,
    extensions: [
      extension(ExtensionOid.basicConstraints, true, derSequence(derBoolean(true), derInteger(0))),
      extension(ExtensionOid.keyUsage, true, keyUsage('keyCertSign', 'cRLSign')),
      extension(ExtensionOid.subjectKeyIdentifier, false, derOctetString(keyId(crypto, key.spki))),
    ],
  });
  return { certificate, key };
}

/** What a development certificate is to be. */
export interface DevelopmentLeafOptions {
  /** Host names in ASCII (a wildcard label allowed) and IP addresses; one at least. */
  readonly names: readonly string[];
  /** By default ECDSA. */
  readonly type?: DevelopmentKeyType;
  readonly now: Date;
  /** Whether it is for a client as well as for a server; by default not. */
  readonly isForClients?: boolean;
}

/**
 * Makes a server's certificate and its key, signed by `authority`, valid from an hour before `now` and no longer
 * than the authority is. Throws `RangeError` for a name that is neither a host name nor an address.
 */
export function createDevelopmentLeaf(
  crypto: DevelopmentCrypto,
  authority: DevelopmentIdentity,
  { names, type = 'ecdsa', now, isForClients = false }: DevelopmentLeafOptions,
): DevelopmentIdentity {
  const issuer = readCertificate(authority.certificate);
  const key = crypto.generate(type);
  const validity = validityFrom(now);
  const purposes = isForClients ? [PurposeOid.serverAuth, PurposeOid.clientAuth] : [PurposeOid.serverAuth];
  const uses: KeyUsage[] = type === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
  const certificate = signCertificate(authority.key, {
    serial: crypto.randomBytes(16),
    issuer: issuer.subject.der,
    subject: distinguishedName(names.find((name) => name.length <= 64) ?? 'tsls'),
    notBefore: validity.notBefore,
    notAfter: new Date(Math.min(validity.notAfter.getTime(), issuer.notAfter.getTime())),
    spki: key.spki,
    extensions: [
      extension(ExtensionOid.basicConstraints, true, derSequence()),
      extension(ExtensionOid.keyUsage, true, keyUsage(...uses)),
      extension(ExtensionOid.extKeyUsage, false, derSequence(...purposes.map(derOid))),
      extension(ExtensionOid.subjectAltName, false, subjectAltName(names)),
      extension(ExtensionOid.subjectKeyIdentifier, false, derOctetString(keyId(crypto, key.spki))),
      extension(
        ExtensionOid.authorityKeyIdentifier,
        false,
        derSequence(der(contextTag(0, false), issuer.subjectKeyId ?? keyId(crypto, issuer.publicKey.spki))),
      ),
    ],
  });
  return { certificate, key };
}

interface Contents {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** Builds and signs a certificate of version 3 (RFC 5280 section 4.1). */
function signCertificate(signer: DevelopmentKey, contents: Contents): Uint8Array {
  const algorithm = signatureAlgorithms[signer.type]();
  const tbs = derSequence(
    der(contextTag(0), derInteger(2)),
    derInteger(positive(contents.serial)),
    algorithm,
    contents.issuer,
    derSequence(derTime(contents.notBefore), derTime(contents.notAfter)),
    contents.subject,
    contents.spki,
    der(contextTag(3), derSequence(...contents.extensions)),
  );
  return derSequence(tbs, algorithm, derBitString(signer.sign(tbs)));
}

const signatureAlgorithms: Record<DevelopmentKeyType, () => Uint8Array> = {
  ecdsa: () => derSequence(derOid(SignatureOid.ecdsaSha256)),
  rsa: () => derSequence(derOid(SignatureOid.rsaSha256), derNull()),
  ed25519: () => derSequence(derOid(SignatureOid.ed25519)),
};

/** The serial number with its first bits 01: never zero, never negative, always of the same length. */
function positive(serial: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(serial);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function validityFrom(now: Date): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date(now.getTime() - 3_600_000);
  // RFC 5280 section 4.1.2.5: both ends belong to the period, hence a second less.
  return { notBefore, notAfter: new Date(notBefore.getTime() + developmentDays * day - 1000) };
}

function distinguishedName(commonName: string): Uint8Array {
  const attribute = (oid: string, value: string): Uint8Array => derSet(derSequence(derOid(oid), derString(value)));
  return derSequence(attribute(AttributeOid.O, 'tsls development'), attribute(AttributeOid.CN, commonName));
}

function subjectAltName(names: readonly string[]): Uint8Array {
  if (names.length === 0) throw new RangeError('a certificate needs a name');
  return derSequence(
    ...names.map((name) => {
      const address = parseIp(name);
      if (address !== undefined) return der(contextTag(7, false), address);
      if (!/^(?:\*\.)?(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/i.test(name) || name.length > 253) {
        throw new RangeError(`${JSON.stringify(name)} is neither a host name nor an IP address`);
      }
      return derString(name, contextTag(2, false));
    }),
  );
}

function keyUsage(...uses: readonly KeyUsage[]): Uint8Array {
  // The uses needed here are all among the first eight bits; unused bits are counted from the last one set.
  const bits = uses.reduce((mask, use) => mask | (0x80 >>> keyUsages.indexOf(use)), 0);
  return derBitString(Uint8Array.of(bits), 31 - Math.clz32(bits & -bits));
}

const extension = (oid: string, critical: boolean, value: Uint8Array): Uint8Array =>
  derSequence(derOid(oid), ...(critical ? [derBoolean(true)] : []), derOctetString(value));

// RFC 7093 section 2, method 4: a hash of the whole SubjectPublicKeyInfo; here 160 bits of SHA-256.
const keyId = (crypto: DevelopmentCrypto, spki: Uint8Array): Uint8Array => crypto.sha256(spki).subarray(0, 20);
