import type { Opener, Sealer } from './protection.ts';
import { headerLength, maxPlaintextLength } from './record-reader.ts';

/** Records before any key: TLSPlaintext (RFC 8446 section 5.1). */
export class PlaintextSealer implements Sealer {
  readonly overhead: number = headerLength;
  readonly canPad = false;
  readonly limit: number = Number.POSITIVE_INFINITY;
  sealed = 0;

  seal(type: number, content: Uint8Array, _padding: number, out: Uint8Array, at: number): number {
    writeHeader(type, content.length, out, at);
    out.set(content, at + headerLength);
    this.sealed++;
    return at + headerLength + content.length;
  }

  release(): void {}
}

/** Opens records before any key. */
export const plaintextOpener: Opener = {
  maxFragmentLength: maxPlaintextLength,
  open: (type, bytes, start, end) => ({ type, content: bytes.subarray(start, end) }),
  release: () => {},
};

/** A record header with the version that every record of TLS 1.2 and 1.3 bears (RFC 8446 section 5.1). */
export function writeHeader(type: number, length: number, out: Uint8Array, at: number): void {
  out[at] = type;
  out[at + 1] = 3;
  out[at + 2] = 3;
  out[at + 3] = length >>> 8;
  out[at + 4] = length & 0xff;
}
