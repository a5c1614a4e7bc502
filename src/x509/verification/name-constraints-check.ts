import type { Certificate } from '../certificate.ts';
import type { GeneralName } from '../certificate-extensions.ts';
import { contextTag, DerTag } from '../der.ts';
import { nameAttributes } from '../distinguished-name.ts';
import type { NameConstraints, NameSubtree } from '../name-constraints.ts';
import { AttributeOid, smtpUtf8MailboxOid } from '../oids.ts';
import type { Path, Report, VerificationContext } from './context.ts';
import type { VerificationError } from './errors.ts';
import { isSelfIssuedName } from './issuance.ts';
import { matchesSubtree } from './subtree-matching.ts';

/** A fault in words. */
export interface NameFault {
  readonly error: VerificationError;
  readonly reason: string;
}

/**
 * Holds the names of each certificate against the constraints of every authority above it, the trust anchor included
 * (RFC 5280 sections 4.2.1.10 and 6.1.3). Self-issued certificates are exempt unless they are the end entity.
 */
export function checkNameConstraints({ certificates }: Path, context: VerificationContext, report: Report): void {
  for (let depth = certificates.length - 1; depth >= 0; depth--) {
    const certificate = certificates[depth]!;
    if (depth > 0 && isSelfIssuedName(certificate)) continue;
    const constraining = certificates.slice(depth + 1).filter((authority) => authority.nameConstraints);
    if (constraining.length === 0) continue;
    const names = constrainedNames(certificate, depth === 0);
    for (const authority of constraining.reverse()) {
      const constraints = authority.nameConstraints!;
      const trees = [...constraints.permitted, ...constraints.excluded].map(({ base }) => base);
      const cost = weightOf(names.names) * weightOf(trees);
      if (!context.spendComparisons(cost)) {
        return report('UNSPECIFIED', depth, `more than ${context.rules.limits.nameComparisons} names to compare`);
      }
      const fault = names.fault ?? firstFault(names.names, constraints);
      if (fault) report(fault.error, depth, fault.reason);
    }
  }
}

/** What it costs to go through names once: long ones count as several, since one may be as long as a whole message. */
const weightOf = (names: readonly GeneralName[]): number =>
  names.reduce((sum, { bytes }) => sum + 1 + (bytes.length >>> 6), 0);

interface ConstrainedNames {
  readonly names: readonly GeneralName[];
  readonly fault?: NameFault;
}

/** The names of a certificate that constraints apply to: its subject, mail addresses in it, and subjectAltName. */
function constrainedNames(certificate: Certificate, isLeaf: boolean): ConstrainedNames {
  const { subject, subjectAltName } = certificate;
  const names: GeneralName[] = [];
  if (subject.rdns.length > 0) {
    names.push({ type: 'directory', value: 'the subject', bytes: subject.der, tag: contextTag(4), name: subject });
  }
  const attributes = nameAttributes(subject);
  for (const { oid, tag, value, bytes } of attributes) {
    if (oid !== AttributeOid.emailAddress) continue;
    if (tag !== DerTag.ia5String) {
      return { names, fault: { error: 'UNSUPPORTED_NAME_SYNTAX', reason: 'a mail address that is no IA5String' } };
    }
    names.push({ type: 'email', value, bytes, tag: contextTag(1, false) });
  }
  names.push(...subjectAltName);
  // Where there is no dNSName, hosts are matched against the CN; then constraints of hosts must hold for it.
  if (isLeaf && !subjectAltName.some(({ type }) => type === 'dns')) {
    for (const { oid, value, bytes } of attributes) {
      if (oid === AttributeOid.CN && looksLikeHost(value)) {
        names.push({ type: 'dns', value, bytes, tag: contextTag(2, false) });
      }
    }
  }
  return { names };
}

const looksLikeHost = (text: string): boolean =>
  /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)+\.?$/i.test(text);

function firstFault(names: readonly GeneralName[], constraints: NameConstraints): NameFault | undefined {
  for (const name of names) {
    const fault = faultOf(name, constraints);
    if (fault) return fault;
  }
  return undefined;
}

function faultOf(name: GeneralName, { permitted, excluded }: NameConstraints): NameFault | undefined {
  const mine = permitted.filter(({ base }) => isSameKind(name, base));
  const notMine = excluded.filter(({ base }) => isSameKind(name, base));
  let allowed = mine.length === 0;
  for (const subtree of mine) {
    const matches = holds(name, subtree, 'permitted');
    if (typeof matches === 'object') return matches;
    allowed ||= matches;
  }
  if (!allowed) return { error: 'PERMITTED_VIOLATION', reason: `${what(name)} is not among the names permitted` };
  for (const subtree of notMine) {
    const matches = holds(name, subtree, 'excluded');
    if (typeof matches === 'object') return matches;
    if (matches) return { error: 'EXCLUDED_VIOLATION', reason: `${what(name)} is among the names excluded` };
  }
  return undefined;
}

function holds(name: GeneralName, { base, bounded }: NameSubtree, list: 'permitted' | 'excluded'): boolean | NameFault {
  if (bounded) return { error: 'SUBTREE_MINMAX', reason: 'a subtree with a minimum or maximum' };
  return matchesSubtree(name, base, list);
}

const what = ({ type, value }: GeneralName): string =>
  `${type === 'directory' ? '' : `${type} name `}${value.slice(0, 200)}`;

/** Whether a constraint is about names of this kind; an internationalized mail address is one of mail. */
function isSameKind(name: GeneralName, base: GeneralName): boolean {
  return name.tag === base.tag
    ? name.typeId === base.typeId
    : base.type === 'email' && name.typeId === smtpUtf8MailboxOid;
}
