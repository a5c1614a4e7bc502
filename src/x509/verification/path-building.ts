import type { Certificate } from '../certificate.ts';
import { describe, isValidAt, type Path, type Report, type Rules, type VerificationContext } from './context.ts';
import { isSameCertificate, isSelfSigned, mayHaveIssued, sameBytes } from './issuance.ts';

/** The certificates of a peer: the end entity's first, the others in whatever order, none twice. */
export type PeerCertificates = readonly [Certificate, ...Certificate[]];

/**
 * The path that OpenSSL would build: from each certificate to the trust anchor that issued it, where there is one,
 * and to one of the peer's otherwise; never back. Reports what is wrong if it leads to no trust anchor.
 */
export function buildLikelyPath(peer: PeerCertificates, rules: Rules, report: Report): Path {
  const path: Certificate[] = [peer[0]];
  let unused: readonly Certificate[] = peer.slice(1);
  let untrusted = 1;
  // One more than the limit, which is an error then.
  const longest = rules.limits.depth + 2;
  for (;;) {
    const last = path[path.length - 1]!;
    const selfSigned = isSelfSigned(last);
    const mayGrow = !selfSigned && path.length < longest;
    if (selfSigned) {
      const anchor = rules.trust.find(last);
      // Only the very same certificate will do: anybody can make one with the name of an anchor.
      if (anchor) return { certificates: [...path.slice(0, -1), anchor], untrusted: path.length - 1 };
    }
    const anchor = mayGrow ? likeliestIssuer(last, rules.trust.issuersOf(last), rules) : undefined;
    if (anchor) {
      path.push(anchor);
      if (isTrustAnchor(anchor, rules)) return { certificates: path, untrusted };
      continue;
    }
    // Above an anchor that is not self-signed only other anchors count.
    const issuer = mayGrow && untrusted === path.length ? likeliestIssuer(last, unused, rules) : undefined;
    if (issuer === undefined) break;
    unused = unused.filter((certificate) => certificate !== issuer);
    path.push(issuer);
    untrusted++;
  }
  const leaf = rules.partialChain && untrusted === path.length ? rules.trust.find(peer[0]) : undefined;
  if (leaf) return { certificates: [leaf], untrusted: 0 };
  reportDeadEnd(path, untrusted, longest, report);
  return { certificates: path, untrusted };
}

/** Whether a path may end with this certificate of the trust store. */
const isTrustAnchor = (anchor: Certificate, rules: Rules): boolean => rules.partialChain || isSelfSigned(anchor);

/** The first that is valid now, or else the one that is valid longest. */
function likeliestIssuer(
  certificate: Certificate,
  candidates: readonly Certificate[],
  { time }: Rules,
): Certificate | undefined {
  let best: Certificate | undefined;
  for (const candidate of candidates) {
    if (!mayHaveIssued(candidate, certificate)) continue;
    if (isValidAt(candidate, time)) return candidate;
    if (best === undefined || candidate.notAfter > best.notAfter) best = candidate;
  }
  return best;
}

function reportDeadEnd(path: readonly Certificate[], untrusted: number, longest: number, report: Report): void {
  const depth = path.length - 1;
  const last = path[depth]!;
  if (path.length >= longest) report('CERT_CHAIN_TOO_LONG', depth, `a path of more than ${longest - 1} certificates`);
  if (isSelfSigned(last)) {
    report(
      depth === 0 ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN',
      depth,
      `${describe(last)} is self-signed and not trusted`,
    );
  } else {
    report(
      untrusted < path.length ? 'UNABLE_TO_GET_ISSUER_CERT' : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      depth,
      `nobody is known who issued ${describe(last)}`,
    );
  }
}

/**
 * All paths to a trust anchor along valid signatures, until the limits of the search. Neither a certificate nor a
 * subject with the same key comes twice on one (RFC 4158 section 2.4.2); the order is that of `buildLikelyPath`.
 */
export function* findPaths(peer: PeerCertificates, context: VerificationContext): Generator<Path> {
  yield* extendPath([peer[0]], 1, peer.slice(1), context);
}

function* extendPath(
  path: readonly Certificate[],
  untrusted: number,
  peer: readonly Certificate[],
  context: VerificationContext,
): Generator<Path> {
  const { rules } = context;
  const last = path[path.length - 1]!;
  const anchor = untrusted === path.length ? rules.trust.find(last) : last;
  if (anchor && isTrustAnchor(anchor, rules)) {
    const certificates = [...path.slice(0, -1), anchor];
    yield { certificates, untrusted: Math.min(untrusted, certificates.length - 1) };
    return;
  }
  // What looks self-signed has no issuer, as in OpenSSL, even if its signature were somebody else's.
  if (isSelfSigned(last) || path.length >= rules.limits.depth + 2) return;
  const others = untrusted === path.length ? peer : [];
  const anchors = rules.trust.issuersOf(last);
  for (const [index, candidate] of [...anchors, ...others].entries()) {
    if (!context.spendStep()) return;
    if (!mayHaveIssued(candidate, last) || path.some((passed) => isSameAuthority(passed, candidate))) continue;
    if (context.checkSignature(last, candidate.publicKey) !== 'valid') continue;
    const isAnchor = index < anchors.length;
    yield* extendPath([...path, candidate], isAnchor ? untrusted : untrusted + 1, peer, context);
  }
}

const isSameAuthority = (a: Certificate, b: Certificate): boolean =>
  isSameCertificate(a, b) || (sameBytes(a.publicKey.spki, b.publicKey.spki) && sameBytes(a.subject.der, b.subject.der));
