import type { Certificate } from '../certificate.ts';
import type { CurveName } from '../oids.ts';
import type { PublicKeyInfo } from '../public-key.ts';
import { readSignatureMethod } from '../signature-method.ts';
import { describe, type Path, type Report, type Rules } from './context.ts';
import { hasExplicitCurve } from './extensions-check.ts';

/** Bits of security that OpenSSL's security levels 1 to 5 ask for. */
const leastBits: readonly number[] = [80, 112, 128, 192, 256];

const bitsAt = (level: number): number => (level < 1 ? 0 : leastBits[Math.min(level, leastBits.length) - 1]!);

/** Checks the end entity's key for the security level. */
export function checkLeafStrength(leaf: Certificate, { securityLevel }: Rules, report: Report): void {
  if (keyBitsOf(leaf) < bitsAt(securityLevel)) {
    report('EE_KEY_TOO_SMALL', 0, `its key is too weak for security level ${securityLevel}`);
  }
}

/** Checks keys of the authorities, and the signatures below the trust anchor, for the security level. */
export function checkStrength({ certificates }: Path, { securityLevel }: Rules, report: Report): void {
  const least = bitsAt(securityLevel);
  for (const [depth, certificate] of certificates.entries()) {
    if (depth > 0 && keyBitsOf(certificate) < least) {
      report('CA_KEY_TOO_SMALL', depth, `the key of ${describe(certificate)} is too weak for level ${securityLevel}`);
    }
    if (depth === certificates.length - 1) return; // the anchor's own signature proves nothing
    const bits = readSignatureMethod(certificate.signatureAlgorithm)?.securityBits ?? 0;
    if (bits < least) {
      report(
        'CA_MD_TOO_WEAK',
        depth,
        `the signature on ${describe(certificate)} is too weak for level ${securityLevel}`,
      );
    }
  }
}

// A key of explicit parameters is refused for that.
const keyBitsOf = (certificate: Certificate): number =>
  hasExplicitCurve(certificate) ? Number.POSITIVE_INFINITY : securityBitsOf(certificate.publicKey);

const curveBits: Readonly<Record<CurveName, number>> = {
  secp192r1: 96,
  secp224r1: 112,
  secp256r1: 128,
  secp384r1: 192,
  secp521r1: 256,
  secp256k1: 128,
  brainpoolP256r1: 128,
  brainpoolP384r1: 192,
  brainpoolP512r1: 256,
};

/** The bits of security of a key, 0 for kinds that we do not know. */
export function securityBitsOf(key: PublicKeyInfo): number {
  switch (key.name) {
    case 'rsa':
    case 'rsaPss':
      return rsaBits(key.modulusLength ?? 0);
    case 'ec':
      return key.curve === undefined ? 0 : curveBits[key.curve];
    case 'ed25519':
      return 128;
    case 'ed448':
      return 224;
    case 'mldsa44':
      return 128;
    case 'mldsa65':
      return 192;
    case 'mldsa87':
      return 256;
    default:
      return 0;
  }
}

/** What factoring a modulus costs, by the estimate of FIPS 140-2 IG 7.5, rounded to multiples of 8 bits. */
function rsaBits(modulusLength: number): number {
  if (modulusLength < 8) return 0;
  const modulus = modulusLength * Math.LN2;
  const cost = (1.923 * Math.cbrt(modulus * Math.log(modulus) ** 2) - 4.69) / Math.LN2;
  return Math.max(0, 8 * Math.round(cost / 8));
}
