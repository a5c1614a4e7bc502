import type { Certificate } from '../certificate.ts';
import type { AuthorityKeyIdentifier } from '../certificate-extensions.ts';
import { isSameName } from '../distinguished-name.ts';
import type { PublicKeyName } from '../oids.ts';
import { signingKeysOf } from '../signature-method.ts';

/** Whether two strings of bytes are equal. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Whether two certificates are the same one. */
export const isSameCertificate = (a: Certificate, b: Certificate): boolean => a === b || sameBytes(a.der, b.der);

/** Whether issuer and subject are the same name, compared as RFC 5280 section 7.1 says. */
export const isSelfIssuedName = (certificate: Certificate): boolean =>
  isSameName(certificate.issuer, certificate.subject);

/**
 * Whether a certificate may have been issued by another, judged by names, key identifiers and kind of key; the
 * signature is not looked at. Malformed certificates issue nothing and are issued by nobody.
 */
export function mayHaveIssued(issuer: Certificate, subject: Certificate): boolean {
  return (
    isSameName(issuer.subject, subject.issuer) &&
    !issuer.malformed &&
    !subject.malformed &&
    fitsKeyIdentifier(issuer, subject.authorityKeyIdentifier) &&
    canSignAs(issuer.publicKey.name, subject)
  );
}

/** Whether a certificate looks as if it were signed with its own key. */
export const isSelfSigned = (certificate: Certificate): boolean => mayHaveIssued(certificate, certificate);

/** Whether a certificate is the one that an authorityKeyIdentifier means, as far as that says (RFC 5280 section 4.2.1.1). */
export function fitsKeyIdentifier(issuer: Certificate, identifier: AuthorityKeyIdentifier | undefined): boolean {
  if (identifier === undefined) return true;
  const { keyId, serial } = identifier;
  const { subjectKeyId } = issuer;
  if (keyId && subjectKeyId && !sameBytes(keyId, subjectKeyId)) return false;
  if (serial && !sameBytes(serial, issuer.serial)) return false;
  const name = identifier.issuer.find((entry) => entry.name)?.name;
  return name === undefined || isSameName(name, issuer.issuer);
}

/**
 * Whether a key of this kind can have made the certificate's signature; one that is not verified may still be that of a
 * trust anchor on itself, which proves nothing anyway.
 */
const canSignAs = (key: PublicKeyName | undefined, subject: Certificate): boolean =>
  key !== undefined && signingKeysOf(subject.signatureAlgorithm).includes(key);
