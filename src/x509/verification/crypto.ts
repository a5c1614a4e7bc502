import type { PublicKeyInfo } from '../public-key.ts';
import type { SignatureMethod } from '../signature-method.ts';

/** What the verification of certificates needs of cryptography; `crypto/node/certificate-signatures.ts` has it. */
export interface VerificationCrypto {
  /**
   * Whether a signature over `data` was made with the private half of `key`, by a method for keys of its kind.
   * `undefined` where the key cannot be read. Never throws.
   */
  verify(key: PublicKeyInfo, method: SignatureMethod, data: Uint8Array, signature: Uint8Array): boolean | undefined;
}
