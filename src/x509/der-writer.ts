import { DerTag } from './der.ts';

/** One DER element: identifier octet, length in the fewest bytes, and the contents one after another. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const lengthBytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) lengthBytes.unshift(left % 256);
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | lengthBytes.length, ...lengthBytes];
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  let at = header.length;
  for (const content of contents) {
    bytes.set(content, at);
    at += content.length;
  }
  return bytes;
}

/** A SEQUENCE of elements already encoded. */
export const derSequence = (...elements: readonly Uint8Array[]): Uint8Array => der(DerTag.sequence, ...elements);

/** A SET of elements already encoded, sorted as DER wants it (X.690 section 11.6). */
export const derSet = (...elements: readonly Uint8Array[]): Uint8Array =>
  der(DerTag.set, ...[...elements].sort(compareBytes));

/** A BOOLEAN. */
export const derBoolean = (value: boolean): Uint8Array => der(DerTag.boolean, Uint8Array.of(value ? 0xff : 0));

/** NULL. */
export const derNull = (): Uint8Array => der(DerTag.null);

/** A non-negative INTEGER: a number up to 2^53 - 1, or its magnitude in big-endian bytes. */
export function derInteger(value: number | Uint8Array): Uint8Array {
  let magnitude: Uint8Array;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no non-negative integer`);
    const hex = value.toString(16);
    magnitude = Uint8Array.from((hex.length % 2 ? `0${hex}` : hex).match(/../g)!, (pair) => Number.parseInt(pair, 16));
  } else {
    const significant = value.findIndex((byte) => byte !== 0);
    magnitude = significant < 0 ? Uint8Array.of(0) : value.subarray(significant);
  }
  return der(DerTag.integer, ...(magnitude[0]! >= 0x80 ? [Uint8Array.of(0), magnitude] : [magnitude]));
}

/** An OBJECT IDENTIFIER from dotted decimals. Throws `RangeError` if they are none. */
export function derOid(dotted: string): Uint8Array {
  if (!/^[0-2](?:\.(?:0|[1-9][0-9]*))+$/.test(dotted)) throw new RangeError(`${dotted} is no object identifier`);
  const [top, second, ...rest] = dotted.split('.').map(BigInt);
  if (top! < 2n && second! >= 40n) throw new RangeError(`${dotted} is no object identifier`);
  const bytes: number[] = [];
  for (const arc of [top! * 40n + second!, ...rest]) {
    const septets = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) septets.unshift(Number(left & 0x7fn) | 0x80);
    bytes.push(...septets);
  }
  return der(DerTag.oid, Uint8Array.from(bytes));
}

/** A BIT STRING of whole bytes, or with `unused` bits (0 to 7) at the end that are no part of it. */
export const derBitString = (bytes: Uint8Array, unused = 0): Uint8Array =>
  der(DerTag.bitString, Uint8Array.of(unused), bytes);

/** An OCTET STRING. */
export const derOctetString = (...contents: readonly Uint8Array[]): Uint8Array => der(DerTag.octetString, ...contents);

/** A UTF8String, or a string type of another tag whose characters are all ASCII. */
export const derString = (text: string, tag: number = DerTag.utf8String): Uint8Array =>
  der(tag, new TextEncoder().encode(text));

/** A time to the second: UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5). */
export function derTime(time: Date): Uint8Array {
  const digits = time
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const year = time.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? derString(digits.slice(2), DerTag.utcTime)
    : derString(digits, DerTag.generalizedTime);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
