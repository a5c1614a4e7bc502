import { isMd5 } from '../signature-method.ts';
import { describe, type Path, placeInTime, type Report, type VerificationContext } from './context.ts';
import { forbids } from './extensions-check.ts';
import { isSelfSigned } from './issuance.ts';

/**
 * Checks signatures and validity from the trust anchor down. The anchor's own signature proves nothing and is not
 * looked at; its validity is, as in OpenSSL.
 */
export function checkSignatures({ certificates }: Path, context: VerificationContext, report: Report): void {
  const { time, partialChain } = context.rules;
  const top = certificates.length - 1;
  let first = top;
  if (!isSelfSigned(certificates[top]!) && !partialChain) {
    if (top === 0) report('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 0, 'its issuer is not known');
    else first = top - 1;
  }
  for (let depth = first; depth >= 0; depth--) {
    const certificate = certificates[depth]!;
    if (depth < top) checkSignature(certificates, depth, context, report);
    const { notBefore, notAfter } = certificate;
    const { early, late } = placeInTime(time, { from: notBefore, until: notAfter });
    if (early) {
      report('CERT_NOT_YET_VALID', depth, `${describe(certificate)} is valid from ${notBefore.toISOString()} on`);
    }
    if (late) report('CERT_HAS_EXPIRED', depth, `${describe(certificate)} was valid until ${notAfter.toISOString()}`);
  }
}

function checkSignature(
  certificates: Path['certificates'],
  depth: number,
  context: VerificationContext,
  report: Report,
): void {
  const [certificate, issuer] = [certificates[depth]!, certificates[depth + 1]!];
  if (forbids(issuer, 'keyCertSign')) {
    report('KEYUSAGE_NO_CERTSIGN', depth + 1, `the key of ${describe(issuer)} is not for signing certificates`);
  }
  if (isMd5(certificate.signatureAlgorithm)) {
    return report('CA_MD_TOO_WEAK', depth, `the signature on ${describe(certificate)} is by MD5`);
  }
  switch (context.checkSignature(certificate, issuer.publicKey)) {
    case 'valid':
      return;
    case 'invalid':
      return report('CERT_SIGNATURE_FAILURE', depth, `the signature on ${describe(certificate)} is wrong`);
    case 'undecodableKey':
      return report('UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', depth + 1, `the key of ${describe(issuer)} cannot be used`);
    case 'unchecked':
      return report('UNSPECIFIED', depth, `more than ${context.rules.limits.signatureChecks} signatures to check`);
  }
}
