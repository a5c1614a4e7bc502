import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import { type CertificateExtension, readExtensions } from './certificate-extensions.ts';
import { contextTag, DerReader, DerTag } from './der.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';
import { KnownExtensions } from './known-extensions.ts';
import { type PublicKeyInfo, readPublicKeyInfo } from './public-key.ts';
import { readTime } from './time.ts';

/** The fields of a certificate but for its extensions (RFC 5280 section 4.1). All bytes are views of `der`. */
interface CertificateFields {
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
}

/** A certificate: its fields, and its extensions decoded on demand. */
export interface Certificate extends CertificateFields, Pick<KnownExtensions, keyof KnownExtensions> {}

class ReadCertificate extends KnownExtensions implements Certificate {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  readonly serial: Uint8Array;
  readonly serialNumber: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: PublicKeyInfo;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;

  constructor(fields: CertificateFields, extensions: readonly CertificateExtension[]) {
    super(extensions);
    this.der = fields.der;
    this.tbs = fields.tbs;
    this.version = fields.version;
    this.serial = fields.serial;
    this.serialNumber = fields.serialNumber;
    this.issuer = fields.issuer;
    this.subject = fields.subject;
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.publicKey = fields.publicKey;
    this.signatureAlgorithm = fields.signatureAlgorithm;
    this.signature = fields.signature;
  }
}

/**
 * Reads a certificate in DER. Throws `DerError` where it is no well-formed one, or has an extension twice; what is
 * wrong inside of an extension, `malformed` tells. Verifies nothing.
 */
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
  const signature = readSignature(outer);
  const fieldsRead: CertificateFields = {
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
  };
  return outer.end(new ReadCertificate(fieldsRead, extensions));
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

/** Whether two algorithm identifiers are the same, parameters included. */
export function sameAlgorithm(a: AlgorithmIdentifier, b: AlgorithmIdentifier): boolean {
  return a.oid === b.oid && Buffer.compare(a.parameters ?? Buffer.of(), b.parameters ?? Buffer.of()) === 0;
}

/** A serial number as Node writes it, from the content of the INTEGER. */
export function formatSerial(serial: Uint8Array): string {
  const hex = Buffer.from(serial).toString('hex');
  const value = BigInt.asIntN(8 * serial.length, BigInt(`0x${hex}`));
  if (value === 0n) return '0';
  const digits = (value < 0n ? -value : value).toString(16).toUpperCase();
  return `${value < 0n ? '-' : ''}${digits.length % 2 ? '0' : ''}${digits}`;
}

/** Reads a signature: a BIT STRING of whole bytes. */
export function readSignature(reader: DerReader): Uint8Array {
  const { bytes, unused } = reader.bitString();
  if (unused !== 0) reader.fail('a signature of no whole bytes');
  return bytes;
}
