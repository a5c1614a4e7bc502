import * as crypto from 'node:crypto';
import type { OcspCrypto } from '../../x509/ocsp.ts';
import type { PublicKeyInfo } from '../../x509/public-key.ts';
import type { SignatureMethod } from '../../x509/signature-method.ts';
import type { VerificationCrypto } from '../../x509/verification/crypto.ts';
import { readPeerKey } from './keys.ts';
import { withoutStackTraces } from './stack-traces.ts';

/** Keys already imported, which costs about as much as a verification: those of trust anchors come again and again. */
const imported = new WeakMap<PublicKeyInfo, crypto.KeyObject | null>();

function keyOf(key: PublicKeyInfo): crypto.KeyObject | null {
  let object = imported.get(key);
  if (object === undefined) {
    object = readPeerKey(key.spki) ?? null;
    imported.set(key, object);
  }
  return object;
}

function verify(
  key: PublicKeyInfo,
  method: SignatureMethod,
  data: Uint8Array,
  signature: Uint8Array,
): boolean | undefined {
  const object = keyOf(key);
  if (object === null) return undefined;
  const { saltLength } = method;
  const options =
    saltLength === undefined ? object : { key: object, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength };
  try {
    return withoutStackTraces(() => crypto.verify(method.hash ?? null, data, options, signature));
  } catch {
    // OpenSSL refuses keys and signatures that are impossible, and RSASSA-PSS keys that are limited to other
    // parameters, by an error.
    return false;
  }
}

/** The verification of signatures on certificates, by node:crypto. */
export const verificationCrypto: VerificationCrypto = { verify };

/** The same for OCSP, with the hash functions that it needs. */
export const ocspCrypto: OcspCrypto = { verify, hash: (name, bytes) => crypto.hash(name, bytes, 'buffer') };
