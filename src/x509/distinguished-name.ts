import { type DerElement, type DerReader, DerTag } from './der.ts';
import { attributeNameOf } from './oids.ts';

/** One attribute of a name, such as `CN=localhost`. */
export interface NameAttribute {
  readonly oid: string;
  /** OpenSSL's short name (`CN`), or the OID where there is none. */
  readonly name: string;
  /** The value as text; a value of no string type is `#` and the hexadecimal of its DER. */
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
  return pair.end({
    oid,
    name: attributeNameOf(oid),
    value: readText(element),
    bytes: element.content,
    tag: element.tag,
  });
}

/** The text of an element of any string type, else `#` and the hexadecimal of the whole element. */
export function readText({ tag, content, whole }: DerElement): string {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  switch (tag) {
    case DerTag.utf8String:
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);
    case DerTag.printableString:
    case DerTag.ia5String:
    case DerTag.visibleString:
    case DerTag.numericString:
    case DerTag.teletexString:
      return Buffer.from(content).toString('latin1');
    case DerTag.bmpString:
      return Array.from({ length: content.length >>> 1 }, (_, i) => String.fromCharCode(view.getUint16(2 * i))).join(
        '',
      );
    case DerTag.universalString:
      return Array.from({ length: content.length >>> 2 }, (_, i) => {
        const point = view.getUint32(4 * i);
        return String.fromCodePoint(point <= 0x10ffff ? point : 0xfffd);
      }).join('');
    default:
      return `#${Buffer.from(whole).toString('hex')}`;
  }
}

/** The string types whose values are compared as text; of others the bytes must be equal. */
const comparedAsText: ReadonlySet<number> = new Set([
  DerTag.utf8String,
  DerTag.printableString,
  DerTag.teletexString,
  DerTag.ia5String,
  DerTag.visibleString,
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
  const isText = comparedAsText.has(tag) && !value.includes('\ufffd');
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
    .replace(/\p{Cc}/gu, (control) =>
      Array.from(new TextEncoder().encode(control), (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
    );
}

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
