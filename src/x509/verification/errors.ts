import type { AlertName } from '../../wire/alert.ts';

/**
 * What can be wrong with a path: OpenSSL's names (X509_V_ERR_…) with OpenSSL's words for people, as Node shows them in
 * `authorizationError`, and the alert that OpenSSL sends; certificate_unknown where none is named.
 */
const errors = {
  UNSPECIFIED: ['unspecified certificate verification error', 'internalError'],
  UNABLE_TO_GET_ISSUER_CERT: ['unable to get issuer certificate', 'unknownCa'],
  UNABLE_TO_GET_CRL: ['unable to get certificate CRL', 'unknownCa'],
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: ['unable to decode issuer public key', 'badCertificate'],
  CERT_SIGNATURE_FAILURE: ['certificate signature failure', 'decryptError'],
  CRL_SIGNATURE_FAILURE: ['CRL signature failure', 'decryptError'],
  // RFC 8446 section 6.2: of one that "is not currently valid" as well.
  CERT_NOT_YET_VALID: ['certificate is not yet valid', 'certificateExpired'],
  CERT_HAS_EXPIRED: ['certificate has expired', 'certificateExpired'],
  CRL_NOT_YET_VALID: ['CRL is not yet valid', 'badCertificate'],
  CRL_HAS_EXPIRED: ['CRL has expired', 'certificateExpired'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['self-signed certificate', 'unknownCa'],
  SELF_SIGNED_CERT_IN_CHAIN: ['self-signed certificate in certificate chain', 'unknownCa'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['unable to get local issuer certificate', 'unknownCa'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['unable to verify the first certificate', 'unknownCa'],
  CERT_CHAIN_TOO_LONG: ['certificate chain too long', 'unknownCa'],
  CERT_REVOKED: ['certificate revoked', 'certificateRevoked'],
  INVALID_CA: ['invalid CA certificate', 'unknownCa'],
  PATH_LENGTH_EXCEEDED: ['path length constraint exceeded', 'unknownCa'],
  INVALID_PURPOSE: ['unsuitable certificate purpose', 'unsupportedCertificate'],
  CERT_UNTRUSTED: ['certificate not trusted', 'badCertificate'],
  CERT_REJECTED: ['certificate rejected', 'badCertificate'],
  HOSTNAME_MISMATCH: ['hostname mismatch', 'badCertificate'],
  KEYUSAGE_NO_CERTSIGN: ['key usage does not include certificate signing', null],
  UNHANDLED_CRITICAL_EXTENSION: ['unhandled critical extension', null],
  KEYUSAGE_NO_CRL_SIGN: ['key usage does not include CRL signing', null],
  UNHANDLED_CRITICAL_CRL_EXTENSION: ['unhandled critical CRL extension', null],
  PROXY_CERTIFICATES_NOT_ALLOWED: ['proxy certificates not allowed, please set the appropriate flag', null],
  INVALID_EXTENSION: ['invalid or inconsistent certificate extension', null],
  INVALID_POLICY_EXTENSION: ['invalid or inconsistent certificate policy extension', null],
  NO_EXPLICIT_POLICY: ['no explicit policy', null],
  DIFFERENT_CRL_SCOPE: ['different CRL scope', null],
  PERMITTED_VIOLATION: ['permitted subtree violation', null],
  EXCLUDED_VIOLATION: ['excluded subtree violation', null],
  SUBTREE_MINMAX: ['name constraints minimum and maximum not supported', null],
  UNSUPPORTED_CONSTRAINT_TYPE: ['unsupported name constraint type', null],
  UNSUPPORTED_CONSTRAINT_SYNTAX: ['unsupported or invalid name constraint syntax', null],
  UNSUPPORTED_NAME_SYNTAX: ['unsupported or invalid name syntax', null],
  EE_KEY_TOO_SMALL: ['EE certificate key too weak', 'badCertificate'],
  CA_KEY_TOO_SMALL: ['CA certificate key too weak', 'badCertificate'],
  CA_MD_TOO_WEAK: ['CA signature digest algorithm too weak', 'badCertificate'],
  EC_KEY_EXPLICIT_PARAMS: ['Certificate public key has explicit ECC parameters', 'badCertificate'],
  PATHLEN_INVALID_FOR_NON_CA: ['Path length invalid for non-CA cert', null],
  PATHLEN_WITHOUT_KU_KEY_CERT_SIGN: ['Path length given without key usage keyCertSign', null],
  KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA: ['Key usage keyCertSign invalid for non-CA cert', null],
  ISSUER_NAME_EMPTY: ['Issuer name empty', null],
  SUBJECT_NAME_EMPTY: ['Subject name empty', null],
  MISSING_AUTHORITY_KEY_IDENTIFIER: ['Missing Authority Key Identifier', null],
  MISSING_SUBJECT_KEY_IDENTIFIER: ['Missing Subject Key Identifier', null],
  EMPTY_SUBJECT_ALT_NAME: ['Empty Subject Alternative Name extension', null],
  EMPTY_SUBJECT_SAN_NOT_CRITICAL: ['Subject empty and Subject Alt Name extension not critical', null],
  CA_BCONS_NOT_CRITICAL: ['Basic Constraints of CA cert not marked critical', null],
  AUTHORITY_KEY_IDENTIFIER_CRITICAL: ['Authority Key Identifier marked critical', null],
  SUBJECT_KEY_IDENTIFIER_CRITICAL: ['Subject Key Identifier marked critical', null],
  CA_CERT_MISSING_KEY_USAGE: ['CA cert does not include key usage extension', null],
  EXTENSIONS_REQUIRE_VERSION_3: ['Using cert extension requires at least X509v3', null],
} as const;

/** The name of a fault. */
export type VerificationError = keyof typeof errors;

/** The errors that Node has names for; it calls every other one `UNSPECIFIED`. */
const namedByNode: ReadonlySet<VerificationError> = new Set<VerificationError>([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CERT_SIGNATURE_FAILURE',
  'CRL_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
]);

/** The code that Node's `authorizationError` has for an error. */
export const nodeCodeOf = (error: VerificationError): string => (namedByNode.has(error) ? error : 'UNSPECIFIED');

/** OpenSSL's words for an error, which are the message of Node's `authorizationError`. */
export const messageOf = (error: VerificationError): string => errors[error][0];

/** The alert that tells the peer of an error. */
export const alertOf = (error: VerificationError): AlertName => errors[error][1] ?? 'certificateUnknown';
