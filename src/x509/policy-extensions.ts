import { contextTag, DerReader, DerTag } from './der.ts';
import { anyPolicy } from './oids.ts';

/** Reads CertificatePolicies (RFC 5280 section 4.2.1.4): the OIDs, none twice. Throws `DerError`. */
export function readCertificatePolicies(value: Uint8Array): ReadonlySet<string> {
  const reader = new DerReader(value, 'certificatePolicies');
  const policies = new Set<string>();
  const list = reader.end(reader.sequence());
  while (!list.done) {
    const fields = list.sequence();
    const policy = fields.oid();
    if (policies.has(policy)) list.fail(`${policy} comes twice`);
    policies.add(policy);
    fields.optional(DerTag.sequence); // qualifiers: texts for people
    fields.end(undefined);
  }
  if (policies.size === 0) reader.fail('no policy');
  return policies;
}

/** That one policy of the issuer's means another in the subject's domain (RFC 5280 section 4.2.1.5). */
export interface PolicyMapping {
  readonly issuerDomain: string;
  readonly subjectDomain: string;
}

/** Reads PolicyMappings, in which anyPolicy must not occur. Throws `DerError`. */
export function readPolicyMappings(value: Uint8Array): readonly PolicyMapping[] {
  const reader = new DerReader(value, 'policyMappings');
  const mappings = reader.end(reader.sequence()).list((list) => {
    const fields = list.sequence();
    const mapping = { issuerDomain: fields.oid(), subjectDomain: fields.oid() };
    if (mapping.issuerDomain === anyPolicy || mapping.subjectDomain === anyPolicy) fields.fail('anyPolicy is mapped');
    return fields.end(mapping);
  });
  if (mappings.length === 0) reader.fail('no mapping');
  return mappings;
}

/** After how many certificates policies are required, or may not be mapped (RFC 5280 section 4.2.1.11). */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
}

/** Reads PolicyConstraints, of which one field at least is there. Throws `DerError`. */
export function readPolicyConstraints(value: Uint8Array): PolicyConstraints {
  const reader = new DerReader(value, 'policyConstraints');
  const fields = reader.end(reader.sequence());
  const skip = (number: number): number | undefined => {
    const element = fields.optional(contextTag(number, false));
    return element && fields.smallValue(element.content);
  };
  const constraints = { requireExplicitPolicy: skip(0), inhibitPolicyMapping: skip(1) };
  if (constraints.requireExplicitPolicy === undefined && constraints.inhibitPolicyMapping === undefined) {
    fields.fail('no constraint');
  }
  return fields.end(constraints);
}

/** Reads InhibitAnyPolicy: after how many certificates anyPolicy counts no longer. Throws `DerError`. */
export function readInhibitAnyPolicy(value: Uint8Array): number {
  const reader = new DerReader(value, 'inhibitAnyPolicy');
  return reader.end(reader.smallInteger());
}
