/** Public-key algorithms by name (RFC 3279, 4055, 5480, 8410, 9881). */
export const PublicKeyOid = {
  rsa: '1.2.840.113549.1.1.1',
  rsaPss: '1.2.840.113549.1.1.10',
  ec: '1.2.840.10045.2.1',
  x25519: '1.3.101.110',
  x448: '1.3.101.111',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  dsa: '1.2.840.10040.4.1',
  dh: '1.2.840.113549.1.3.1',
  mldsa44: '2.16.840.1.101.3.4.3.17',
  mldsa65: '2.16.840.1.101.3.4.3.18',
  mldsa87: '2.16.840.1.101.3.4.3.19',
} as const;

/** Signature algorithms by name (RFC 3279, 4055, 5758, 8410, 9881). */
export const SignatureOid = {
  rsaMd5: '1.2.840.113549.1.1.4',
  rsaSha1: '1.2.840.113549.1.1.5',
  rsaSha224: '1.2.840.113549.1.1.14',
  rsaSha256: '1.2.840.113549.1.1.11',
  rsaSha384: '1.2.840.113549.1.1.12',
  rsaSha512: '1.2.840.113549.1.1.13',
  rsaPss: '1.2.840.113549.1.1.10',
  ecdsaSha1: '1.2.840.10045.4.1',
  ecdsaSha224: '1.2.840.10045.4.3.1',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ecdsaSha384: '1.2.840.10045.4.3.3',
  ecdsaSha512: '1.2.840.10045.4.3.4',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  dsaSha1: '1.2.840.10040.4.3',
  dsaSha256: '2.16.840.1.101.3.4.3.2',
  mldsa44: '2.16.840.1.101.3.4.3.17',
  mldsa65: '2.16.840.1.101.3.4.3.18',
  mldsa87: '2.16.840.1.101.3.4.3.19',
} as const;

/** Hash functions by name, and the mask generation function of RSA-PSS (RFC 4055 sections 2.1 and 2.2). */
export const HashOid = {
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  mgf1: '1.2.840.113549.1.1.8',
} as const;

/** Elliptic curves by the names that TLS gives its groups (RFC 5480 section 2.1.1.1, RFC 5639, SEC 2). */
export const CurveOid = {
  secp256r1: '1.2.840.10045.3.1.7',
  secp384r1: '1.3.132.0.34',
  secp521r1: '1.3.132.0.35',
  secp192r1: '1.2.840.10045.3.1.1',
  secp224r1: '1.3.132.0.33',
  secp256k1: '1.3.132.0.10',
  brainpoolP256r1: '1.3.36.3.3.2.8.1.1.7',
  brainpoolP384r1: '1.3.36.3.3.2.8.1.1.11',
  brainpoolP512r1: '1.3.36.3.3.2.8.1.1.13',
} as const;

/** Extensions of certificates and CRLs by name (RFC 5280 sections 4.2 and 5.2, RFC 3820, 6960, 6962, 7633). */
export const ExtensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  cRLNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  deltaCRLIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  signedCertificateTimestamps: '1.3.6.1.4.1.11129.2.4.2',
  proxyCertInfo: '1.3.6.1.5.5.7.1.14',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  netscapeCertType: '2.16.840.1.113730.1.1',
} as const;

/** Purposes of an extended key usage (RFC 5280 section 4.2.1.12). */
export const PurposeOid = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const;

/** Methods of authorityInfoAccess (RFC 5280 section 4.2.2.1). */
export const AccessMethodOid = {
  ocsp: '1.3.6.1.5.5.7.48.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
} as const;

/** The type of response and the extension that OCSP has (RFC 6960 sections 4.2.1 and 4.4.1). */
export const OcspOid = {
  basic: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
} as const;

/** Any certificate policy (RFC 5280 section 4.2.1.4). */
export const anyPolicy = '2.5.29.32.0';

/** The otherName of an internationalized mail address (RFC 9598). */
export const smtpUtf8MailboxOid = '1.3.6.1.5.5.7.8.9';

