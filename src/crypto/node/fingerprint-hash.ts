import { createHash } from 'node:crypto';

/** The hash of a text (ASCII) in lower-case hexadecimal; `undefined` where it is not to be had (MD5 under FIPS). */
export function fingerprintHash(name: 'md5' | 'sha256', text: string): string | undefined {
  try {
    return createHash(name).update(text, 'latin1').digest('hex');
  } catch {
    return undefined;
  }
}
