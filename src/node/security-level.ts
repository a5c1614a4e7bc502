import { NamedGroup } from '../wire/code-points.ts';
import type { Credential } from '../x509/credential.ts';
import { nodeError } from './errors.ts';

/** The least bits of security that each level of OpenSSL lets pass (SSL_CTX_set_security_level(3)). */
export const securityBits: readonly number[] = [0, 80, 112, 128, 192, 256];

/**
 * The level of OpenSSL in the running Node when nobody sets one. OpenSSL made it 2 in version 3.2; Node followed in its
 * version 24, and kept 1 in 22 although that has a newer OpenSSL by now.
 */
export const defaultSecurityLevel: number = Number.parseInt(process.versions.node, 10) >= 24 ? 2 : 1;

/** Bits of security of the groups, as OpenSSL rates them. */
const bitsOfGroup: ReadonlyMap<number, number> = new Map([
  [NamedGroup.x25519, 128],
  [NamedGroup.secp256r1, 128],
  [NamedGroup.secp384r1, 192],
  [NamedGroup.secp521r1, 256],
  [NamedGroup.x448, 224],
  [NamedGroup.x25519MLKEM768, 192],
  [NamedGroup.secp256r1MLKEM768, 192],
  [NamedGroup.secp384r1MLKEM1024, 256],
]);

/** Those groups that `@SECLEVEL` lets pass. */
export const groupsAtLevel = (level: number, groups: readonly number[]): readonly number[] =>
  groups.filter((group) => (bitsOfGroup.get(group) ?? 0) >= securityBits[level]!);

/** RSA moduli by bits of security (NIST SP 800-57 part 1, table 2). */
const rsaBits: readonly (readonly [modulus: number, security: number])[] = [
  [15_360, 256],
  [7680, 192],
  [3072, 128],
  [2048, 112],
  [1024, 80],
];

/** The least bits of a prime that a level lets pass for Diffie-Hellman. */
export const primeBitsAtLevel = (level: number): number =>
  rsaBits.findLast(([, security]) => security >= securityBits[level]!)![0];

function bitsOf({ signer: { keyType, modulusLength = 0 } }: Credential): number {
  switch (keyType) {
    case 'rsa':
    case 'rsa-pss':
      return rsaBits.find(([modulus]) => 8 * modulusLength >= modulus)?.[1] ?? 0;
    case 'ec:P-256':
    case 'ed25519':
      return 128;
    case 'ec:P-384':
      return 192;
    case 'ed448':
      return 224;
    case 'ec:P-521':
      return 256;
  }
}

/** Throws `ERR_SSL_EE_KEY_TOO_SMALL` for a key that `@SECLEVEL` does not let pass. */
export function checkKeysAtLevel(level: number, credentials: readonly Credential[]): void {
  if (credentials.every((credential) => bitsOf(credential) >= securityBits[level]!)) return;
  throw nodeError('ERR_SSL_EE_KEY_TOO_SMALL', 'error:0A00018F:SSL routines::ee key too small', Error, {
    library: 'SSL routines',
    reason: 'ee key too small',
  });
}
