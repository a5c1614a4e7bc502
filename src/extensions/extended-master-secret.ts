import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension, flag } from './extension.ts';

/** extended_master_secret (RFC 7627), for TLS 1.2. */
export const extendedMasterSecret: Extension<true, true> = extension(
  ExtensionType.extendedMasterSecret,
  flag,
  () => {},
);
