import { contextTag, DerReader, DerTag } from './der.ts';
import { PurposeOid } from './oids.ts';
import { decodePem, isCertificateLabel } from './pem.ts';

/**
 * The DER of every certificate in a PEM text that may be an authority for a purpose, an OID of `PurposeOid`: all but
 * those whose `TRUSTED CERTIFICATE` says otherwise. Throws `PemError`, or `DerError` on such a block.
 */
export function authoritiesOfPem(input: string | Uint8Array, purpose: string): Uint8Array[] {
  return decodePem(input).flatMap(({ label, der }) => {
    if (!isCertificateLabel(label)) return [];
    if (label !== 'TRUSTED CERTIFICATE') return [der];
    const reader = new DerReader(der, label);
    const certificate = reader.element().whole;
    return reader.done || reader.end(isTrustedFor(reader.sequence(), purpose)) ? [certificate] : [];
  });
}

/**
 * What OpenSSL appends: CertAux ::= SEQUENCE { trust SEQUENCE OF OBJECT IDENTIFIER OPTIONAL, reject [0] SEQUENCE OF
 * OBJECT IDENTIFIER OPTIONAL, … }. Purposes that are rejected are not trusted, and where some are trusted no others are.
 */
function isTrustedFor(settings: DerReader, purpose: string): boolean {
  const isAmong = (list: DerReader): boolean =>
    list.list((reader) => reader.oid()).some((oid) => oid === purpose || oid === PurposeOid.any);
  const trusted = settings.optional(DerTag.sequence);
  const rejected = settings.optional(contextTag(0));
  if (rejected && isAmong(settings.inside(rejected))) return false;
  return trusted === undefined || isAmong(settings.inside(trusted));
}
