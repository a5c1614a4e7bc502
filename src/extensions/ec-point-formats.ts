import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension } from './extension.ts';

const uncompressed = 0;

/** ec_point_formats (RFC 8422 section 5.1.2), for TLS 1.2; our answer is always `uncompressed`. */
export const ecPointFormats: Extension<readonly number[], true> = extension(
  ExtensionType.ecPointFormats,
  (r) => r.end(r.vector8(1, 'ec_point_formats').u8s()),
  (w) => w.vector8((list) => list.u8(uncompressed)),
);
