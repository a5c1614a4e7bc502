/**
 * DER (ITU-T X.690), as much of it as certificates, keys and OCSP need: definite lengths, single-byte tags.
 * The reader never recurses by itself: depth is what the caller's code has, whatever the input nests.
 */

/** Input that is no DER, or not the structure expected. Carries no alert: who reads it knows which one fits. */
export class DerError extends Error {
  override readonly name = 'DerError';
  readonly code = 'ERR_DER';
}

/** Identifier octets (X.690 section 8.1.2): universal tags, constructed where DER wants it so. */
export const DerTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The identifier octet of a context-specific tag below 31; `constructed` where it wraps further elements. */
export const contextTag = (number: number, constructed = true): number => (constructed ? 0xa0 : 0x80) | number;

/** One element: its identifier octet, what it contains, and all of it with tag and length. Views of the input. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** An element whose bytes as a whole, which are seldom wanted, are a view made when they are. */
class ReadElement implements DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(tag: number, bytes: Uint8Array, start: number, contentAt: number, end: number) {
    this.tag = tag;
    this.content = bytes.subarray(contentAt, end);
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get whole(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }
}

/** A cursor over consecutive DER elements. What it returns are views of the input. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** Reads `bytes`; `what` names the structure in the message of an error. */
  constructor(bytes: Uint8Array, what = 'DER structure') {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Whether everything was read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The identifier octet of the next element, or `undefined` at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** Throws a `DerError` about this structure. */
  fail(fact: string): never {
    throw new DerError(`${this.#what}: ${fact}`);
  }

  /** The next element, whatever its tag. Throws `DerError` if it is no DER or reaches past the end. */
  element(): DerElement {
    const bytes = this.#bytes;
    const start = this.#at;
    const tag = bytes[start];
    const first = bytes[start + 1];
    if (tag === undefined || first === undefined) this.fail('truncated');
    if ((tag & 0x1f) === 0x1f) this.fail('a tag number above 30');
    let at = start + 2;
    let length = first;
    if (first >= 0x80) {
      // X.690 sections 8.1.3.5 and 10.1: definite, and in the fewest octets.
      const octets = first & 0x7f;
      if (octets === 0) this.fail('an indefinite length');
      if (octets > 4) this.fail('a length of more than four bytes');
      if (octets > bytes.length - at) this.fail('truncated');
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[at++]!;
      if (length < 0x80 || length < 256 ** (octets - 1)) this.fail('a length that is not minimal');
    }
    const end = at + length;
    if (end > bytes.length) this.fail('an element longer than what contains it');
    this.#at = end;
    return new ReadElement(tag, bytes, start, at, end);
  }

  /** The next element, which must have `tag`. */
  expect(tag: number): DerElement {
    if (this.tag !== tag) {
      const found = this.tag === undefined ? 'the end' : `tag 0x${this.tag.toString(16)}`;
      this.fail(`tag 0x${tag.toString(16)} was expected, not ${found}`);
    }
    return this.element();
  }

  /** The next element if it has `tag`. */
  optional(tag: number): DerElement | undefined {
    return this.tag === tag ? this.element() : undefined;
  }

  /** A reader of the content of the next element, which must have `tag`. */
  enter(tag: number, what: string = this.#what): DerReader {
    return new DerReader(this.expect(tag).content, what);
  }

  /** A reader of the content of an element already read. */
  inside(element: DerElement, what: string = this.#what): DerReader {
    return new DerReader(element.content, what);
  }

  /** A reader of the next SEQUENCE. */
  sequence(what: string = this.#what): DerReader {
    return this.enter(DerTag.sequence, what);
  }

  /** A BOOLEAN: in DER one byte, 0x00 or 0xff (X.690 section 11.1). */
  boolean(): boolean {
    const { content } = this.expect(DerTag.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) this.fail('a BOOLEAN that is no DER');
    return content[0] === 0xff;
  }

  /** The bytes of an INTEGER, big-endian two's complement, checked to be minimal (X.690 section 8.3.2). */
  integer(): Uint8Array {
    return this.minimalInteger(this.expect(DerTag.integer).content);
  }

  /** Checks the content of an INTEGER, for those tagged implicitly; returns it. */
  minimalInteger(content: Uint8Array): Uint8Array {
    if (content.length === 0) this.fail('an empty INTEGER');
    if (content.length > 1) {
      const padded = content[0] === 0 && content[1]! < 0x80;
      const extended = content[0] === 0xff && content[1]! >= 0x80;
      if (padded || extended) this.fail('an INTEGER that is not minimal');
    }
    return content;
  }

  /** An INTEGER from 0 to 2^31 - 1. */
  smallInteger(): number {
    return this.smallValue(this.expect(DerTag.integer).content);
  }

  /** The value of such an INTEGER from its content, for those tagged implicitly. */
  smallValue(content: Uint8Array): number {
    const bytes = this.minimalInteger(content);
    if (bytes[0]! >= 0x80) this.fail('a negative INTEGER');
    if (bytes.length > 4) this.fail('an INTEGER out of range');
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  /** An OBJECT IDENTIFIER in dotted decimals. */
  oid(): string {
    return this.oidText(this.expect(DerTag.oid).content);
  }

  /** The dotted decimals of the content of an OBJECT IDENTIFIER, for those tagged implicitly. */
  oidText(content: Uint8Array): string {
    const arcs = readArcs(content);
    if (arcs === undefined) this.fail('an OBJECT IDENTIFIER that is no DER');
    const [first, ...rest] = arcs;
    const top = first! < 80n ? first! / 40n : 2n;
    return [top, first! - top * 40n, ...rest].join('.');
  }

  /** A BIT STRING: its bytes and how many bits at the end are unused (0 to 7). */
  bitString(): { readonly bytes: Uint8Array; readonly unused: number } {
    const { content } = this.expect(DerTag.bitString);
    const unused = content[0];
    if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
      this.fail('a BIT STRING of no bits');
    const bytes = content.subarray(1);
    // X.690 section 11.2.1: unused bits are zero.
    if (unused > 0 && (bytes[bytes.length - 1]! & ((1 << unused) - 1)) !== 0) this.fail('a BIT STRING with stray bits');
    return { bytes, unused };
  }

  /** An OCTET STRING. */
  octetString(): Uint8Array {
    return this.expect(DerTag.octetString).content;
  }

  /** Reads elements until the end. */
  list<T>(read: (reader: DerReader) => T): T[] {
    const items: T[] = [];
    while (!this.done) items.push(read(this));
    return items;
  }

  /** Asserts that everything was read; returns `value`. */
  end<T>(value: T): T {
    if (!this.done) this.fail('trailing bytes');
    return value;
  }
}

/** The longest OBJECT IDENTIFIER read, in bytes: longer ones serve nothing but to keep us busy. */
const longestOid = 64;

/** The arcs of an OBJECT IDENTIFIER, or `undefined` where it is not minimal or ends in the middle of one. */
function readArcs(content: Uint8Array): bigint[] | undefined {
  const last = content[content.length - 1];
  if (last === undefined || last >= 0x80 || content.length > longestOid) return undefined;
  const arcs: bigint[] = [];
  let arc = 0n;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) return undefined;
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (fresh) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  return arcs;
}
