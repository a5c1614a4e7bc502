import type { Certificate } from '../certificate.ts';
import { type CertificateList, removeFromCrl } from '../certificate-list.ts';
import { DerError } from '../der.ts';
import { isSameName } from '../distinguished-name.ts';
import { allReasons, type DistributionPoint, type DistributionPointName } from '../distribution-points.ts';
import { ExtensionOid } from '../oids.ts';
import type { PublicKeyInfo } from '../public-key.ts';
import type { Revocations } from '../revocation-entries.ts';
import {
  describe,
  type Path,
  placeInTime,
  type Report,
  type Rules,
  type SignatureResult,
  type VerificationContext,
} from './context.ts';
import type { VerificationCrypto } from './crypto.ts';
import { forbids } from './extensions-check.ts';
import { fitsKeyIdentifier, sameBytes } from './issuance.ts';

/**
 * Looks each certificate of a path up in the CRLs (RFC 5280 section 6.3), of which one must be there for each: so Node
 * has it where the option `crl` is given, for a self-signed trust anchor as well. Where a path may end in the middle,
 * the anchor is exempt, since its issuer is nobody's concern. Delta CRLs, indirect CRLs, and CRLs of some reasons only
 * are passed over.
 */
export function checkRevocation({ certificates, untrusted }: Path, context: VerificationContext, report: Report): void {
  if (context.rules.revocation === undefined) return;
  const end = context.rules.partialChain ? untrusted : certificates.length;
  for (let depth = 0; depth < end; depth++) checkCertificate(certificates, depth, context, report);
}

/** A CRL that is about a certificate, and who signed it. */
interface Candidate {
  readonly list: CertificateList;
  readonly issuer: Certificate;
  /** How well it suits; OpenSSL's order of precedence. */
  readonly score: number;
  /** The reasons that it has about the certificate; `undefined` where the certificate is outside of its scope. */
  readonly reasons: number | undefined;
}

function checkCertificate(
  certificates: Path['certificates'],
  depth: number,
  context: VerificationContext,
  report: Report,
): void {
  const certificate = certificates[depth]!;
  let known = 0;
  while (known !== allReasons) {
    const candidate = bestCandidate(certificates, depth, known, context.rules);
    if (candidate === undefined) {
      return report('UNABLE_TO_GET_CRL', depth, `no CRL is known for ${describe(certificate)}`);
    }
    checkList(candidate, depth, context, report);
    lookUp(certificate, candidate.list, depth, report);
    if (candidate.reasons === undefined) {
      return report('UNABLE_TO_GET_CRL', depth, `no CRL has ${describe(certificate)} in its scope`);
    }
    known |= candidate.reasons;
  }
}

function bestCandidate(
  certificates: Path['certificates'],
  depth: number,
  known: number,
  rules: Rules,
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const list of rules.revocation!.of(certificates[depth]!.issuer)) {
    const candidate = judgeCandidate(list, certificates, depth, rules);
    if (candidate === undefined || ((candidate.reasons ?? allReasons) & ~known) === 0) continue;
    const isBetter =
      best === undefined ||
      candidate.score > best.score ||
      (candidate.score === best.score && list.thisUpdate > best.list.thisUpdate);
    if (isBetter) best = candidate;
  }
  return best;
}

function judgeCandidate(
  list: CertificateList,
  certificates: Path['certificates'],
  depth: number,
  rules: Rules,
): Candidate | undefined {
  const point = list.issuingDistributionPoint;
  if (list.isDelta || point?.indirect || point?.onlySomeReasons !== undefined) return undefined;
  if (rules.strict && !hasRequiredExtensions(list)) return undefined;
  // The last certificate's CRL can only be its own.
  const issuer = certificates
    .slice(Math.min(depth + 1, certificates.length - 1))
    .find((above) => isSameName(above.subject, list.issuer) && fitsKeyIdentifier(above, list.authorityKeyIdentifier));
  if (issuer === undefined) return undefined;
  const reasons = reasonsWithin(certificates[depth]!, list);
  const { early, late } = placeOf(list, rules.time);
  const score =
    (list.unknownCritical === undefined ? 8 : 0) +
    (reasons === undefined ? 0 : 4) +
    (early || late ? 0 : 2) +
    (issuer === (certificates[depth + 1] ?? certificates[depth]) ? 1 : 0);
  return { list, issuer, score, reasons };
}

/** RFC 5280 sections 5.2.1 and 5.2.3: every CRL has these two. */
const hasRequiredExtensions = ({ authorityKeyIdentifier, extensions }: CertificateList): boolean =>
  authorityKeyIdentifier !== undefined && extensions.some(({ oid }) => oid === ExtensionOid.cRLNumber);

