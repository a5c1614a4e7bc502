import { type DerElement, DerReader, DerTag } from './der.ts';
import { attributeNameOf } from './oids.ts';

/** One attribute of a name, such as `CN=localhost`. */
export interface NameAttribute {
  readonly oid: string;
  /** OpenSSL's short name (`CN`), or the OID where there is none. */
  readonly name: string;
  /** The value as text; of what is no string, `#` and the hexadecimal of its DER. */
  readonly value: string;
  /** The bytes of the value, in the encoding of its string type. */
  readonly bytes: Uint8Array;
  /** The identifier octet of the value: which string type it has. */
  readonly tag: number;
}

/** A distinguished name (RFC 5280 section 4.1.2.4). */
export interface DistinguishedName {
  readonly der: Uint8Array;
  /** In the order of the encoding. An element of more than one attribute is a multi-valued RDN. */
  readonly rdns: readonly (readonly NameAttribute[])[];
}

/** Reads a Name. Throws `DerError`. */
export function readName(reader: DerReader): DistinguishedName {
  const der = reader.expect(DerTag.sequence);
  const rdns = reader.inside(der, 'name').list((r) => {
    const attributes = r.enter(DerTag.set).list(readAttribute);
    if (attributes.length === 0) r.fail('an empty RDN');
    return attributes;
  });
  return { der: der.whole, rdns };
}

function readAttribute(reader: DerReader): NameAttribute {
  const pair = reader.sequence();
  const oid = pair.oid();
  const element = pair.element();
  const value = readText(element) ?? pair.fail('an attribute of a name with a value that is none');
  return pair.end({
    oid,
    name: attributeNameOf(oid),
    value,
    bytes: element.content,
    tag: element.tag,
  });
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The text of the value of an attribute: of a BIT STRING and of a SEQUENCE, which X.520 has for a few, `#` and the
 * hexadecimal of the whole element. `undefined` for all other types, and for characters that are none: as with OpenSSL,
 * what is in a name must be readable, since Node cannot tell of a certificate otherwise. Throws `DerError`.
 */
function readText({ tag, content, whole }: DerElement): string | undefined {
  switch (tag) {
    case DerTag.utf8String: {
      const text = utf8.decode(content);
      return text.includes('\ufffd') && Buffer.compare(Buffer.from(text), content) !== 0 ? undefined : text;
    }
    case DerTag.printableString:
    case DerTag.ia5String:
    case DerTag.numericString:
    case DerTag.teletexString:
      return Buffer.from(content).toString('latin1');
    case DerTag.bmpString:
      return readCharacters(content, 2);
    case DerTag.universalString:
      return readCharacters(content, 4);
    case DerTag.bitString:
      new DerReader(whole, 'name').bitString();
      return `#${Buffer.from(whole).toString('hex')}`;
    case DerTag.sequence:
      return `#${Buffer.from(whole).toString('hex')}`;
    default:
      return undefined;
  }
}

/** Characters of a fixed width in bytes, big-endian (X.690 sections 8.23.7 and 8.23.8). */
function readCharacters(content: Uint8Array, width: 2 | 4): string | undefined {
  if (content.length % width !== 0) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let text = '';
  for (let at = 0; at < content.length; at += width) {
    const point = width === 2 ? view.getUint16(at) : view.getUint32(at);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}

/** The string types whose values are compared as text; of others the bytes must be equal. */
const comparedAsText: ReadonlySet<number> = new Set([
  DerTag.utf8String,
  DerTag.printableString,
  DerTag.teletexString,
  DerTag.ia5String,
  DerTag.universalString,
  DerTag.bmpString,
]);

interface CanonicalForm {
  readonly rdns: readonly string[];
  readonly key: string;
}

const canonicalForms = new WeakMap<DistinguishedName, CanonicalForm>();

function canonicalForm(name: DistinguishedName): CanonicalForm {
  let form = canonicalForms.get(name);
  if (form === undefined) {
    const rdns = name.rdns.map((rdn) => rdn.map(canonicalAttribute).sort().join(''));
    form = { rdns, key: rdns.join('/') };
    canonicalForms.set(name, form);
  }
  return form;
}

/**
 * One string for each RDN, such that equal names have equal strings (RFC 5280 section 7.1): string types do not
 * matter, nor upper and lower case of ASCII letters, nor white space around and between words, nor the order in a SET.
 */
export const canonicalRdns = (name: DistinguishedName): readonly string[] => canonicalForm(name).rdns;

// With its length in front, so that no value can look like two attributes.
function canonicalAttribute({ oid, tag, value, bytes }: NameAttribute): string {
  const isText = comparedAsText.has(tag);
  const text = isText
    ? value
        .replace(/[\t-\r ]+/g, ' ') // first, or a long run in the middle would be gone through once for each of its bytes
        .replace(/^ | $/g, '')
        .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    : `#${tag}:${Buffer.from(bytes).toString('hex')}`;
  return `${oid}=${isText ? 't' : 'b'}${text.length}:${text};`;
}

/** The whole name as one such string, to compare names and to look them up. */
export const nameKey = (name: DistinguishedName): string => canonicalForm(name).key;

/** Whether two names are equal as RFC 5280 section 7.1 compares them. */
export const isSameName = (a: DistinguishedName, b: DistinguishedName): boolean => a === b || nameKey(a) === nameKey(b);

/** All attributes of a name in the order of the encoding. */
export const nameAttributes = (name: DistinguishedName): NameAttribute[] => name.rdns.flat();

/** The value of the last attribute of the short name given (the most specific one), or `undefined`. */
export const nameAttribute = (name: DistinguishedName, attribute: string): string | undefined =>
  nameAttributes(name).findLast((entry) => entry.name === attribute)?.value;

/** The name in the manner of RFC 4514 (`CN=localhost,O=tsls`): last RDN first, special characters escaped. */
export function formatName(name: DistinguishedName): string {
  return [...name.rdns]
    .reverse()
    .map((rdn) => rdn.map((attribute) => `${attribute.name}=${escapeValue(attribute.value)}`).join('+'))
    .join(',');
}

// RFC 4514 section 2.4. Control characters are escaped as well: a name is printed in logs and on terminals.
function escapeValue(value: string): string {
  return value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[# ]/, '\\$&')
    .replace(/ $/, (space, at: number) => (at === 0 ? space : `\\${space}`))
    .replace(/\p{Cc}/gu, escapeControl);
}

/** The bytes of a control character in UTF-8: of those above 0x7f, the first is 0xc2. */
const escapeControl = (control: string): string =>
  `${control < '\x80' ? '' : '\\c2'}\\${control.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** The name on one line as OpenSSL's `X509_NAME_oneline` writes it (`/O=tsls/CN=localhost`). */
export function formatNameOneLine(name: DistinguishedName): string {
  return name.rdns
    .map((rdn) => `/${rdn.map(({ name: type, bytes }) => `${type}=${escapeBytes(bytes)}`).join('+')}`)
    .join('');
}

function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    if (byte < 0x20 || byte > 0x7e) return `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    const character = String.fromCharCode(byte);
    return character === '/' || character === '+' ? `\\${character}` : character;
  }).join('');
}
