import { fail } from '../wire/alert.ts';
import { ExtensionType } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

// RFC 6066 section 4: enum { 2^9(1), 2^10(2), 2^11(3), 2^12(4), (255) } MaxFragmentLength;
const readMaxFragmentLength = (r: Reader): number => 2 ** (8 + r.end(r.u8()));

/**
 * Throws `TlsAlert` for a max_fragment_length that RFC 6066 section 4 does not define, unless there is a record_size_limit,
 * next to which it counts for nothing (RFC 8449 section 5).
 */
export function checkMaxFragmentLength(length: number | undefined, recordSizeLimit: number | undefined): void {
  if (length === undefined || recordSizeLimit !== undefined || (length >= 512 && length <= 4096)) return;
  fail('illegalParameter', `max_fragment_length ${Math.log2(length) - 8} is not defined`);
}

/** max_fragment_length (RFC 6066 section 4), in bytes: 512, 1024, 2048 or 4096, if it is one that is defined. */
export const maxFragmentLength: Extension<number, number> = extension(
  ExtensionType.maxFragmentLength,
  readMaxFragmentLength,
  (w, length) => w.u8(Math.log2(length) - 8),
);
