import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { developmentCrypto } from '../../src/crypto/node/development-keys.ts';
import { createDevelopmentAuthority, createDevelopmentLeaf, type DevelopmentKey } from '../../src/x509/development.ts';
import { encodePem } from '../../src/x509/pem.ts';

export type IdentityKind = 'rsa' | 'rsa-pss' | 'p256' | 'p384' | 'p521' | 'ed25519' | 'ed448';

/** A server's identity in PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
  readonly privateKey: KeyObject;
}

const authority = createDevelopmentAuthority(developmentCrypto, new Date());

/** The certificate of the authority that signs all identities. */
export const ca: string = encodePem('CERTIFICATE', authority.certificate);

function generate(kind: IdentityKind): KeyObject {
  switch (kind) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ed448':
      return generateKeyPairSync('ed448').privateKey;
  }
}

/** Makes an identity for localhost and the given names. */
export function makeIdentity(kind: IdentityKind, names: readonly string[] = []): Identity {
  const privateKey = generate(kind);
  const key: DevelopmentKey = {
    type: 'ecdsa', // only the authority signs
    spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    pkcs8: privateKey.export({ type: 'pkcs8', format: 'der' }),
    sign: () => assertNever(),
  };
  const crypto = { ...developmentCrypto, generate: () => key };
  const { certificate } = createDevelopmentLeaf(crypto, authority, {
    type: 'ecdsa',
    names: ['localhost', ...names],
    now: new Date(),
    isForClients: true,
  });
  return { key: encodePem('PRIVATE KEY', key.pkcs8), cert: encodePem('CERTIFICATE', certificate), privateKey };
}

const assertNever = (): never => {
  throw new Error('a leaf signs nothing');
};

const made = new Map<IdentityKind, Identity>();

/** The identity of a kind, made once per process. */
export function identity(kind: IdentityKind): Identity {
  let found = made.get(kind);
  if (found === undefined) {
    found = makeIdentity(kind);
    made.set(kind, found);
  }
  return found;
}
