import type { HashName } from './oids.ts';
import type { PasswordCrypto } from './password-crypto.ts';

/** What a derived key is for: the ID of RFC 7292 appendix B.3. */
export const KeyPurpose = { encryption: 1, initializationVector: 2, mac: 3 } as const;

/**
 * A password as PKCS #12's own key derivation takes it (RFC 7292 appendix B.1): UTF-16, big-endian, with two zero bytes
 * at the end. For the empty password some write nothing at all, so there are two ways.
 */
export function passwordForPkcs12(password: string): readonly Uint8Array[] {
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  return password === '' ? [text, new Uint8Array()] : [text];
}

/** The input of a key derivation. */
export interface Derivation {
  readonly hash: HashName;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** One of `KeyPurpose`. */
  readonly purpose: number;
  /** Bytes wanted. */
  readonly length: number;
}

/** Block and digest in bytes. */
const sizes: Readonly<Record<HashName, readonly [block: number, digest: number]>> = {
  sha1: [64, 20],
  sha224: [64, 28],
  sha256: [64, 32],
  sha384: [128, 48],
  sha512: [128, 64],
};

/** PKCS #12's own derivation of keys from passwords (RFC 7292 appendix B.2). */
export function derivePkcs12Key(derivation: Derivation, crypto: PasswordCrypto): Uint8Array {
  const { hash, password, salt, iterations, purpose, length } = derivation;
  const [block, digest] = sizes[hash];
  const diversifier = new Uint8Array(block).fill(purpose);
  const input = Buffer.concat([repeated(salt, block), repeated(password, block)]);
  const key = new Uint8Array(Math.ceil(length / digest) * digest);
  for (let at = 0; at < length; at += digest) {
    let value = crypto.hash(hash, Buffer.concat([diversifier, input]));
    for (let i = 1; i < iterations; i++) value = crypto.hash(hash, value);
    key.set(value, at);
    const addend = repeated(value, block).subarray(0, block);
    for (let start = 0; start < input.length; start += block) addPlusOne(input.subarray(start, start + block), addend);
  }
  return key.subarray(0, length);
}

/** As many copies as fill whole blocks; nothing of nothing. */
function repeated(bytes: Uint8Array, block: number): Uint8Array {
  const filled = new Uint8Array(block * Math.ceil(bytes.length / block));
  for (let i = 0; i < filled.length; i++) filled[i] = bytes[i % bytes.length]!;
  return filled;
}

/** Adds a big-endian number and one to another of the same length, and drops what carries over. */
function addPlusOne(sum: Uint8Array, addend: Uint8Array): void {
  let carry = 1;
  for (let i = sum.length - 1; i >= 0; i--) {
    carry += sum[i]! + addend[i]!;
    sum[i] = carry & 0xff;
    carry >>= 8;
  }
}
