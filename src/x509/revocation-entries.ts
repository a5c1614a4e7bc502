import { readExtensions } from './certificate-extensions.ts';
import { DerError, DerReader, DerTag } from './der.ts';
import { EntryScanner } from './entry-scanner.ts';
import { ExtensionOid } from './oids.ts';
import { readTime } from './time.ts';

/** One revoked certificate. */
export interface Revocation {
  readonly date: Date;
  /** RFC 5280 section 5.3.1; 0 where none is given. */
  readonly reason: number;
}

/** The entries of a CRL by serial number. */
export interface Revocations {
  readonly size: number;
  /** An entry's extension that is critical and unknown to us. */
  readonly unknownCritical: string | undefined;
  /** The entry of a certificate by the content of its serial number; the last one, where there are several. */
  find(serial: Uint8Array): Revocation | undefined;
}

/** A whole entry: its serial number, what it says, and its first extension that we may not pass over. */
interface Entry extends Revocation {
  readonly serial: Uint8Array;
  readonly unknownCritical: string | undefined;
}

/** The shortest entry: a serial number of one byte and a UTCTime. */
const shortestEntry = 20;

/**
 * The `revokedCertificates` of a CRL (RFC 5280 section 5.1.2.6). A CRL may have a million of them, of which few are ever
 * asked for: what is kept is where each one begins, in a hash table with open addressing, and an entry is an object only
 * while it is looked at. All are checked, though: `EntryScanner` passes those that are as nearly all are, and `readEntry`,
 * which is slower, has the last word about the others.
 */
export class RevocationEntries implements Revocations {
  readonly #bytes: Uint8Array;
  readonly #version: number;
  /** Where entries begin, plus one; 0 in slots that are free. At most half are taken. */
  readonly #slots: Int32Array;
  readonly #shift: number;
  #size = 0;
  #unknownCritical: string | undefined;

  /** Reads all entries, from the content of their SEQUENCE. Throws `DerError`. */
  constructor(bytes: Uint8Array, version: number) {
    this.#bytes = bytes;
    this.#version = version;
    const bits = Math.max(1, 33 - Math.clz32(Math.ceil(bytes.length / shortestEntry)));
    this.#slots = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    const scanner = new EntryScanner(bytes, version);
    for (let at = 0; at < bytes.length; ) at = this.#take(scanner, at);
  }

  get size(): number {
    return this.#size;
  }

  get unknownCritical(): string | undefined {
    return this.#unknownCritical;
  }

  find(serial: Uint8Array): Revocation | undefined {
    const slot = this.#slotOf(serial, 0, serial.length);
    const start = this.#slots[slot]! - 1;
    return start < 0 ? undefined : readEntry(new DerReader(this.#bytes.subarray(start), 'CRL entries'), this.#version);
  }

  /** Checks the entry at an offset and notes where it is; returns where the next one begins. */
  #take(scanner: EntryScanner, start: number): number {
    const isPlain = scanner.scan(start) && !(scanner.isForeign && this.#unknownCritical === undefined);
    const end = isPlain ? scanner.end : this.#takeSlowly(start);
    const serialAt = contentAt(this.#bytes, contentAt(this.#bytes, start));
    const slot = this.#slotOf(this.#bytes, serialAt, serialEnd(this.#bytes, start));
    if (this.#slots[slot] === 0) this.#size++;
    this.#slots[slot] = start + 1;
    return end;
  }

  #takeSlowly(start: number): number {
    const rest = this.#bytes.subarray(start);
    const { unknownCritical } = readEntry(new DerReader(rest, 'CRL entries'), this.#version);
    this.#unknownCritical ??= unknownCritical;
    return start + new DerReader(rest, 'CRL entries').element().whole.length;
  }

  /** The slot of the entry with a serial number, or the free one where it would be. */
  #slotOf(bytes: Uint8Array, from: number, to: number): number {
    const slots = this.#slots;
    let slot = hashOf(bytes, from, to) >>> this.#shift;
    for (;;) {
      const start = slots[slot]! - 1;
      if (start < 0 || this.#hasSerial(start, bytes, from, to)) return slot;
      slot = (slot + 1) & (slots.length - 1);
    }
  }

  #hasSerial(start: number, bytes: Uint8Array, from: number, to: number): boolean {
    const own = this.#bytes;
    const at = contentAt(own, contentAt(own, start));
    if (serialEnd(own, start) - at !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (own[at + i] !== bytes[from + i]) return false;
    return true;
  }
}

/** Reads one entry. Throws `DerError`. */
export function readEntry(reader: DerReader, version: number): Entry {
  const fields = reader.sequence('CRL entry');
  const serial = fields.integer();
  const date = readTime(fields);
  if (!fields.done && version !== 2) fields.fail(`extensions in version ${version}`);
  const extensions = fields.done ? [] : readExtensions(fields);
  // certificateIssuer is for indirect CRLs: an entry that has it is not about the certificates of this issuer.
  const unknown = extensions.find(({ critical, oid }) => critical || oid === ExtensionOid.certificateIssuer);
  const reason = extensions.find(({ oid }) => oid === ExtensionOid.reasonCode);
  return fields.end({ serial, date, reason: reason ? readReason(reason.value) : 0, unknownCritical: unknown?.oid });
}

function readReason(value: Uint8Array): number {
  const reader = new DerReader(value, 'reason of a revocation');
  const { content } = reader.expect(DerTag.enumerated);
  if (content.length !== 1) throw new DerError('reason of a revocation: an ENUMERATED out of range');
  return reader.end(content[0]!);
}

/** Where the content of a checked element begins. */
const contentAt = (bytes: Uint8Array, at: number): number =>
  at + (bytes[at + 1]! < 0x80 ? 2 : 2 + (bytes[at + 1]! & 0x7f));

/** Where the serial number of a checked entry ends. */
function serialEnd(bytes: Uint8Array, start: number): number {
  const at = contentAt(bytes, start);
  const content = contentAt(bytes, at);
  let length = bytes[at + 1]!;
  if (length >= 0x80) {
    length = 0;
    for (let i = at + 2; i < content; i++) length = length * 256 + bytes[i]!;
  }
  return content + length;
}

/**
 * A factor for each byte of a serial number, drawn anew by every process: so no authority can choose serial numbers that
 * meet in one slot. Of such a sum the upper 24 bits are as good as any hash: the difference of two bytes is at most 2^8.
 */
let factors = new Int32Array();

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > factors.length) {
    const longer = Int32Array.from({ length: Math.max(32, 2 * (to - from)) }, () => Math.random() * 2 ** 32);
    longer.set(factors);
    factors = longer;
  }
  let hash = to - from;
  for (let i = from; i < to; i++) hash = (hash + Math.imul(factors[i - from]!, bytes[i]! + 1)) | 0;
  return hash;
}
