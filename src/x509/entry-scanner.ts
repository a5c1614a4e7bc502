import { DerTag } from './der.ts';
import { isTimeAt } from './time.ts';

/** The most extensions of an entry that are compared with each other here. */
const mostExtensions = 8;

/** What is special about these: reasonCode (2.5.29.21) has a form, certificateIssuer (2.5.29.29) a meaning. */
const reasonCode = 0x15;
const certificateIssuer = 0x1d;

/**
 * Checks entries of a CRL without making an object for any: a cursor and what it saw last. What it passes is DER and
 * well-formed; what it does not pass may be so all the same, and is for `readEntry` to judge.
 */
export class EntryScanner {
  readonly #bytes: Uint8Array;
  readonly #mayHaveExtensions: boolean;
  /** Where the OIDs of the entry's extensions begin and end. */
  readonly #oids = new Int32Array(2 * mostExtensions);
  #at = 0;
  /** Where the entry that was passed ends. */
  end = 0;
  /** Whether it has an extension that is critical, or that makes it an entry about another issuer's certificate. */
  isForeign = false;

  /** `bytes`: consecutive entries; `version`: that of the list. */
  constructor(bytes: Uint8Array, version: number) {
    this.#bytes = bytes;
    this.#mayHaveExtensions = version === 2;
  }

  /** Whether the entry at an offset passes: SEQUENCE { serial INTEGER, Time, Extensions OPTIONAL }. */
  scan(start: number): boolean {
    this.#at = start;
    this.isForeign = false;
    const end = this.#enter(DerTag.sequence, this.#bytes.length);
    this.end = end;
    return end > 0 && this.#passInteger(end) && this.#passTime(end) && this.#passExtensions(end);
  }

  /** Goes into the next element; returns where its content ends, or 0 if it has another tag or an unusual length. */
  #enter(tag: number, limit: number): number {
    const bytes = this.#bytes;
    const at = this.#at;
    if (at + 2 > limit || bytes[at] !== tag) return 0;
    let length = bytes[at + 1]!;
    let content = at + 2;
    if (length >= 0x80) {
      // The fewest octets, and no more than two: an entry is longer only if it means harm.
      const octets = length & 0x7f;
      if (octets === 0 || octets > 2 || content + octets > limit) return 0;
      length = octets === 1 ? bytes[content]! : bytes[content]! * 256 + bytes[content + 1]!;
      if (length < (octets === 1 ? 0x80 : 0x100)) return 0;
      content += octets;
    }
    this.#at = content;
    return content + length > limit ? 0 : content + length;
  }

  #passInteger(limit: number): boolean {
    const end = this.#enter(DerTag.integer, limit);
    const at = this.#at;
    if (end <= at) return false;
    const first = this.#bytes[at]!;
    const second = this.#bytes[at + 1]!;
    this.#at = end;
    return end === at + 1 || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  }

  #passTime(limit: number): boolean {
    const tag = this.#bytes[this.#at]!;
    const end = this.#enter(tag, limit);
    const at = this.#at;
    this.#at = end;
    return end > 0 && isTimeAt(this.#bytes, tag, at, end);
  }

  #passExtensions(limit: number): boolean {
    if (this.#at === limit) return true;
    if (!this.#mayHaveExtensions) return false;
    const end = this.#enter(DerTag.sequence, limit);
    if (end !== limit) return false;
    let count = 0;
    while (this.#at < end) {
      if (count === mostExtensions || !this.#passExtension(end, count)) return false;
      count++;
    }
    return true;
  }

  /** SEQUENCE { OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, OCTET STRING }, and no OID twice. */
  #passExtension(limit: number, index: number): boolean {
    const bytes = this.#bytes;
    const end = this.#enter(DerTag.sequence, limit);
    if (end === 0) return false;
    const oidEnd = this.#enter(DerTag.oid, end);
    const oid = this.#at;
    if (!this.#isNewOid(oid, oidEnd, index)) return false;
    this.#at = oidEnd;
    if (bytes[oidEnd] === DerTag.boolean) {
      // Only TRUE passes: a default that is written out is for `readEntry`.
      if (bytes[oidEnd + 1] !== 1 || bytes[oidEnd + 2] !== 0xff) return false;
      this.isForeign = true;
      this.#at = oidEnd + 3;
    }
    if (this.#enter(DerTag.octetString, end) !== end) return false;
    const at = this.#at;
    this.#at = end;
    const isOfCrls = oidEnd - oid === 3 && bytes[oid] === 0x55 && bytes[oid + 1] === 0x1d;
    if (!isOfCrls) return true;
    if (bytes[oid + 2] === certificateIssuer) this.isForeign = true;
    return bytes[oid + 2] !== reasonCode || (end === at + 3 && bytes[at] === DerTag.enumerated && bytes[at + 1] === 1);
  }

  /** Whether an OID is well-formed, of usual length, and none of those of the entry's extensions before. */
  #isNewOid(at: number, end: number, index: number): boolean {
    const bytes = this.#bytes;
    const length = end - at;
    if (end === 0 || length < 1 || length > 64 || bytes[end - 1]! >= 0x80) return false;
    for (let i = at; i < end; i++) {
      if (bytes[i] === 0x80 && (i === at || bytes[i - 1]! < 0x80)) return false;
    }
    for (let other = 0; other < index; other++) {
      const from = this.#oids[2 * other]!;
      if (this.#oids[2 * other + 1]! - from !== length) continue;
      let i = 0;
      while (i < length && bytes[from + i] === bytes[at + i]) i++;
      if (i === length) return false;
    }
    this.#oids[2 * index] = at;
    this.#oids[2 * index + 1] = end;
    return true;
  }
}
