import * as crypto from 'node:crypto';
import { createRequire } from 'node:module';

/** The encapsulation half of ML-KEM (FIPS 203): all that a server needs. */
export interface Encapsulator {
  /** The bytes of an encapsulation key: 1184 (ML-KEM-768), 1568 (ML-KEM-1024). */
  readonly keyLength: number;
  /** Throws where the key fails the modulus check of FIPS 203 section 7.2. */
  encapsulate(key: Uint8Array): { readonly sharedKey: Uint8Array; readonly ciphertext: Uint8Array };
}

export type MlKemName = 'ML-KEM-768' | 'ML-KEM-1024';

const shapes: Readonly<Record<MlKemName, { keyLength: number; spki: string }>> = {
  // SubjectPublicKeyInfo up to the key itself: the OIDs are 2.16.840.1.101.3.4.4.2 and .3 (FIPS 203, NIST CSOR).
  'ML-KEM-768': { keyLength: 1184, spki: '308204b2300b0609608648016503040402038204a100' },
  'ML-KEM-1024': { keyLength: 1568, spki: '30820632300b06096086480165030404030382062100' },
};

/** `crypto.encapsulate` of Node >= 24.7, which the types of the oldest supported Node do not have. */
interface NativeKem {
  encapsulate?(key: crypto.KeyObject): { sharedKey: Buffer; ciphertext: Buffer };
  getFips(): 0 | 1;
}

/** ML-KEM by the OpenSSL of this process (3.5 and later), or `undefined`. */
export function nativeMlKem(name: MlKemName): Encapsulator | undefined {
  const native = crypto as unknown as NativeKem;
  if (typeof native.encapsulate !== 'function') return undefined;
  const { keyLength, spki } = shapes[name];
  const prefix = Buffer.from(spki, 'hex');
  const kem: Encapsulator = {
    keyLength,
    encapsulate(key) {
      const der = Buffer.concat([prefix, key]);
      return native.encapsulate!(crypto.createPublicKey({ key: der, format: 'der', type: 'spki' }));
    },
  };
  try {
    // The all-zero key is valid in form; a build without ML-KEM refuses it.
    kem.encapsulate(new Uint8Array(keyLength));
    return kem;
  } catch {
    return undefined;
  }
}

interface NobleMlKem {
  encapsulate(key: Uint8Array): { cipherText: Uint8Array; sharedSecret: Uint8Array };
}

/** ML-KEM-768 by `@noble/post-quantum`, if the application installed it; several times slower than native. */
export function nobleMlKem768(): Encapsulator | undefined {
  try {
    const module = createRequire(import.meta.url)('@noble/post-quantum/ml-kem.js') as { ml_kem768: NobleMlKem };
    return {
      keyLength: shapes['ML-KEM-768'].keyLength,
      encapsulate(key) {
        const { sharedSecret, cipherText } = module.ml_kem768.encapsulate(key);
        return { sharedKey: sharedSecret, ciphertext: cipherText };
      },
    };
  } catch {
    return undefined; // not installed
  }
}