/** Name attributes by the short names that OpenSSL prints (RFC 4519, RFC 4524, RFC 5280 appendix A.1, RFC 3739, RFC 2985). */
export const AttributeOid = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  street: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  description: '2.5.4.13',
  businessCategory: '2.5.4.15',
  postalAddress: '2.5.4.16',
  postalCode: '2.5.4.17',
  postOfficeBox: '2.5.4.18',
  physicalDeliveryOfficeName: '2.5.4.19',
  telephoneNumber: '2.5.4.20',
  facsimileTelephoneNumber: '2.5.4.23',
  member: '2.5.4.31',
  owner: '2.5.4.32',
  roleOccupant: '2.5.4.33',
  seeAlso: '2.5.4.34',
  name: '2.5.4.41',
  GN: '2.5.4.42',
  initials: '2.5.4.43',
  generationQualifier: '2.5.4.44',
  x500UniqueIdentifier: '2.5.4.45',
  dnQualifier: '2.5.4.46',
  distinguishedName: '2.5.4.49',
  uniqueMember: '2.5.4.50',
  houseIdentifier: '2.5.4.51',
  dmdName: '2.5.4.54',
  pseudonym: '2.5.4.65',
  role: '2.5.4.72',
  organizationIdentifier: '2.5.4.97',
  UID: '0.9.2342.19200300.100.1.1',
  mail: '0.9.2342.19200300.100.1.3',
  info: '0.9.2342.19200300.100.1.4',
  roomNumber: '0.9.2342.19200300.100.1.6',
  userClass: '0.9.2342.19200300.100.1.8',
  host: '0.9.2342.19200300.100.1.9',
  manager: '0.9.2342.19200300.100.1.10',
  DC: '0.9.2342.19200300.100.1.25',
  associatedDomain: '0.9.2342.19200300.100.1.37',
  associatedName: '0.9.2342.19200300.100.1.38',
  personalTitle: '0.9.2342.19200300.100.1.40',
  mobileTelephoneNumber: '0.9.2342.19200300.100.1.41',
  uid: '0.9.2342.19200300.100.1.44',
  buildingName: '0.9.2342.19200300.100.1.48',
  emailAddress: '1.2.840.113549.1.9.1',
  unstructuredName: '1.2.840.113549.1.9.2',
  challengePassword: '1.2.840.113549.1.9.7',
  unstructuredAddress: '1.2.840.113549.1.9.8',
  'id-pda-dateOfBirth': '1.3.6.1.5.5.7.9.1',
  'id-pda-placeOfBirth': '1.3.6.1.5.5.7.9.2',
  'id-pda-gender': '1.3.6.1.5.5.7.9.3',
  'id-pda-countryOfCitizenship': '1.3.6.1.5.5.7.9.4',
  'id-pda-countryOfResidence': '1.3.6.1.5.5.7.9.5',
  INN: '1.2.643.3.131.1.1',
  OGRN: '1.2.643.100.1',
  SNILS: '1.2.643.100.3',
  OGRNIP: '1.2.643.100.5',
  jurisdictionL: '1.3.6.1.4.1.311.60.2.1.1',
  jurisdictionST: '1.3.6.1.4.1.311.60.2.1.2',
  jurisdictionC: '1.3.6.1.4.1.311.60.2.1.3',
} as const;

/** Name of a public-key algorithm that we know. */
export type PublicKeyName = keyof typeof PublicKeyOid;
/** Name of a signature algorithm that we know. */
export type SignatureName = keyof typeof SignatureOid;
/** Name of a hash function of RSA-PSS. */
export type HashName = Exclude<keyof typeof HashOid, 'mgf1'>;
/** Name of an elliptic curve that we know. */
export type CurveName = keyof typeof CurveOid;
/** Name of a certificate extension that we know. */

/** A look-up of names by dotted decimals, in a table of this file. */
function namesOf<K extends string>(table: Readonly<Record<K, string>>): ReadonlyMap<string, K> {
  return new Map((Object.keys(table) as K[]).map((name) => [table[name], name]));
}

const publicKeyNames = namesOf(PublicKeyOid);
const signatureNames = namesOf(SignatureOid);
const hashNames = namesOf(HashOid);
const curveNames = namesOf(CurveOid);
const attributeNames = namesOf(AttributeOid);

/** The name of a public-key algorithm, or `undefined` for one that we do not know. */
export const publicKeyNameOf = (oid: string): PublicKeyName | undefined => publicKeyNames.get(oid);

/** The name of a signature algorithm, or `undefined` for one that we do not know. */
export const signatureNameOf = (oid: string): SignatureName | undefined => signatureNames.get(oid);

/** The name of a hash function, or `undefined` for one that we do not know. */
export function hashNameOf(oid: string): HashName | undefined {
  const name = hashNames.get(oid);
  return name === 'mgf1' ? undefined : name;
}

/** The name of an elliptic curve, or `undefined` for one that we do not know. */
export const curveNameOf = (oid: string): CurveName | undefined => curveNames.get(oid);

/** The short name of a name attribute (`CN`), or its dotted decimals. */
export const attributeNameOf = (oid: string): string => attributeNames.get(oid) ?? oid;
