import type { AlertName } from '../../wire/alert.ts';
import type { Certificate } from '../certificate.ts';
import {
  type Fault,
  type Path,
  type Purpose,
  type Report,
  type Rules,
  VerificationContext,
  type Work,
} from './context.ts';
import type { VerificationCrypto } from './crypto.ts';
import { alertOf, messageOf, nodeCodeOf, type VerificationError } from './errors.ts';
import { checkExtensions } from './extensions-check.ts';
import { defaultLimits, type VerificationLimits } from './limits.ts';
import { checkNameConstraints } from './name-constraints-check.ts';
import { buildLikelyPath, findPaths, type PeerCertificates } from './path-building.ts';
import { checkPolicies } from './policies-check.ts';
import { checkRevocation } from './revocation-check.ts';
import type { RevocationLists } from './revocation-lists.ts';
import { checkLeafStrength, checkStrength } from './security-level.ts';
import { checkSignatures } from './signatures-check.ts';
import type { TrustStore } from './trust-store.ts';

/** Whom to trust, and how strictly. */
export interface VerificationOptions {
  readonly trust: TrustStore;
  readonly crypto: VerificationCrypto;
  /** The moment at which everything has to be valid. */
  readonly time: Date;
  /** By default a TLS client's certificate is verified. */
  readonly purpose?: Purpose;
  /** Where given, each certificate of the peer's must be in the scope of one that is valid, and not revoked. */
  readonly revocation?: RevocationLists;
  /** Whether a path may end with a trust anchor that is not self-signed. By default not. */
  readonly partialChain?: boolean;
  /** OpenSSL's security level for keys and signatures, 0 to 5. By default 1. */
  readonly securityLevel?: number;
  /** Whether to demand what RFC 5280 demands of authorities, like OpenSSL's `-x509_strict`. By default not. */
  readonly strict?: boolean;
  readonly limits?: Partial<VerificationLimits>;
}

/** Why a certificate is not accepted: the fault that counts, with all reasons. */
export interface VerificationFailure extends Fault {
  /** The error as Node names it: `UNSPECIFIED` for those that it has no name for. */
  readonly code: string;
  /** OpenSSL's words for it. */
  readonly message: string;
  /** The alert to send. */
  readonly alert: AlertName;
}

/** What came of a verification. */
export type Verdict =
  | { readonly authorized: true; readonly path: readonly Certificate[]; readonly work: Work }
  | {
      readonly authorized: false;
      /** What OpenSSL would report: of several faults the last that it finds. */
      readonly failure: VerificationFailure;
      /** All of them, in the order in which they were found. */
      readonly faults: readonly Fault[];
      /** As far as one could be built. */
      readonly path: readonly Certificate[];
      readonly work: Work;
    };

/**
 * Verifies a peer's certificates (RFC 5280 section 6): the end entity's first, the others in any order, superfluous
 * ones among them. Is synchronous, throws nothing, and costs no more than its limits allow.
 *
 * First the path is judged that OpenSSL would build; what is wrong with it is what gets reported. Only if something
 * is, others are searched for; one without fault is as good.
 */
export function verify(certificates: PeerCertificates, options: VerificationOptions): Verdict {
  const rules = rulesOf(options);
  const context = new VerificationContext(rules);
  const peer = withoutDuplicates(certificates);
  if (peer.length > rules.limits.certificates) return tooMany(peer, context);
  const likely = judgeLikelyPath(peer, context);
  if (likely.faults.length === 0) return { authorized: true, path: likely.path.certificates, work: context.work };
  if (mayHelpToSearch(likely.faults)) {
    for (const path of findPaths(peer, context)) {
      if (!context.spendPath()) break;
      if (judge(path, context).length > 0) continue;
      return { authorized: true, path: path.certificates, work: context.work };
    }
  }
  return refused(likely.path.certificates, likely.faults, context);
}

function refused(path: readonly Certificate[], faults: readonly Fault[], context: VerificationContext): Verdict {
  const fault = faults[faults.length - 1]!;
  const { error } = fault;
  const reason = [...new Set(faults.map((entry) => entry.reason))].slice(0, 5).join('; ');
  const failure = { ...fault, reason, code: nodeCodeOf(error), message: messageOf(error), alert: alertOf(error) };
  return { authorized: false, failure, faults, path, work: context.work };
}

function tooMany([leaf]: PeerCertificates, context: VerificationContext): Verdict {
  const reason = `more than ${context.rules.limits.certificates} certificates`;
  return refused([leaf], [{ error: 'CERT_CHAIN_TOO_LONG', depth: 0, certificate: leaf, reason }], context);
}

function rulesOf(options: VerificationOptions): Rules {
  return {
    trust: options.trust,
    crypto: options.crypto,
    time: options.time,
    purpose: options.purpose ?? 'sslclient',
    revocation: options.revocation,
    partialChain: options.partialChain ?? false,
    securityLevel: options.securityLevel ?? 1,
    strict: options.strict ?? false,
    limits: { ...defaultLimits, ...options.limits },
  };
}

function withoutDuplicates([leaf, ...others]: PeerCertificates): PeerCertificates {
  const seen = new Set([textOf(leaf)]);
  const isNew = (certificate: Certificate): boolean => seen.size < seen.add(textOf(certificate)).size;
  return [leaf, ...others.filter(isNew)];
}

const textOf = ({ der }: Certificate): string => Buffer.from(der).toString('latin1');

/** The path that OpenSSL would build, and all of its faults. */
function judgeLikelyPath(peer: PeerCertificates, context: VerificationContext): { path: Path; faults: Fault[] } {
  const { rules } = context;
  context.spendPath();
  const found: Omit<Fault, 'certificate'>[] = [];
  const report: Report = (error, depth, reason) => found.push({ error, depth, reason });
  if (peer[0].malformed) report('INVALID_EXTENSION', 0, peer[0].malformed.message);
  const path = buildLikelyPath(peer, rules, report);
  const faults = found.map((fault) => ({ ...fault, certificate: path.certificates[fault.depth]! }));
  return { path, faults: [...faults, ...judge(path, context)] };
}

/** All faults of a path that was built, in the order in which OpenSSL looks for them. */
function judge(path: Path, context: VerificationContext): Fault[] {
  const { rules } = context;
  const faults: Fault[] = [];
  const report = (error: VerificationError, depth: number, reason: string): void => {
    faults.push({ error, depth, reason, certificate: path.certificates[depth]! });
  };
  checkLeafStrength(path.certificates[0]!, rules, report);
  checkExtensions(path, rules, report);
  checkStrength(path, rules, report);
  checkRevocation(path, context, report);
  checkSignatures(path, context, report);
  checkNameConstraints(path, context, report);
  checkPolicies(path, report);
  return faults;
}

/** Faults of the end entity alone, which no other path can heal. */
const incurable: ReadonlySet<VerificationError> = new Set<VerificationError>([
  'EE_KEY_TOO_SMALL',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'INVALID_PURPOSE',
  'UNHANDLED_CRITICAL_EXTENSION',
  'PROXY_CERTIFICATES_NOT_ALLOWED',
  'EC_KEY_EXPLICIT_PARAMS',
  'INVALID_EXTENSION',
]);

const mayHelpToSearch = (faults: readonly Fault[]): boolean =>
  !faults.some(({ error, depth }) => depth === 0 && incurable.has(error));
