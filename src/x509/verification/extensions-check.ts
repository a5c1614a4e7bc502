import type { Certificate } from '../certificate.ts';
import type { KeyUsage } from '../certificate-extensions.ts';
import { DerTag } from '../der.ts';
import { ExtensionOid, PurposeOid } from '../oids.ts';
import { describe, type Path, type Purpose, type Report, type Rules } from './context.ts';
import { isSelfIssuedName, isSelfSigned } from './issuance.ts';
import { checkForm } from './strict-form.ts';

/** Extensions that we heed, and which may therefore be critical. */
const handled: ReadonlySet<string> = new Set([
  ExtensionOid.keyUsage,
  ExtensionOid.subjectAltName,
  ExtensionOid.basicConstraints,
  ExtensionOid.nameConstraints,
  ExtensionOid.crlDistributionPoints,
  ExtensionOid.certificatePolicies,
  ExtensionOid.policyMappings,
  ExtensionOid.policyConstraints,
  ExtensionOid.inhibitAnyPolicy,
  ExtensionOid.extKeyUsage,
  ExtensionOid.subjectKeyIdentifier,
  ExtensionOid.authorityKeyIdentifier,
  ExtensionOid.netscapeCertType,
  ExtensionOid.ocspNoCheck,
  ExtensionOid.proxyCertInfo, // refused by itself
]);

/** Checks each certificate of a path for what its extensions say about its use (RFC 5280 sections 6.1.3 to 6.1.5). */
export function checkExtensions({ certificates }: Path, rules: Rules, report: Report): void {
  let authoritiesBelow = 0;
  for (const [depth, certificate] of certificates.entries()) {
    const unknown = certificate.extensions.find(({ critical, oid }) => critical && !handled.has(oid));
    if (unknown) report('UNHANDLED_CRITICAL_EXTENSION', depth, `extension ${unknown.oid} is critical and unknown`);
    if (certificate.extension('proxyCertInfo')) {
      report('PROXY_CERTIFICATES_NOT_ALLOWED', depth, 'it is a proxy certificate (RFC 3820)');
    }
    checkAuthority(certificate, depth, depth === certificates.length - 1, rules, report);
    if (hasExplicitCurve(certificate)) report('EC_KEY_EXPLICIT_PARAMS', depth, 'its curve is spelled out, not named');
    if (rules.strict && certificates.length > 1) {
      checkForm(certificate, depth, depth === certificates.length - 1, report);
    }
    const unfit = unfitnessFor(rules.purpose, certificate, depth > 0);
    if (unfit) report('INVALID_PURPOSE', depth, unfit);
    const longest = certificate.basicConstraints?.pathLength;
    if (depth > 1 && longest !== undefined && authoritiesBelow > longest) {
      report('PATH_LENGTH_EXCEEDED', depth, `${describe(certificate)} allows ${longest} authorities below it`);
    }
    if (depth > 0 && !isSelfIssuedName(certificate)) authoritiesBelow++;
  }
}

function checkAuthority(certificate: Certificate, depth: number, isLast: boolean, rules: Rules, report: Report): void {
  const kind = authorityKindOf(certificate);
  if (depth === 0) {
    if (rules.strict && kind !== 'authority' && kind !== 'none') {
      report('INVALID_CA', depth, 'it may be an authority, and does not say so in basicConstraints');
    }
    return;
  }
  // As OpenSSL does, an old authority of one's own may do without basicConstraints; no other may.
  if (kind === 'none' || (kind !== 'authority' && (!isLast || rules.strict))) {
    report('INVALID_CA', depth, `${describe(certificate)} is no authority`);
  }
}

type AuthorityKind = 'authority' | 'none' | 'version1Root' | 'keyUsageAlone' | 'netscape';

/** Whether a certificate is an authority's, and what says so. */
function authorityKindOf(certificate: Certificate): AuthorityKind {
  if (certificate.malformed || forbids(certificate, 'keyCertSign')) return 'none';
  if (certificate.basicConstraints) return certificate.basicConstraints.ca ? 'authority' : 'none';
  if (certificate.version === 1 && isSelfSigned(certificate)) return 'version1Root';
  if (certificate.keyUsage) return 'keyUsageAlone';
  return certificate.netscapeCertType?.sslAuthority ? 'netscape' : 'none';
}

/** Whether a certificate's keyUsage has none of these uses. */
export const forbids = ({ keyUsage }: Certificate, ...uses: readonly KeyUsage[]): boolean =>
  keyUsage !== undefined && !uses.some((use) => keyUsage.includes(use));

const purposes = {
  sslclient: {
    extended: [PurposeOid.clientAuth],
    uses: ['digitalSignature', 'keyAgreement'],
    netscape: 'sslClient',
  },
  sslserver: {
    // Besides, the two OIDs of "server gated cryptography" that OpenSSL takes for it.
    extended: [PurposeOid.serverAuth, '1.3.6.1.4.1.311.10.3.3', '2.16.840.1.113730.4.1'],
    uses: ['digitalSignature', 'keyEncipherment', 'keyAgreement'],
    netscape: 'sslServer',
  },
} as const satisfies Record<
  Purpose,
  { extended: readonly string[]; uses: readonly KeyUsage[]; netscape: 'sslClient' | 'sslServer' }
>;

/**
 * Why a certificate is not for a purpose, if so. As in OpenSSL, an authority's extKeyUsage limits what it may issue
 * certificates for, and anyExtendedKeyUsage does not count for a purpose of TLS.
 */
function unfitnessFor(purpose: Purpose, certificate: Certificate, isAuthority: boolean): string | undefined {
  const { extended, uses, netscape } = purposes[purpose];
  const { extKeyUsage, netscapeCertType } = certificate;
  if (extKeyUsage && !extended.some((oid) => extKeyUsage.includes(oid))) {
    return `extKeyUsage of ${describe(certificate)} has no ${purpose === 'sslclient' ? 'clientAuth' : 'serverAuth'}`;
  }
  if (isAuthority) {
    return authorityKindOf(certificate) === 'none' ? `${describe(certificate)} is no authority` : undefined;
  }
  if (forbids(certificate, ...uses)) return `keyUsage has none of ${uses.join(', ')}`;
  if (netscapeCertType && !netscapeCertType[netscape]) return `Netscape's certificate type is another`;
  return undefined;
}

/** Whether a key on an elliptic curve spells out the curve instead of naming it. */
export const hasExplicitCurve = ({ publicKey: { name, algorithm } }: Certificate): boolean =>
  name === 'ec' && algorithm.parameters?.[0] === DerTag.sequence;
