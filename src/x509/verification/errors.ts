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
  CERT_NOT_YET_VALID: ['certificate is not yet valid', 'badCertificate'],
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
  KEYUSAGE_NO_CERTSIGN: ['key usage does not include certificate signing', undefined],
  UNHANDLED_CRITICAL_EXTENSION: ['unhandled critical extension', undefined],
  KEYUSAGE_NO_CRL_SIGN: ['key usage does not include CRL signing', undefined],
  UNHANDLED_CRITICAL_CRL_EXTENSION: ['unhandled critical CRL extension', undefined],
  PROXY_CERTIFICATES_NOT_ALLOWED: ['proxy certificates not allowed, please set the appropriate flag', undefined],
  INVALID_EXTENSION: ['invalid or inconsistent certificate extension', undefined],
  INVALID_POLICY_EXTENSION: ['invalid or inconsistent certificate policy extension', undefined],
  NO_EXPLICIT_POLICY: ['no explicit policy', undefined],
  DIFFERENT_CRL_SCOPE: ['different CRL scope', undefined],
  PERMITTED_VIOLATION: ['permitted subtree violation', undefined],
  EXCLUDED_VIOLATION: ['excluded subtree violation', undefined],
  SUBTREE_MINMAX: ['name constraints minimum and maximum not supported', undefined],
  UNSUPPORTED_CONSTRAINT_TYPE: ['unsupported name constraint type', undefined],
  UNSUPPORTED_CONSTRAINT_SYNTAX: ['unsupported or invalid name constraint syntax', undefined],
  UNSUPPORTED_NAME_SYNTAX: ['unsupported or invalid name syntax', undefined],
  EE_KEY_TOO_SMALL: ['EE certificate key too weak', 'badCertificate'],
  CA_KEY_TOO_SMALL: ['CA certificate key too weak', 'badCertificate'],
  CA_MD_TOO_WEAK: ['CA signature digest algorithm too weak', 'badCertificate'],
  EC_KEY_EXPLICIT_PARAMS: ['Certificate public key has explicit ECC parameters', 'badCertificate'],
  PATHLEN_INVALID_FOR_NON_CA: ['Path length invalid for non-CA cert', undefined],
  PATHLEN_WITHOUT_KU_KEY_CERT_SIGN: ['Path length given without key usage keyCertSign', undefined],
  KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA: ['Key usage keyCertSign invalid for non-CA cert', undefined],
  ISSUER_NAME_EMPTY: ['Issuer name empty', undefined],
  SUBJECT_NAME_EMPTY: ['Subject name empty', undefined],
  MISSING_AUTHORITY_KEY_IDENTIFIER: ['Missing Authority Key Identifier', undefined],
  MISSING_SUBJECT_KEY_IDENTIFIER: ['Missing Subject Key Identifier', undefined],
  EMPTY_SUBJECT_ALT_NAME: ['Empty Subject Alternative Name extension', undefined],
  EMPTY_SUBJECT_SAN_NOT_CRITICAL: ['Subject empty and Subject Alt Name extension not critical', undefined],
  CA_BCONS_NOT_CRITICAL: ['Basic Constraints of CA cert not marked critical', undefined],
  AUTHORITY_KEY_IDENTIFIER_CRITICAL: ['Authority Key Identifier marked critical', undefined],
  SUBJECT_KEY_IDENTIFIER_CRITICAL: ['Subject Key Identifier marked critical', undefined],
  CA_CERT_MISSING_KEY_USAGE: ['CA cert does not include key usage extension', undefined],
  EXTENSIONS_REQUIRE_VERSION_3: ['Using cert extension requires at least X509v3', undefined],
} as const satisfies Readonly<Record<string, readonly [string, AlertName | undefined]>>;

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
