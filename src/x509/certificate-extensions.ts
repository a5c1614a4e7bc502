import { contextTag, type DerElement, DerReader, DerTag } from './der.ts';
import { formatName, readName } from './distinguished-name.ts';
import { formatIp } from './ip-address.ts';

/** An extension as it stands in the certificate (RFC 5280 section 4.2). */
export interface CertificateExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** The content of extnValue: the DER of the extension's own structure. */
  readonly value: Uint8Array;
}

/** One of the names that RFC 5280 section 4.2.1.6 allows in a subjectAltName. */
export interface GeneralName {
  readonly type: 'dns' | 'email' | 'uri' | 'ip' | 'directory' | 'registeredId' | 'other';
  /**
   * The name as text: of an address RFC 5952's form, of a directory name RFC 4514's. Of what has no text, and of
   * an address of an impossible length, `#` and the bytes in hexadecimal. It may hold any character of latin1.
   */
  readonly value: string;
  /** The content of the element: of an address its 4 or 16 bytes. */
  readonly bytes: Uint8Array;
}

/** Whether a certificate is an authority's (RFC 5280 section 4.2.1.9). */
export interface BasicConstraints {
  readonly ca: boolean;
  /** How many intermediate authorities may follow below it; `undefined` for any number. */
  readonly pathLength: number | undefined;
}

/** The uses of a key in the order of their bits (RFC 5280 section 4.2.1.3). */
export const keyUsages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

/** A use of a key. */
export type KeyUsage = (typeof keyUsages)[number];

/** Reads Extensions: a list in which none comes twice. Throws `DerError`. */
export function readExtensions(reader: DerReader): CertificateExtension[] {
  const seen = new Set<string>();
  return reader.sequence('certificate extensions').list((list) => {
    const fields = list.sequence('certificate extension');
    const oid = fields.oid();
    if (seen.has(oid)) fields.fail(`${oid} comes twice`);
    seen.add(oid);
    const critical = fields.tag === DerTag.boolean && fields.boolean();
    return fields.end({ oid, critical, value: fields.octetString() });
  });
}

/** Reads GeneralNames: the value of subjectAltName, and of issuerAltName. Throws `DerError`. */
export function readGeneralNames(value: Uint8Array): GeneralName[] {
  const reader = new DerReader(value, 'general names');
  return reader.end(reader.sequence()).list((list) => readGeneralName(list.element()));
}

function readGeneralName(element: DerElement): GeneralName {
  const { tag, content: bytes } = element;
  const latin1 = (): string => Buffer.from(bytes).toString('latin1');
  const hex = (): string => `#${Buffer.from(bytes).toString('hex')}`;
  switch (tag) {
    case contextTag(1, false):
      return { type: 'email', value: latin1(), bytes };
    case contextTag(2, false):
      return { type: 'dns', value: latin1(), bytes };
    case contextTag(4):
      return { type: 'directory', value: formatName(readName(new DerReader(bytes, 'directory name'))), bytes };
    case contextTag(6, false):
      return { type: 'uri', value: latin1(), bytes };
    case contextTag(7, false):
      return { type: 'ip', value: formatIp(bytes) ?? hex(), bytes };
    case contextTag(8, false):
      return { type: 'registeredId', value: new DerReader(bytes, 'registered ID').oidText(bytes), bytes };
    default:
      return { type: 'other', value: hex(), bytes };
  }
}

/** Reads BasicConstraints. Throws `DerError`. */
export function readBasicConstraints(value: Uint8Array): BasicConstraints {
  const reader = new DerReader(value, 'basicConstraints');
  const fields = reader.end(reader.sequence());
  const ca = fields.tag === DerTag.boolean && fields.boolean();
  const pathLength = fields.tag === DerTag.integer ? fields.smallInteger() : undefined;
  return fields.end({ ca, pathLength });
}

/** Reads KeyUsage. Throws `DerError`. */
export function readKeyUsage(value: Uint8Array): KeyUsage[] {
  const reader = new DerReader(value, 'keyUsage');
  const { bytes } = reader.end(reader.bitString());
  return keyUsages.filter((_, bit) => ((bytes[bit >>> 3] ?? 0) & (0x80 >>> (bit & 7))) !== 0);
}

/** Reads ExtKeyUsage: the OIDs of the purposes, one at least. Throws `DerError`. */
export function readExtKeyUsage(value: Uint8Array): string[] {
  const reader = new DerReader(value, 'extKeyUsage');
  const purposes = reader.end(reader.sequence()).list((list) => list.oid());
  if (purposes.length === 0) reader.fail('no purpose');
  return purposes;
}

/** Reads SubjectKeyIdentifier. Throws `DerError`. */
export function readSubjectKeyId(value: Uint8Array): Uint8Array {
  const reader = new DerReader(value, 'subjectKeyIdentifier');
  return reader.end(reader.octetString());
}

/** Reads the keyIdentifier of AuthorityKeyIdentifier, `undefined` if it has none. Throws `DerError`. */
export function readAuthorityKeyId(value: Uint8Array): Uint8Array | undefined {
  const reader = new DerReader(value, 'authorityKeyIdentifier');
  return reader.end(reader.sequence()).optional(contextTag(0, false))?.content;
}
