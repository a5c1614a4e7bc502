import { createHash } from 'node:crypto';

/** The hash of a text (in UTF-8) in lower-case hexadecimal; `undefined` where it is not to be had (MD5 under FIPS). */
export function fingerprintHash(name: 'md5' | 'sha256', text: string): string | undefined {
  try {
    return createHash(name).update(text, 'utf8').digest('hex');
  } catch {
    return undefined;
  }
}
