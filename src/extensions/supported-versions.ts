import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension } from './extension.ts';

/** supported_versions (RFC 8446 section 4.2.1): a list from the client, the chosen one from us. */
export const supportedVersions: Extension<readonly number[], number> = extension(
  ExtensionType.supportedVersions,
  (r) => r.end(r.vector8(2, 'supported_versions').u16s()),
  (w, version) => w.u16(version),
);
