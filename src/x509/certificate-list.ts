import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import { readSignature, sameAlgorithm } from './certificate.ts';
import {
  type AuthorityKeyIdentifier,
  type CertificateExtension,
  readAuthorityKeyIdentifier,
  readExtensions,
} from './certificate-extensions.ts';
import { contextTag, DerReader, DerTag } from './der.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';
import { type IssuingDistributionPoint, readIssuingDistributionPoint } from './distribution-points.ts';
import { ExtensionOid } from './oids.ts';
import { RevocationEntries, type Revocations } from './revocation-entries.ts';
import { isTime, readTime } from './time.ts';

/** A certificate revocation list, CRL for short (RFC 5280 section 5). All bytes are views of `der`. */
export interface CertificateList {
  readonly der: Uint8Array;
  /** The part that is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2;
  readonly issuer: DistinguishedName;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly extensions: readonly CertificateExtension[];
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  /** Whether it lists only changes to another CRL. */
  readonly isDelta: boolean;
  /** An extension of the list that is critical and unknown to us: then it proves nothing. */
  readonly unknownCritical: string | undefined;
  /** What it lists: the entries are checked, all of them once, when this is first asked for. */
  readonly revocations: Revocations;
}

/** CRLReason removeFromCRL: the certificate was on hold, and is not any more. */
export const removeFromCrl = 8;

const handled: ReadonlySet<string> = new Set([
  ExtensionOid.authorityKeyIdentifier,
  ExtensionOid.issuingDistributionPoint,
  ExtensionOid.deltaCRLIndicator,
]);

/**
 * Reads a CRL in DER. Throws `DerError` where it is no well-formed one, but does not look at the entries yet.
 * Verifies nothing.
 */
export function readCertificateList(der: Uint8Array): CertificateList {
  const reader = new DerReader(der, 'CRL');
  const outer = reader.end(reader.sequence());
  const tbs = outer.expect(DerTag.sequence);
  const fields = outer.inside(tbs);
  const version = fields.tag === DerTag.integer ? fields.smallInteger() + 1 : 1;
  if (version > 2) fields.fail(`version ${version}`);
  const innerAlgorithm = readAlgorithm(fields);
  const issuer = readName(fields);
  const thisUpdate = readTime(fields);
  const nextUpdate = isTime(fields) ? readTime(fields) : undefined;
  const entries = fields.optional(DerTag.sequence);
  const extensions = readListExtensions(fields, version);
  fields.end(undefined);
  const signatureAlgorithm = readAlgorithm(outer);
  if (!sameAlgorithm(innerAlgorithm, signatureAlgorithm)) outer.fail('two different signature algorithms');
  const signature = readSignature(outer);
  const value = (oid: string): Uint8Array | undefined => extensions.find((entry) => entry.oid === oid)?.value;
  const keyIdentifier = value(ExtensionOid.authorityKeyIdentifier);
  const point = value(ExtensionOid.issuingDistributionPoint);
  let revocations: Revocations | undefined;
  return outer.end({
    der,
    tbs: tbs.whole,
    version: version === 2 ? 2 : 1,
    issuer,
    thisUpdate,
    nextUpdate,
    signatureAlgorithm,
    signature,
    extensions,
    authorityKeyIdentifier: keyIdentifier && readAuthorityKeyIdentifier(keyIdentifier),
    issuingDistributionPoint: point && readIssuingDistributionPoint(point),
    isDelta: value(ExtensionOid.deltaCRLIndicator) !== undefined,
    unknownCritical: extensions.find(({ critical, oid }) => critical && !handled.has(oid))?.oid,
    get revocations() {
      revocations ??= new RevocationEntries(entries?.content ?? new Uint8Array(), version);
      return revocations;
    },
  });
}

function readListExtensions(fields: DerReader, version: number): CertificateExtension[] {
  if (fields.tag !== contextTag(0)) return [];
  if (version !== 2) fields.fail(`extensions in version ${version}`);
  const wrapper = fields.enter(contextTag(0));
  return wrapper.end(readExtensions(wrapper));
}
