import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension } from './extension.ts';

/**
 * supported_groups (RFC 8446 section 4.2.7, RFC 8422 section 5.1.1): key agreement groups in order of preference.
 * A TLS 1.3 server may tell its own list in EncryptedExtensions.
 */
export const supportedGroups: Extension<readonly number[], readonly number[]> = extension(
  ExtensionType.supportedGroups,
  (r) => r.end(r.vector16(2, 'supported_groups').u16s()),
  (w, groups: readonly number[]) =>
    w.vector16((list) => {
      for (const group of groups) list.u16(group);
    }),
);
