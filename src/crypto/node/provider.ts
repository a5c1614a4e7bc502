import * as crypto from 'node:crypto';
import type { CryptoProvider } from '../provider.ts';
import { aead } from './aead.ts';
import { finiteFieldKey } from './finite-field.ts';
import { digest, hmac, publicHmac, runningHash } from './hash.ts';
import { keyAgreement } from './key-agreement.ts';
import { publicKey } from './signing.ts';

/** Cryptography by `node:crypto`: always there, and the reference for any other provider. */
export const nodeCrypto: CryptoProvider = {
  name: 'node:crypto',
  randomBytes,
  hash: runningHash,
  digest,
  hmac,
  publicHmac,
  aead,
  keyAgreement,
  finiteFieldKey,
  publicKey,
  equal: (a, b) => a.length === b.length && crypto.timingSafeEqual(a, b),
};

/** Random bytes drawn beforehand, since a draw costs the same for 32 bytes as for thousands. */
const pool = Buffer.alloc(4096);
let poolAt = pool.length;

function randomBytes(length: number): Uint8Array {
  if (length > pool.length / 8) return crypto.randomBytes(length);
  if (poolAt + length > pool.length) {
    crypto.randomFillSync(pool);
    poolAt = 0;
  }
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    bytes[i] = pool[poolAt + i]!;
    pool[poolAt + i] = 0;
  }
  poolAt += length;
  return bytes;
}
