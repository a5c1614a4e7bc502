import { fail } from '../wire/alert.ts';
import { ExtensionType } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

// RFC 6066 section 4: enum { 2^9(1), 2^10(2), 2^11(3), 2^12(4), (255) } MaxFragmentLength;
function readMaxFragmentLength(r: Reader): number {
  const code = r.end(r.u8());
  if (code < 1 || code > 4) fail('illegalParameter', `max_fragment_length ${code} is not defined`);
  return 2 ** (8 + code);
}

/** max_fragment_length (RFC 6066 section 4), in bytes: 512, 1024, 2048 or 4096. */
export const maxFragmentLength: Extension<number, number> = extension(
  ExtensionType.maxFragmentLength,
  readMaxFragmentLength,
  (w, length) => w.u8(Math.log2(length) - 8),
);
