import type { Certificate } from '../certificate.ts';
import { anyPolicy } from '../oids.ts';
import { describe, type Path, type Report } from './context.ts';
import { isSelfIssuedName } from './issuance.ts';

/**
 * The certificate policies that are valid at one certificate of the path, each with the policies that the next may
 * assert for it. Of RFC 9618's valid_policy_graph this is the lowest row; the others matter only to those who want
 * to know which of the anchor's policies were meant, and its size is bounded by what one certificate says.
 */
type PolicyRow = ReadonlyMap<string, ReadonlySet<string>>;

interface PolicyState {
  row: PolicyRow;
  /** How many certificates may follow until a policy is required, mapping ends, anyPolicy counts no longer. */
  explicitPolicy: number;
  policyMapping: number;
  inhibitAnyPolicy: number;
}

/**
 * Processes the policies of a path (RFC 5280 section 6.1, with the data structure of RFC 9618) where every policy is
 * as good as another for us: so it fails only where a certificate demands that there be one.
 */
export function checkPolicies({ certificates }: Path, report: Report): void {
  const malformed = certificates.findIndex((certificate) => certificate.malformedPolicies);
  if (malformed >= 0) {
    return report('INVALID_POLICY_EXTENSION', malformed, certificates[malformed]!.malformedPolicies!.message);
  }
  const length = certificates.length - 1; // the trust anchor is no part of what is verified
  const state: PolicyState = {
    row: new Map([[anyPolicy, new Set([anyPolicy])]]),
    explicitPolicy: length + 1,
    policyMapping: length + 1,
    inhibitAnyPolicy: length + 1,
  };
  for (let depth = length - 1; depth >= 0; depth--) {
    const certificate = certificates[depth]!;
    state.row = nextRow(certificate, depth, state);
    if (depth > 0) prepareNext(certificate, state);
    else if (certificate.policyConstraints?.requireExplicitPolicy === 0) state.explicitPolicy = 0;
    else if (state.explicitPolicy > 0) state.explicitPolicy--;
    if (state.explicitPolicy === 0 && state.row.size === 0) {
      return report('NO_EXPLICIT_POLICY', depth, `${describe(certificate)} has no policy that is valid on this path`);
    }
  }
}

// RFC 5280 section 6.1.3 (d) and (e).
function nextRow(certificate: Certificate, depth: number, state: PolicyState): PolicyRow {
  const policies = certificate.certificatePolicies;
  const row = new Map<string, ReadonlySet<string>>();
  if (policies === undefined) return row;
  const expected = new Set([...state.row.values()].flatMap((set) => [...set]));
  const anyWasValid = state.row.has(anyPolicy);
  const take = (policy: string): unknown => row.set(policy, new Set([policy]));
  for (const policy of policies) {
    if (policy !== anyPolicy && (expected.has(policy) || anyWasValid)) take(policy);
  }
  if (policies.has(anyPolicy) && (state.inhibitAnyPolicy > 0 || (depth > 0 && isSelfIssuedName(certificate)))) {
    for (const policy of expected) if (!row.has(policy)) take(policy);
  }
  return row;
}

// RFC 5280 section 6.1.4 (a), (b), (h), (i) and (j).
function prepareNext(certificate: Certificate, state: PolicyState): void {
  state.row = mapPolicies(certificate, state);
  if (!isSelfIssuedName(certificate)) {
    state.explicitPolicy = Math.max(0, state.explicitPolicy - 1);
    state.policyMapping = Math.max(0, state.policyMapping - 1);
    state.inhibitAnyPolicy = Math.max(0, state.inhibitAnyPolicy - 1);
  }
  const { policyConstraints: constraints, inhibitAnyPolicy } = certificate;
  state.explicitPolicy = Math.min(state.explicitPolicy, constraints?.requireExplicitPolicy ?? Infinity);
  state.policyMapping = Math.min(state.policyMapping, constraints?.inhibitPolicyMapping ?? Infinity);
  state.inhibitAnyPolicy = Math.min(state.inhibitAnyPolicy, inhibitAnyPolicy ?? Infinity);
}

function mapPolicies(certificate: Certificate, state: PolicyState): PolicyRow {
  const mapped = new Map<string, Set<string>>();
  for (const { issuerDomain, subjectDomain } of certificate.policyMappings ?? []) {
    const subjects = mapped.get(issuerDomain) ?? new Set<string>();
    mapped.set(issuerDomain, subjects.add(subjectDomain));
  }
  const row = new Map(state.row);
  for (const [issuerDomain, subjects] of mapped) {
    if (state.policyMapping === 0) row.delete(issuerDomain);
    else if (row.has(issuerDomain) || row.has(anyPolicy)) row.set(issuerDomain, subjects);
  }
  return row;
}
