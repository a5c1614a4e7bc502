import { DerReader } from './der.ts';

/** Text that looks like PEM and is not, or holds nothing of what was asked for. */
export class PemError extends Error {
  override readonly name = 'PemError';
  readonly code = 'ERR_PEM';
}

/** One encapsulated object (RFC 7468; with RFC 1421 headers where a key is encrypted the old way). */
export interface PemBlock {
  /** What stands between `BEGIN` and the dashes: `CERTIFICATE`, `PRIVATE KEY`. */
  readonly label: string;
  /** RFC 1421 headers (`Proc-Type`, `DEK-Info`), of which most blocks have none. */
  readonly headers: Readonly<Record<string, string>>;
  /** The decoded bytes; ciphertext where the headers say so. */
  readonly der: Uint8Array;
}

/**
 * All blocks of a PEM text in order. As OpenSSL does, it passes over text outside of blocks and ignores white
 * space at the end of lines. Throws `PemError` where a block has no end, another end, or bad base64.
 */
export function decodePem(input: string | Uint8Array): PemBlock[] {
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  const lines = text.split(/\r\n|\n|\r/);
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const label = boundary(lines[at]!, 'BEGIN');
    if (label === undefined) continue;
    const start = at + 1;
    for (at = start; at < lines.length; at++) {
      const line = lines[at]!;
      const end = boundary(line, 'END');
      if (end === label) break;
      if (end !== undefined) throw new PemError(`PEM block ${label} is closed by END ${end}`);
      if (boundary(line, 'BEGIN') !== undefined) throw new PemError(`PEM block ${label} has no END line`);
    }
    if (at === lines.length) throw new PemError(`PEM block ${label} has no END line`);
    blocks.push(decodeBlock(label, lines.slice(start, at)));
  }
  return blocks;
}

/** The label of a boundary line of `kind`, else `undefined`. */
function boundary(line: string, kind: 'BEGIN' | 'END'): string | undefined {
  if (!line.includes('-----')) return undefined;
  // A byte order mark may precede the very first line, read as UTF-8 or byte by byte.
  const bare = line.replace(/^(?:\ufeff|\u00ef\u00bb\u00bf)/, '').trimEnd();
  return bare.startsWith(`-----${kind} `) && bare.endsWith('-----') && bare.length > kind.length + 11
    ? bare.slice(kind.length + 6, -5)
    : undefined;
}

function decodeBlock(label: string, lines: readonly string[]): PemBlock {
  const headers: Record<string, string> = Object.create(null);
  let at = 0;
  if (lines[0]?.includes(':')) {
    let name = '';
    for (; at < lines.length && lines[at]!.trim() !== ''; at++) {
      const line = lines[at]!;
      const colon = line.indexOf(':');
      if (/^[ \t]/.test(line) && name !== '') headers[name] += line.trim();
      else {
        if (colon < 1) throw new PemError(`PEM block ${label} has a bad header`);
        name = line.slice(0, colon).trim();
        headers[name] = line.slice(colon + 1).trim();
      }
    }
  }
  return { label, headers, der: decodeBase64(lines.slice(at), label) };
}

function decodeBase64(lines: readonly string[], label: string): Uint8Array {
  const text = lines.map((line) => line.trim()).join('');
  if (text === '') throw new PemError(`PEM block ${label} is empty`);
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new PemError(`PEM block ${label} holds bad base64`);
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** A PEM block with lines of 64 characters and a newline at its end (RFC 7468 section 2). */
export function encodePem(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `${[`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n')}\n`;
}

/** Whether a block of this label holds a certificate; OpenSSL writes and reads three spellings. */
export const isCertificateLabel = (label: string): boolean =>
  label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE';

/**
 * The DER of every certificate in a PEM text, in order; other blocks are passed over. The trust settings which
 * OpenSSL appends in a `TRUSTED CERTIFICATE` are cut off. Throws `PemError`, or `DerError` on such a block.
 */
export function certificatesOfPem(input: string | Uint8Array): Uint8Array[] {
  return decodePem(input)
    .filter((block) => isCertificateLabel(block.label))
    .map(({ label, der }) => (label === 'TRUSTED CERTIFICATE' ? new DerReader(der, label).element().whole : der));
}
