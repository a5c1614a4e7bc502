import { contextTag, type DerElement, DerError, DerReader, DerTag } from './der.ts';
import { type DistinguishedName, formatName, readName } from './distinguished-name.ts';
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
  /** The identifier octet, which tells apart the kinds that are `other`. */
  readonly tag: number;
  /** A directory name as it was read. */
  readonly name?: DistinguishedName;
  /** The type-id of an otherName. */
  readonly typeId?: string;
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

/** Reads one GeneralName from its element. Throws `DerError`. */
export function readGeneralName({ tag, content: bytes }: DerElement): GeneralName {
  const latin1 = (): string => Buffer.from(bytes).toString('latin1');
  const hex = (): string => `#${Buffer.from(bytes).toString('hex')}`;
  switch (tag) {
    case contextTag(1, false):
      return { type: 'email', value: latin1(), bytes, tag };
    case contextTag(2, false):
      return { type: 'dns', value: latin1(), bytes, tag };
    case contextTag(4): {
      const reader = new DerReader(bytes, 'directory name');
      const name = reader.end(readName(reader));
      return { type: 'directory', value: formatName(name), bytes, tag, name };
    }
    case contextTag(6, false):
      return { type: 'uri', value: latin1(), bytes, tag };
    case contextTag(7, false):
      return { type: 'ip', value: formatIp(bytes) ?? hex(), bytes, tag };
    case contextTag(8, false):
      return { type: 'registeredId', value: new DerReader(bytes, 'registered ID').oidText(bytes), bytes, tag };
    case contextTag(0):
      return { type: 'other', value: hex(), bytes, tag, typeId: readOtherNameType(bytes) };
    case contextTag(3): // x400Address
    case contextTag(5): // ediPartyName
      return { type: 'other', value: hex(), bytes, tag };
    default:
      throw new DerError(`general names: tag 0x${tag.toString(16)} is none of a name`);
  }
}

// OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }
function readOtherNameType(bytes: Uint8Array): string {
  const fields = new DerReader(bytes, 'other name');
  const typeId = fields.oid();
  fields.expect(contextTag(0));
  return fields.end(typeId);
}

/** Reads BasicConstraints. Throws `DerError`. */
export function readBasicConstraints(value: Uint8Array): BasicConstraints {
  const reader = new DerReader(value, 'basicConstraints');
  const fields = reader.end(reader.sequence());
  const ca = fields.tag === DerTag.boolean && fields.boolean();
  const pathLength = fields.tag === DerTag.integer ? fields.smallInteger() : undefined;
  return fields.end({ ca, pathLength });
}

/** Reads KeyUsage: the uses, one at least. Throws `DerError`. */
export function readKeyUsage(value: Uint8Array): KeyUsage[] {
  const reader = new DerReader(value, 'keyUsage');
  const { bytes } = reader.end(reader.bitString());
  const uses = keyUsages.filter((_, bit) => ((bytes[bit >>> 3] ?? 0) & (0x80 >>> (bit & 7))) !== 0);
  if (uses.length === 0) reader.fail('no use');
  return uses;
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

/** AuthorityKeyIdentifier (RFC 5280 section 4.2.1.1): which of the issuer's certificates has the key. */
export interface AuthorityKeyIdentifier {
  readonly keyId: Uint8Array | undefined;
  /** The issuer of the issuer's certificate; empty where it is not told. */
  readonly issuer: readonly GeneralName[];
  /** The serial number of the issuer's certificate: the content of the INTEGER. */
  readonly serial: Uint8Array | undefined;
}

/** Reads AuthorityKeyIdentifier. Throws `DerError`. */
export function readAuthorityKeyIdentifier(value: Uint8Array): AuthorityKeyIdentifier {
  const reader = new DerReader(value, 'authorityKeyIdentifier');
  const fields = reader.end(reader.sequence());
  const keyId = fields.optional(contextTag(0, false))?.content;
  const names = fields.optional(contextTag(1));
  const issuer = names ? fields.inside(names).list((list) => readGeneralName(list.element())) : [];
  const serial = fields.optional(contextTag(2, false));
  return fields.end({ keyId, issuer, serial: serial && fields.minimalInteger(serial.content) });
}

/** One way to learn more about a certificate's issuer (RFC 5280 section 4.2.2.1). */
export interface AccessDescription {
  /** The OID of the method, such as OCSP. */
  readonly method: string;
  readonly location: GeneralName;
}

/** Reads AuthorityInfoAccess. Throws `DerError`. */
export function readAuthorityInfoAccess(value: Uint8Array): AccessDescription[] {
  const reader = new DerReader(value, 'authorityInfoAccess');
  return reader.end(reader.sequence()).list((list) => {
    const fields = list.sequence();
    const method = fields.oid();
    return fields.end({ method, location: readGeneralName(fields.element()) });
  });
}

/** Reads TLSFeature (RFC 7633 section 4): extension types that the server has to send. Throws `DerError`. */
export function readTlsFeature(value: Uint8Array): number[] {
  const reader = new DerReader(value, 'TLS feature');
  return reader.end(reader.sequence()).list((list) => list.smallInteger());
}

/** Reads the list of signed certificate timestamps (RFC 6962 section 3.3), as it goes into TLS. Throws `DerError`. */
export function readTimestampList(value: Uint8Array): Uint8Array {
  const reader = new DerReader(value, 'certificate timestamps');
  return reader.end(reader.octetString());
}

/** The uses of a certificate by Netscape's extension, older than extKeyUsage, that OpenSSL still heeds. */
export interface NetscapeCertType {
  readonly sslClient: boolean;
  readonly sslServer: boolean;
  readonly sslAuthority: boolean;
}

/** Reads Netscape's certificate type, a BIT STRING. Throws `DerError`. */
export function readNetscapeCertType(value: Uint8Array): NetscapeCertType {
  const reader = new DerReader(value, 'Netscape certificate type');
  const bits = reader.end(reader.bitString()).bytes[0] ?? 0;
  return { sslClient: (bits & 0x80) !== 0, sslServer: (bits & 0x40) !== 0, sslAuthority: (bits & 0x04) !== 0 };
}
