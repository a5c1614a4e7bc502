import * as crypto from 'node:crypto';
import type { CryptoProvider } from '../provider.ts';
import { aead } from './aead.ts';
import { digest, hmac, runningHash } from './hash.ts';
import { keyAgreement } from './key-agreement.ts';

/** Cryptography by `node:crypto`: always there, and the reference for any other provider. */
export const nodeCrypto: CryptoProvider = {
  name: 'node:crypto',
  randomBytes: (length) => crypto.randomBytes(length),
  hash: runningHash,
  digest,
  hmac,
  aead,
  keyAgreement,
  equal: (a, b) => a.length === b.length && crypto.timingSafeEqual(a, b),
};
