import * as crypto from 'node:crypto';
import { withoutStackTraces } from './stack-traces.ts';

export type { KeyObject } from 'node:crypto';

/** Whether a value is Node's own key object. */
export const isKeyObject = (value: unknown): value is crypto.KeyObject => value instanceof crypto.KeyObject;

/** Bytes of the longest SubjectPublicKeyInfo that is looked at: one of ML-DSA-87 has 2614, one of RSA with 8192 bits 1062. */
const longestSpki = 4096;

/**
 * A peer's public key, from its DER SubjectPublicKeyInfo. `undefined` for what is none, and for one that would take long
 * to use, many milliseconds, as only RSA keys do that are made for it: those of authorities have 4096 bits at most, and the
 * exponent 65537.
 */
export function readPeerKey(spki: Uint8Array): crypto.KeyObject | undefined {
  if (spki.length > longestSpki) return undefined;
  try {
    const bytes = Buffer.from(spki.buffer, spki.byteOffset, spki.length);
    const key = withoutStackTraces(() => crypto.createPublicKey({ key: bytes, format: 'der', type: 'spki' }));
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
    return modulusLength > 8192 || publicExponent > 2n ** 32n ? undefined : key;
  } catch {
    return undefined;
  }
}

/** A private key from PEM or DER, encrypted or not. Throws Node's own errors. */
export function readPrivateKey(key: string | Uint8Array, passphrase: string | undefined): crypto.KeyObject {
  const secret = passphrase === undefined ? {} : { passphrase };
  if (typeof key === 'string') return createPrivateKey({ key, ...secret });
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  // A SEQUENCE, and no text around a PEM that begins like one.
  if (bytes[0] !== 0x30 || bytes.includes('-----BEGIN')) return createPrivateKey({ key: bytes, ...secret });
  let failure: unknown;
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: bytes, format: 'der', type, ...secret });
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/**
 * Tries twice: a certificate that node:tls could not verify leaves an error in OpenSSL's queue, which Node takes for one
 * of the next key that it reads, and is rid of then.
 */
function createPrivateKey(input: crypto.PrivateKeyInput): crypto.KeyObject {
  try {
    return crypto.createPrivateKey(input);
  } catch {
    return crypto.createPrivateKey(input);
  }
}

/** A private key from the DER of PKCS #8. Throws Node's own errors. */
export const readPkcs8 = (bytes: Uint8Array): crypto.KeyObject =>
  createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' });

/** A public key from PEM, or from a DER SubjectPublicKeyInfo. */
export const readPublicKey = (key: string | Uint8Array): crypto.KeyObject =>
  typeof key === 'string'
    ? crypto.createPublicKey(key)
    : crypto.createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });

/**
 * Whether two DER SubjectPublicKeyInfos hold the same key, however they write it: a point of a curve may be compressed.
 */
export function isSamePublicKey(a: Uint8Array, b: Uint8Array): boolean {
  if (Buffer.compare(a, b) === 0) return true;
  try {
    const [one, other] = [readPublicKey(a), readPublicKey(b)];
    // Node compares keys of two types, too, but leaves OpenSSL an error that fails whoever reads a key next.
    return one.asymmetricKeyType === other.asymmetricKeyType && one.equals(other);
  } catch {
    return false; // a key that OpenSSL does not know is nobody's here
  }
}

/** The DER SubjectPublicKeyInfo of a key, private or public. */
export const spkiOf = (key: crypto.KeyObject): Buffer =>
  (key.type === 'private' ? crypto.createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
