import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { DevelopmentCrypto, DevelopmentKey, DevelopmentKeyType } from '../../x509/development.ts';

/** The keys, randomness and hash of development certificates, from node:crypto. */
export const developmentCrypto: DevelopmentCrypto = {
  generate: (type) => developmentKey(type, generateKey(type)),
  randomBytes: (length) => randomBytes(length),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
};

/**
 * A development key from PEM, as it was kept. Throws node:crypto's error where the PEM is bad, and `TypeError`
 * for a key of another type.
 */
export function loadDevelopmentKey(pem: string): DevelopmentKey {
  const key = createPrivateKey(pem);
  const type = typeOf(key);
  if (type === undefined) throw new TypeError(`a development key is not of type ${key.asymmetricKeyType}`);
  return developmentKey(type, key);
}

function generateKey(type: DevelopmentKeyType): KeyObject {
  switch (type) {
    case 'ecdsa':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
  }
}

function typeOf(key: KeyObject): DevelopmentKeyType | undefined {
  if (key.asymmetricKeyType === 'ec') {
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ecdsa' : undefined;
  }
  return key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ed25519' ? key.asymmetricKeyType : undefined;
}

function developmentKey(type: DevelopmentKeyType, key: KeyObject): DevelopmentKey {
  return {
    type,
    spki: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    pkcs8: key.export({ type: 'pkcs8', format: 'der' }),
    sign: (tbs) => sign(type === 'ed25519' ? undefined : 'sha256', tbs, key),
  };
}
