import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import {
  type BasicConstraints,
  type CertificateExtension,
  type GeneralName,
  type KeyUsage,
  readAuthorityKeyId,
  readBasicConstraints,
  readExtensions,
  readExtKeyUsage,
  readGeneralNames,
  readKeyUsage,
  readSubjectKeyId,
} from './certificate-extensions.ts';
import { contextTag, DerReader, DerTag } from './der.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';
import { ExtensionOid } from './oids.ts';
import { type PublicKeyInfo, readPublicKeyInfo } from './public-key.ts';

/** A certificate (RFC 5280 section 4.1). All bytes are views of `der`. */
export interface Certificate {
  readonly der: Uint8Array;
  /** The part that is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The content of the INTEGER, big-endian. */
  readonly serial: Uint8Array;
  /** The serial number as Node writes it: upper-case hexadecimal, whole bytes, a minus where negative. */
  readonly serialNumber: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: PublicKeyInfo;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** All extensions, in order, with those decoded below. */
  readonly extensions: readonly CertificateExtension[];
  /** Empty where there is no such extension. */
  readonly subjectAltName: readonly GeneralName[];
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** The OIDs of the purposes. */
  readonly extKeyUsage: readonly string[] | undefined;
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
}

/** Reads a certificate in DER. Throws `DerError` where it is no well-formed one. Verifies nothing. */
export function readCertificate(der: Uint8Array): Certificate {
  const reader = new DerReader(der, 'certificate');
  const outer = reader.end(reader.sequence());
  const tbs = outer.expect(DerTag.sequence);
  const fields = outer.inside(tbs);
  const version = readVersion(fields);
  const serial = fields.integer();
  const innerAlgorithm = readAlgorithm(fields);
  const issuer = readName(fields);
  const validity = fields.sequence('validity');
  const notBefore = readTime(validity);
  const notAfter = validity.end(readTime(validity));
  const subject = readName(fields);
  const publicKey = readPublicKeyInfo(fields);
  fields.optional(contextTag(1, false)); // issuerUniqueID and subjectUniqueID: nobody uses them
  fields.optional(contextTag(2, false));
  const extensions = fields.tag === contextTag(3) ? readWrappedExtensions(fields) : [];
  if (extensions.length > 0 && version !== 3) fields.fail(`extensions in version ${version}`);
  fields.end(undefined);
  const signatureAlgorithm = readAlgorithm(outer);
  if (!sameAlgorithm(innerAlgorithm, signatureAlgorithm)) outer.fail('two different signature algorithms');
  const signature = outer.bitString().bytes;
  return outer.end({
    der,
    tbs: tbs.whole,
    version,
    serial,
    serialNumber: formatSerial(serial),
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    signatureAlgorithm,
    signature,
    extensions,
    ...decodeExtensions(extensions),
  });
}

function readVersion(fields: DerReader): 1 | 2 | 3 {
  if (fields.tag !== contextTag(0)) return 1;
  const wrapper = fields.enter(contextTag(0));
  const version = wrapper.end(wrapper.smallInteger()) + 1;
  if (version !== 1 && version !== 2 && version !== 3) fields.fail(`version ${version}`);
  return version;
}

function readWrappedExtensions(fields: DerReader): CertificateExtension[] {
  const wrapper = fields.enter(contextTag(3));
  return wrapper.end(readExtensions(wrapper));
}

// RFC 5280 section 4.1.2.5: in UTC, with seconds, without fractions.
function readTime(reader: DerReader): Date {
  const { tag, content } = reader.element();
  const text = Buffer.from(content).toString('latin1');
  const digits = tag === DerTag.utcTime ? 2 : tag === DerTag.generalizedTime ? 4 : reader.fail('no time');
  const match = new RegExp(`^(\\d{${digits}})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)Z$`).exec(text);
  if (match === null) reader.fail('a time in another form than RFC 5280 wants');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as Six;
  const fullYear = digits === 4 ? year : year < 50 ? 2000 + year : 1900 + year;
  const iso = `${pad(fullYear, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}.000Z`;
  const time = new Date(iso);
  // A day that the month has not is moved or refused by Date, according to which it is.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) reader.fail(`an impossible time ${text}`);
  return time;
}

type Six = [number, number, number, number, number, number];

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

function sameAlgorithm(a: AlgorithmIdentifier, b: AlgorithmIdentifier): boolean {
  return a.oid === b.oid && Buffer.compare(a.parameters ?? Buffer.of(), b.parameters ?? Buffer.of()) === 0;
}

function formatSerial(serial: Uint8Array): string {
  const hex = Buffer.from(serial).toString('hex');
  const value = BigInt.asIntN(8 * serial.length, BigInt(`0x${hex}`));
  if (value === 0n) return '0';
  const digits = (value < 0n ? -value : value).toString(16).toUpperCase();
  return `${value < 0n ? '-' : ''}${digits.length % 2 ? '0' : ''}${digits}`;
}

type DecodedExtensions = Pick<
  Certificate,
  'subjectAltName' | 'basicConstraints' | 'keyUsage' | 'extKeyUsage' | 'subjectKeyId' | 'authorityKeyId'
>;

function decodeExtensions(extensions: readonly CertificateExtension[]): DecodedExtensions {
  const decode = <T>(oid: string, read: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.find((entry) => entry.oid === oid);
    return extension === undefined ? undefined : read(extension.value);
  };
  return {
    subjectAltName: decode(ExtensionOid.subjectAltName, readGeneralNames) ?? [],
    basicConstraints: decode(ExtensionOid.basicConstraints, readBasicConstraints),
    keyUsage: decode(ExtensionOid.keyUsage, readKeyUsage),
    extKeyUsage: decode(ExtensionOid.extKeyUsage, readExtKeyUsage),
    subjectKeyId: decode(ExtensionOid.subjectKeyIdentifier, readSubjectKeyId),
    authorityKeyId: decode(ExtensionOid.authorityKeyIdentifier, readAuthorityKeyId),
  };
}
