import {
  type AccessDescription,
  type AuthorityKeyIdentifier,
  type BasicConstraints,
  type CertificateExtension,
  type GeneralName,
  type KeyUsage,
  type NetscapeCertType,
  readAuthorityInfoAccess,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtKeyUsage,
  readGeneralNames,
  readKeyUsage,
  readNetscapeCertType,
  readSubjectKeyId,
  readTimestampList,
  readTlsFeature,
} from './certificate-extensions.ts';
import { DerError } from './der.ts';
import { type DistributionPoint, readDistributionPoints } from './distribution-points.ts';
import { type NameConstraints, readNameConstraints } from './name-constraints.ts';
import { AccessMethodOid, ExtensionOid } from './oids.ts';
import {
  type PolicyConstraints,
  type PolicyMapping,
  readCertificatePolicies,
  readInhibitAnyPolicy,
  readPolicyConstraints,
  readPolicyMappings,
} from './policy-extensions.ts';

/** Extensions without which a certificate cannot be judged: malformed, they spoil it. */
const essential = {
  basicConstraints: readBasicConstraints,
  keyUsage: readKeyUsage,
  extKeyUsage: readExtKeyUsage,
  netscapeCertType: readNetscapeCertType,
  subjectKeyIdentifier: readSubjectKeyId,
  authorityKeyIdentifier: readAuthorityKeyIdentifier,
  subjectAltName: readGeneralNames,
  nameConstraints: readNameConstraints,
  crlDistributionPoints: readDistributionPoints,
} as const;

/** Extensions that only the processing of policies looks at. */
const aboutPolicies = {
  certificatePolicies: readCertificatePolicies,
  policyMappings: readPolicyMappings,
  policyConstraints: readPolicyConstraints,
  inhibitAnyPolicy: readInhibitAnyPolicy,
} as const;

/** Extensions that tell something and decide nothing. */
const informative = {
  issuerAltName: readGeneralNames,
  authorityInfoAccess: readAuthorityInfoAccess,
  tlsFeature: readTlsFeature,
  signedCertificateTimestamps: readTimestampList,
} as const;

const readers = { ...essential, ...aboutPolicies, ...informative };
type Readers = typeof readers;
type KnownExtension = keyof Readers;

/**
 * The extensions of a certificate that we know, each decoded when first asked for. One that is malformed reads as
 * if it were not there; a verifier asks for `malformed` first.
 */
export class KnownExtensions {
  /** All extensions in order, as they stand in the certificate. */
  readonly extensions: readonly CertificateExtension[];
  readonly #decoded = new Map<KnownExtension, unknown>();

  constructor(extensions: readonly CertificateExtension[]) {
    this.extensions = extensions;
  }

  /** Empty where there is no such extension. */
  get subjectAltName(): readonly GeneralName[] {
    return this.#decode('subjectAltName') ?? [];
  }
  /** Empty where there is no such extension. */
  get issuerAltName(): readonly GeneralName[] {
    return this.#decode('issuerAltName') ?? [];
  }
  get basicConstraints(): BasicConstraints | undefined {
    return this.#decode('basicConstraints');
  }
  get keyUsage(): readonly KeyUsage[] | undefined {
    return this.#decode('keyUsage');
  }
  /** The OIDs of the purposes. */
  get extKeyUsage(): readonly string[] | undefined {
    return this.#decode('extKeyUsage');
  }
  get netscapeCertType(): NetscapeCertType | undefined {
    return this.#decode('netscapeCertType');
  }
  get subjectKeyId(): Uint8Array | undefined {
    return this.#decode('subjectKeyIdentifier');
  }
  get authorityKeyIdentifier(): AuthorityKeyIdentifier | undefined {
    return this.#decode('authorityKeyIdentifier');
  }
  /** The key identifier within `authorityKeyIdentifier`. */
  get authorityKeyId(): Uint8Array | undefined {
    return this.authorityKeyIdentifier?.keyId;
  }
  get nameConstraints(): NameConstraints | undefined {
    return this.#decode('nameConstraints');
  }
  get crlDistributionPoints(): readonly DistributionPoint[] | undefined {
    return this.#decode('crlDistributionPoints');
  }
  get certificatePolicies(): ReadonlySet<string> | undefined {
    return this.#decode('certificatePolicies');
  }
  get policyMappings(): readonly PolicyMapping[] | undefined {
    return this.#decode('policyMappings');
  }
  get policyConstraints(): PolicyConstraints | undefined {
    return this.#decode('policyConstraints');
  }
  get inhibitAnyPolicy(): number | undefined {
    return this.#decode('inhibitAnyPolicy');
  }
  /** Where the issuer's OCSP responder and certificate are; empty where that is not told. */
  get authorityInfoAccess(): readonly AccessDescription[] {
    return this.#decode('authorityInfoAccess') ?? [];
  }
  /** The URIs of the issuer's OCSP responders. */
  get ocspResponders(): readonly string[] {
    return this.#urisOf(AccessMethodOid.ocsp);
  }
  /** The URIs at which certificates of the issuer are. */
  get issuerLocations(): readonly string[] {
    return this.#urisOf(AccessMethodOid.caIssuers);
  }
  /** Extension types that the server must answer, status_request for must-staple (RFC 7633). */
  get tlsFeature(): readonly number[] | undefined {
    return this.#decode('tlsFeature');
  }
  /** The SignedCertificateTimestampList as it stands, which nobody here verifies. */
  get signedCertificateTimestamps(): Uint8Array | undefined {
    return this.#decode('signedCertificateTimestamps');
  }

  /** The first fault in an extension that a verifier needs, `undefined` where there is none. */
  get malformed(): DerError | undefined {
    return this.#faultAmong(essential);
  }
  /** The same for the extensions about policies. */
  get malformedPolicies(): DerError | undefined {
    return this.#faultAmong(aboutPolicies);
  }

  /** An extension as it stands in the certificate. */
  extension(name: keyof typeof ExtensionOid): CertificateExtension | undefined {
    return this.extensions.find(({ oid }) => oid === ExtensionOid[name]);
  }

  #urisOf(wanted: string): readonly string[] {
    const found = this.authorityInfoAccess.filter(
      ({ method, location }) => method === wanted && location.type === 'uri',
    );
    return found.map(({ location }) => location.value);
  }

  #faultAmong(group: Partial<Readers>): DerError | undefined {
    for (const name of Object.keys(group) as KnownExtension[]) {
      const decoded = this.#decodeOnce(name);
      if (decoded instanceof DerError) return decoded;
    }
    return undefined;
  }

  #decode<K extends KnownExtension>(name: K): ReturnType<Readers[K]> | undefined {
    const decoded = this.#decodeOnce(name);
    return decoded instanceof DerError ? undefined : (decoded as ReturnType<Readers[K]> | undefined);
  }

  #decodeOnce(name: KnownExtension): unknown {
    if (this.#decoded.has(name)) return this.#decoded.get(name);
    const extension = this.extension(name);
    const decoded = extension && attempt(() => readers[name](extension.value));
    this.#decoded.set(name, decoded);
    return decoded;
  }
}

function attempt<T>(read: () => T): T | DerError {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return error;
    throw error;
  }
}
