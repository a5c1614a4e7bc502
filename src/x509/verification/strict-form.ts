import type { Certificate } from '../certificate.ts';
import type { Report } from './context.ts';
import { isSelfSigned } from './issuance.ts';

/** Extensions about policies that RFC 5280 sections 4.2.1.11 and 4.2.1.14 want to be critical. */
const mustBeCritical = ['policyConstraints', 'inhibitAnyPolicy'] as const;

/**
 * Checks what RFC 5280 section 4 demands of those who make certificates, and most verifiers forgive: OpenSSL's
 * `-x509_strict`, and the rules for serial numbers (section 4.1.2.2) and some extensions besides.
 */
export function checkForm(certificate: Certificate, depth: number, isLast: boolean, report: Report): void {
  checkBasics(certificate, depth, report);
  checkNames(certificate, depth, report);
  if (certificate.version === 3) checkKeyIdentifiers(certificate, depth, isLast, report);
  if (certificate.extension('nameConstraints') && !certificate.basicConstraints?.ca) {
    report('INVALID_EXTENSION', depth, 'nameConstraints, and it is no authority');
  }
  const loose = mustBeCritical.find((name) => certificate.extension(name)?.critical === false);
  if (loose) report('INVALID_EXTENSION', depth, `${loose} is not critical`);
  const { serial } = certificate;
  if (serial[0]! >= 0x80 || serial.every((byte) => byte === 0) || serial.length > 20) {
    report('UNSPECIFIED', depth, 'its serial number is not from 1 to 20 bytes of a positive number');
  }
}

function checkBasics(certificate: Certificate, depth: number, report: Report): void {
  const { basicConstraints, keyUsage } = certificate;
  const signsCertificates = keyUsage?.includes('keyCertSign') === true;
  if (basicConstraints?.pathLength !== undefined) {
    if (!basicConstraints.ca) report('PATHLEN_INVALID_FOR_NON_CA', depth, 'a path length, and no authority');
    if (!signsCertificates && keyUsage) {
      report('PATHLEN_WITHOUT_KU_KEY_CERT_SIGN', depth, 'a path length, and keyUsage without keyCertSign');
    }
  }
  if (basicConstraints?.ca) {
    if (!certificate.extension('basicConstraints')?.critical) {
      report('CA_BCONS_NOT_CRITICAL', depth, "an authority's basicConstraints are not critical");
    }
    if (!keyUsage) report('CA_CERT_MISSING_KEY_USAGE', depth, 'an authority has no keyUsage');
  } else if (signsCertificates) {
    report('KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA', depth, 'keyUsage has keyCertSign, and it is no authority');
  }
}

function checkNames(certificate: Certificate, depth: number, report: Report): void {
  const { issuer, subject, basicConstraints, keyUsage } = certificate;
  const alternative = certificate.extension('subjectAltName');
  if (issuer.rdns.length === 0) report('ISSUER_NAME_EMPTY', depth, 'no issuer');
  if (subject.rdns.length === 0) {
    if (basicConstraints?.ca || keyUsage?.includes('cRLSign') || !alternative) {
      report('SUBJECT_NAME_EMPTY', depth, 'no subject');
    }
    if (alternative && !alternative.critical) {
      report('EMPTY_SUBJECT_SAN_NOT_CRITICAL', depth, 'no subject, and subjectAltName is not critical');
    }
  }
  if (alternative && certificate.subjectAltName.length === 0) {
    report('EMPTY_SUBJECT_ALT_NAME', depth, 'an empty subjectAltName');
  }
}

function checkKeyIdentifiers(certificate: Certificate, depth: number, isLast: boolean, report: Report): void {
  const authority = certificate.extension('authorityKeyIdentifier');
  const subject = certificate.extension('subjectKeyIdentifier');
  if (authority?.critical) report('AUTHORITY_KEY_IDENTIFIER_CRITICAL', depth, 'a critical authorityKeyIdentifier');
  if (subject?.critical) report('SUBJECT_KEY_IDENTIFIER_CRITICAL', depth, 'a critical subjectKeyIdentifier');
  if (!isLast && !isSelfSigned(certificate) && certificate.authorityKeyId === undefined) {
    report('MISSING_AUTHORITY_KEY_IDENTIFIER', depth, 'no authorityKeyIdentifier with a key identifier');
  }
  if (certificate.basicConstraints?.ca && !subject) {
    report('MISSING_SUBJECT_KEY_IDENTIFIER', depth, 'an authority has no subjectKeyIdentifier');
  }
}
