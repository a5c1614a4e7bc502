import { generateKeyPairSync } from 'node:crypto';
import { NamedGroup, SignatureScheme } from '../../wire/code-points.ts';
import type { AeadName } from '../cipher-suites.ts';
import { nodeCrypto } from '../node/provider.ts';
import type { CryptoProvider } from '../provider.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function check(name: string, holds: boolean): void {
  if (!holds) throw new Error(`the self-test of OpenSSL fails: ${name}`);
}

/** Key and nonce of zeros, 16 bytes of zeros: test cases 2 and 14 of the specification of GCM. */
const gcmOfZeros: readonly [AeadName, number, string][] = [
  ['AEAD_AES_128_GCM', 16, '0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf'],
  ['AEAD_AES_256_GCM', 32, 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'],
];

/** Key `Jefe`, message `what do ya want for nothing?`: RFC 4231 section 4.3. */
const hmacOfJefe = {
  sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  sha384: 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
} as const;

/** Throws unless a provider gives published results, and agrees with node:crypto. */
export function selfTest(provider: CryptoProvider): void {
  for (const [name, keyLength, expected] of gcmOfZeros) {
    const out = new Uint8Array(32);
    const aead = provider.aead(name, new Uint8Array(keyLength));
    const none = new Uint8Array();
    aead.seal(new Uint8Array(12), none, new Uint8Array(16), none, out, 0);
    aead.release();
    check(name, hex(out) === expected);
  }
  for (const name of ['AEAD_AES_128_GCM', 'AEAD_AES_256_GCM', 'AEAD_CHACHA20_POLY1305'] as const)
    for (const length of [0, 1, 100, 16_384]) compareAead(provider, name, length);
  const [key, message] = [Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?')];
  for (const [name, expected] of Object.entries(hmacOfJefe)) {
    check(`HMAC with ${name}`, hex(provider.hmac(name as 'sha256', key, message)) === expected);
  }
  checkSignature(provider);
  const reference = nodeCrypto.keyAgreement(NamedGroup.x25519)!.generate!();
  const x25519 = provider.keyAgreement(NamedGroup.x25519)!;
  const { share, secret } = x25519.respond(reference.share);
  check('X25519', hex(reference.derive(share)) === hex(secret));
  const later = x25519.generate!();
  check('X25519 with a key that is kept', hex(reference.derive(later.share)) === hex(later.derive(reference.share)));
  later.release();
}

function checkSignature(provider: CryptoProvider): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const scheme = SignatureScheme.ecdsaSecp256r1Sha256;
  const message = nodeCrypto.randomBytes(130);
  const signature = provider.sign?.(privateKey, scheme, message);
  const verifier = nodeCrypto.publicKey(publicKey.export({ type: 'spki', format: 'der' }));
  check('ECDSA', signature !== undefined && verifier?.verify(scheme, message, signature) === true);
}

/** Records by both, each opened by the other, and one that was tampered with. */
function compareAead(provider: CryptoProvider, name: AeadName, length: number): void {
  const key = nodeCrypto.randomBytes(name === 'AEAD_AES_128_GCM' ? 16 : 32);
  const nonce = nodeCrypto.randomBytes(12);
  const additionalData = nodeCrypto.randomBytes(5);
  const content = nodeCrypto.randomBytes(length);
  const trailer = Uint8Array.of(23);
  const aeads = [provider, nodeCrypto].map((maker) => maker.aead(name, key));
  const records = aeads.map((aead) => {
    const record = new Uint8Array(3 + length + 17);
    check(name, aead.seal(nonce, additionalData, content, trailer, record, 3) === record.length);
    return record;
  });
  check(name, hex(records[0]!) === hex(records[1]!));
  for (const aead of aeads) {
    const record = records[0]!;
    const opened = aead.open(nonce, additionalData, record, 3, record.length);
    check(name, opened !== undefined && hex(opened) === hex(content) + hex(trailer));
    const forged = Uint8Array.from(record);
    forged[3 + (length >> 1)]! ^= 1;
    check(name, aead.open(nonce, additionalData, forged, 3, forged.length) === undefined);
    aead.release();
  }
}
