import { type GeneralName, readGeneralName } from './certificate-extensions.ts';
import { contextTag, type DerElement, DerReader } from './der.ts';

/** Reasons for a revocation as the bits of ReasonFlags, without the first, which is unused (RFC 5280 section 4.2.1.13). */
export const allReasons = 0x80_7f;

/** Where a CRL is, or what part of an authority's revocations it has. */
export interface DistributionPointName {
  /** The names, any of which will do; empty where the name is relative to the issuer's. */
  readonly fullName: readonly GeneralName[];
  /** The content of an RDN to append to the name of the CRL's issuer. */
  readonly relativeName: Uint8Array | undefined;
}

/** One of a certificate's CRL distribution points. */
export interface DistributionPoint {
  readonly name: DistributionPointName | undefined;
  /** As in `allReasons`. */
  readonly reasons: number;
  /** Who signs the CRL, where that is not the certificate's issuer; otherwise empty. */
  readonly crlIssuer: readonly GeneralName[];
}

/** Reads CRLDistributionPoints, one at least. Throws `DerError`. */
export function readDistributionPoints(value: Uint8Array): readonly DistributionPoint[] {
  const reader = new DerReader(value, 'cRLDistributionPoints');
  const points = reader.end(reader.sequence()).list((list) => {
    const fields = list.sequence();
    const name = optionalName(fields, 0);
    const reasons = fields.optional(contextTag(1, false));
    const issuer = fields.optional(contextTag(2));
    return fields.end({
      name,
      reasons: reasons ? readReasons(fields, reasons) : allReasons,
      crlIssuer: issuer ? readNames(fields, issuer) : [],
    });
  });
  if (points.length === 0) reader.fail('no distribution point');
  return points;
}

/** IssuingDistributionPoint (RFC 5280 section 5.2.5): which certificates a CRL is about. */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | undefined;
  readonly onlyUserCertificates: boolean;
  readonly onlyAuthorities: boolean;
  /** `undefined` where it has all reasons. */
  readonly onlySomeReasons: number | undefined;
  readonly indirect: boolean;
  readonly onlyAttributeCertificates: boolean;
}

/** Reads IssuingDistributionPoint. Throws `DerError`. */
export function readIssuingDistributionPoint(value: Uint8Array): IssuingDistributionPoint {
  const reader = new DerReader(value, 'issuingDistributionPoint');
  const fields = reader.end(reader.sequence());
  const flag = (number: number): boolean => {
    const element = fields.optional(contextTag(number, false));
    if (element === undefined) return false;
    if (element.content.length !== 1) fields.fail('a BOOLEAN that is no DER');
    return element.content[0] !== 0;
  };
  const name = optionalName(fields, 0);
  const onlyUserCertificates = flag(1);
  const onlyAuthorities = flag(2);
  const reasons = fields.optional(contextTag(3, false));
  const onlySomeReasons = reasons && readReasons(fields, reasons);
  const indirect = flag(4);
  const onlyAttributeCertificates = flag(5);
  const only = [onlyUserCertificates, onlyAuthorities, onlyAttributeCertificates].filter(Boolean);
  if (only.length > 1) fields.fail('several scopes at once');
  return fields.end({
    name,
    onlyUserCertificates,
    onlyAuthorities,
    onlySomeReasons,
    indirect,
    onlyAttributeCertificates,
  });
}

function optionalName(fields: DerReader, number: number): DistributionPointName | undefined {
  const element = fields.optional(contextTag(number));
  if (element === undefined) return undefined;
  const choice = fields.inside(element);
  const full = choice.optional(contextTag(0));
  const name = full
    ? { fullName: readNames(fields, full), relativeName: undefined }
    : { fullName: [], relativeName: choice.expect(contextTag(1)).content };
  return choice.end(name);
}

const readNames = (fields: DerReader, element: DerElement): GeneralName[] =>
  fields.inside(element).list((list) => readGeneralName(list.element()));

function readReasons(fields: DerReader, { content }: DerElement): number {
  if (content.length < 2 || content[0]! > 7) fields.fail('reasons that are no bits');
  return (content[1]! | ((content[2] ?? 0) << 8)) & allReasons;
}
