import { DerError, DerTag } from './der.ts';
import { der } from './der-writer.ts';

/** How deep elements may be nested: PKCS #12 files have a dozen levels. */
const deepest = 40;

/** A place in the input, shared by the elements within each other. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * Makes DER of BER (X.690 section 8) as far as lengths and strings go: indefinite lengths become definite, lengths are
 * in the fewest bytes, OCTET STRINGs in pieces are joined. Windows, NSS and old Java write PKCS #12 files so. Throws
 * `DerError` where it is no BER, is nested too deep, or has bytes after its first element.
 */
export function normalizeBer(bytes: Uint8Array): Uint8Array {
  const cursor = { bytes, at: 0 };
  const element = readElement(cursor, bytes.length, 0);
  if (element === endOfContents || cursor.at !== bytes.length) throw new DerError('BER structure: trailing bytes');
  return element;
}

/** What ends an element of indefinite length. */
const endOfContents = 'end of contents';

function readElement(cursor: Cursor, end: number, depth: number): Uint8Array | typeof endOfContents {
  if (depth > deepest) throw new DerError('BER structure: nested too deep');
  const tag = nextByte(cursor, end);
  if ((tag & 0x1f) === 0x1f) throw new DerError('BER structure: a tag number above 30');
  const length = readLength(cursor, end);
  if (tag === 0) {
    if (length === 0) return endOfContents;
    throw new DerError('BER structure: tag 0');
  }
  const isConstructed = (tag & 0x20) !== 0;
  if (length === undefined && !isConstructed) throw new DerError('BER structure: an indefinite length in a primitive');
  if (!isConstructed) {
    const content = cursor.bytes.subarray(cursor.at, cursor.at + length!);
    cursor.at += length!;
    return der(tag, content);
  }
  const parts = readParts(cursor, length, end, depth);
  return tag === (DerTag.octetString | 0x20) ? joinOctets(parts) : der(tag, ...parts);
}

function readParts(cursor: Cursor, length: number | undefined, end: number, depth: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const stop = length === undefined ? end : cursor.at + length;
  while (length === undefined || cursor.at < stop) {
    const part = readElement(cursor, stop, depth + 1);
    if (part !== endOfContents) parts.push(part);
    else if (length === undefined) break;
    else throw new DerError('BER structure: an end of contents in a definite length');
  }
  return parts;
}

/** Joins the pieces of an OCTET STRING, each of them one that is already normalized. */
export function joinOctets(parts: readonly Uint8Array[]): Uint8Array {
  return der(
    DerTag.octetString,
    ...parts.map((part) => {
      if (part[0] !== DerTag.octetString) throw new DerError('BER structure: an OCTET STRING of other things');
      return part.subarray(headerLength(part));
    }),
  );
}

/** Bytes of tag and length in front of the content, in DER. */
const headerLength = (element: Uint8Array): number => (element[1]! < 0x80 ? 2 : 2 + (element[1]! & 0x7f));

function nextByte(cursor: Cursor, end: number): number {
  if (cursor.at >= end) throw new DerError('BER structure: truncated');
  return cursor.bytes[cursor.at++]!;
}

/** A length that lies within `end`; `undefined` for an indefinite one. */
function readLength(cursor: Cursor, end: number): number | undefined {
  const first = nextByte(cursor, end);
  if (first === 0x80) return undefined;
  let length = first;
  if (first > 0x80) {
    length = 0;
    for (let left = first & 0x7f; left > 0; left--) {
      length = length * 256 + nextByte(cursor, end);
      if (length > end) throw new DerError('BER structure: truncated');
    }
  }
  if (length > end - cursor.at) throw new DerError('BER structure: truncated');
  return length;
}
