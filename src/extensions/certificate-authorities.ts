import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension, unanswered } from './extension.ts';

/** certificate_authorities (RFC 8446 section 4.2.4): DER names of the authorities that the client trusts. */
export const certificateAuthorities: Extension<readonly Uint8Array[], never> = extension(
  ExtensionType.certificateAuthorities,
  (r) => r.end(r.vector16(3, 'certificate_authorities').list((list) => list.vector16(1).rest())),
  unanswered,
);
