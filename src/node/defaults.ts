import { cipherSuites } from '../crypto/cipher-suites.ts';
import type { SecureVersion } from './protocol-versions.ts';

/** What options mean that are not given: `DEFAULT_MIN_VERSION` and so on of the face, which applications may set. */
export interface Defaults {
  minVersion: SecureVersion;
  maxVersion: SecureVersion;
  ciphers: string;
  ecdhCurve: string;
}

/** Node's own, as far as they are implemented: no suites with CCM, and none with a PSK. */
export const defaults: Defaults = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: cipherSuites
    .filter(({ aead, authentication }) => !aead.includes('CCM') && authentication !== 'psk')
    .map(({ name }) => name)
    .join(':'),
  ecdhCurve: 'auto',
};
