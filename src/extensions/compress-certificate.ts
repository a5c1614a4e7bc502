import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension, unanswered } from './extension.ts';

/** compress_certificate (RFC 8879 section 3): the algorithms by which the client takes a compressed Certificate. */
export const compressCertificate: Extension<readonly number[], never> = extension(
  ExtensionType.compressCertificate,
  (r) => r.end(r.vector8(2, 'compress_certificate').u16s()),
  unanswered,
);