/** The reasons about which a CRL tells for a certificate, `undefined` where it does not tell about it. */
function reasonsWithin(certificate: Certificate, list: CertificateList): number | undefined {
  const point = list.issuingDistributionPoint;
  if (point?.onlyAttributeCertificates) return undefined;
  if (certificate.basicConstraints?.ca ? point?.onlyUserCertificates : point?.onlyAuthorities) return undefined;
  for (const { name, reasons, crlIssuer } of certificate.crlDistributionPoints ?? []) {
    if (signsAt(crlIssuer, list) && namesMeet(name, point?.name)) return reasons;
  }
  return point?.name === undefined ? allReasons : undefined;
}

const signsAt = (crlIssuer: DistributionPoint['crlIssuer'], list: CertificateList): boolean =>
  crlIssuer.length === 0 || crlIssuer.some(({ name }) => name && isSameName(name, list.issuer));

/** Whether the names of two distribution points have one in common; no name at all meets any. */
function namesMeet(a: DistributionPointName | undefined, b: DistributionPointName | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  if (a.relativeName && b.relativeName) return sameBytes(a.relativeName, b.relativeName);
  // A relative name against a full one would have to be put together; nobody does that, and refusing is safe.
  if (a.relativeName || b.relativeName) return false;
  return a.fullName.some((left) =>
    b.fullName.some((right) =>
      left.name && right.name
        ? isSameName(left.name, right.name)
        : left.tag === right.tag && sameBytes(left.bytes, right.bytes),
    ),
  );
}

const placeOf = (list: CertificateList, time: Date): ReturnType<typeof placeInTime> =>
  placeInTime(time, { from: list.thisUpdate, until: list.nextUpdate });

function checkList(candidate: Candidate, depth: number, context: VerificationContext, report: Report): void {
  const { list, issuer, reasons } = candidate;
  const whose = `the CRL of ${describe(issuer)}`;
  if (forbids(issuer, 'cRLSign')) report('KEYUSAGE_NO_CRL_SIGN', depth, `${describe(issuer)} may not sign CRLs`);
  if (reasons === undefined) report('DIFFERENT_CRL_SCOPE', depth, `${whose} is about other certificates`);
  const { early, late } = placeOf(list, context.rules.time);
  if (early) report('CRL_NOT_YET_VALID', depth, `${whose} is from ${list.thisUpdate.toISOString()}`);
  if (late) report('CRL_HAS_EXPIRED', depth, `${whose} was to be replaced by ${list.nextUpdate?.toISOString()}`);
  switch (checkListSignature(list, issuer.publicKey, context)) {
    case 'valid':
      return;
    case 'invalid':
      return report('CRL_SIGNATURE_FAILURE', depth, `the signature on ${whose} is wrong`);
    case 'undecodableKey':
      return report('UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', depth, `the key of ${describe(issuer)} cannot be used`);
    case 'unchecked':
      return report('UNSPECIFIED', depth, `more than ${context.rules.limits.signatureChecks} signatures to check`);
  }
}

/** CRLs with the key under which each was last found to be signed, by whose cryptography found that. */
const signers = new WeakMap<VerificationCrypto, WeakMap<CertificateList, Uint8Array>>();

/**
 * Checks the signature of a CRL, as a rule once for the life of the list: it may have megabytes, all of which are hashed.
 * Only what is right is remembered: under another key, too, a signature may be right, if somebody has made that to fit.
 */
function checkListSignature(list: CertificateList, key: PublicKeyInfo, context: VerificationContext): SignatureResult {
  const { crypto } = context.rules;
  const known = signers.get(crypto) ?? new WeakMap<CertificateList, Uint8Array>();
  signers.set(crypto, known);
  const signer = known.get(list);
  if (signer !== undefined && sameBytes(signer, key.spki)) return 'valid';
  const result = context.checkSignature(list, key);
  // A copy: a view would keep all that the peer has sent.
  if (result === 'valid') known.set(list, Uint8Array.from(key.spki));
  return result;
}

function lookUp(certificate: Certificate, list: CertificateList, depth: number, report: Report): void {
  let revocations: Revocations;
  try {
    revocations = list.revocations;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return report('UNABLE_TO_GET_CRL', depth, error.message);
  }
  const unknown = list.unknownCritical ?? revocations.unknownCritical;
  if (unknown) report('UNHANDLED_CRITICAL_CRL_EXTENSION', depth, `extension ${unknown} is critical and unknown`);
  const entry = revocations.find(certificate.serial);
  if (entry && entry.reason !== removeFromCrl) {
    report('CERT_REVOKED', depth, `${describe(certificate)} was revoked on ${entry.date.toISOString()}`);
  }
}
