import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension, flag } from './extension.ts';

/** early_data (RFC 8446 section 4.2.10). */
export const earlyData: Extension<true, true> = extension(ExtensionType.earlyData, flag, () => {});
