import { fail } from '../wire/alert.ts';
import { ExtensionType } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

// RFC 8449 section 4: uint16 RecordSizeLimit;
function readRecordSizeLimit(r: Reader): number {
  const limit = r.end(r.u16());
  if (limit < 64) fail('illegalParameter', `record_size_limit ${limit} is below 64`);
  return limit;
}

/** record_size_limit (RFC 8449): most bytes of plaintext per record; in TLS 1.3 the type and padding count too. */
export const recordSizeLimit: Extension<number, number> = extension(
  ExtensionType.recordSizeLimit,
  readRecordSizeLimit,
  (w, limit) => w.u16(limit),
);
