import type { CipherSuite } from '../crypto/cipher-suites.ts';
import { leastModulusLength, schemesOf12, schemesOf13 } from '../crypto/signature-schemes.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { maxPlaintextLength } from '../record/record-reader.ts';
import { fail } from '../wire/alert.ts';
import { ProtocolVersion, SignatureScheme, schemeName } from '../wire/code-points.ts';
import { printable } from '../wire/printable.ts';
import type { Credential } from '../x509/credential.ts';
import type { ServerConfig } from './config.ts';
import { answer, type Steps } from './steps.ts';

/** The suites that both sides have for a version, in the order of the side that decides. */
export function commonSuites(hello: ClientHello, config: ServerConfig, version: number): readonly CipherSuite[] {
  const ours = config.cipherSuites.filter((suite) => suite.version === version);
  if (config.honorCipherOrder) {
    const common = ours.filter((suite) => hello.cipherSuites.includes(suite.id));
    return config.prioritizeChaCha ? chaChaFirst(hello, common) : common;
  }
  return hello.cipherSuites.flatMap((id) => ours.find((suite) => suite.id === id) ?? []);
}

/** For clients without hardware for AES, which like ChaCha20-Poly1305 best: those suites before the others. */
function chaChaFirst(hello: ClientHello, common: readonly CipherSuite[]): readonly CipherSuite[] {
  const isChaCha = ({ aead }: CipherSuite): boolean => aead === 'AEAD_CHACHA20_POLY1305';
  const favourite = hello.cipherSuites.find((id) => common.some((suite) => suite.id === id));
  if (!common.some((suite) => suite.id === favourite && isChaCha(suite))) return common;
  return [...common.filter(isChaCha), ...common.filter((suite) => !isChaCha(suite))];
}

export interface Identity {
  readonly credential: Credential;
  readonly scheme: number;
}

/**
 * The scheme that a credential signs with for this client, or `undefined`. `version` fixes which schemes the key
 * can use; `ours` is in order of preference.
 */
export function selectScheme(
  credential: Credential,
  version: number,
  ours: readonly number[],
  theirs: readonly number[],
): number | undefined {
  const { keyType, modulusLength } = credential.signer;
  const possible = version === ProtocolVersion.tls13 ? schemesOf13(keyType) : schemesOf12(keyType);
  return ours.find(
    (scheme) =>
      possible.includes(scheme) &&
      theirs.includes(scheme) &&
      (modulusLength === undefined || modulusLength >= (leastModulusLength.get(scheme) ?? 0)),
  );
}

/**
 * The credentials that this client can verify, best first: those whose chain it can verify too
 * (signature_algorithms_cert) and whose issuer it names (certificate_authorities) come before the others, which
 * RFC 8446 section 4.4.2.2 lets us send all the same, but for a chain with SHA-1. Among equals the order of the
 * configuration holds.
 */
export function usableIdentities(hello: ClientHello, config: ServerConfig, version: number): readonly Identity[] {
  const { signatureAlgorithms = [], certificateAuthorities } = hello.offers;
  const inCertificates = schemesOfCertificates(hello);
  const rank = ({ credential }: Identity): number =>
    (credential.chainSchemes.every((scheme) => inCertificates.includes(scheme)) ? 0 : 2) +
    (certificateAuthorities === undefined || hasIssuer(credential, certificateAuthorities) ? 0 : 1);
  const identities: Identity[] = [];
  for (const credential of config.credentials) {
    if (hasUnwantedSha1(credential, inCertificates)) continue;
    const scheme = selectScheme(credential, version, config.signatureSchemes, signatureAlgorithms);
    if (scheme !== undefined) identities.push({ credential, scheme });
  }
  return identities.length > 1 ? identities.sort((a, b) => rank(a) - rank(b)) : identities;
}

/** The schemes that a client verifies certificates with (RFC 8446 section 4.2.3). */
const schemesOfCertificates = ({ offers }: ClientHello): readonly number[] =>
  offers.signatureAlgorithmsCert ?? offers.signatureAlgorithms ?? [];

const hasUnwantedSha1 = ({ chainSchemes }: Credential, wanted: readonly number[]): boolean =>
  chainSchemes.some(
    (scheme) =>
      (scheme === SignatureScheme.rsaPkcs1Sha1 || scheme === SignatureScheme.ecdsaSha1) && !wanted.includes(scheme),
  );

const hasIssuer = (credential: Credential, authorities: readonly Uint8Array[]): boolean =>
  credential.issuers.some((issuer) => authorities.some((authority) => Buffer.compare(issuer, authority) === 0));

/** Of what a client offers in vain, an error names so many at most: its list may have thousands. */
const mostNamed = 32;

/** Ends a negotiation in which no credential has a scheme that the client verifies. */
export function noIdentity(hello: ClientHello, config: ServerConfig, version: number): never {
  if (config.credentials.length === 0) {
    // OpenSSL's reasons, which say what comes of it.
    const reason = version === ProtocolVersion.tls13 ? 'NO_SUITABLE_SIGNATURE_ALGORITHM' : 'NO_SHARED_CIPHER';
    const words = reason.toLowerCase().replaceAll('_', ' ');
    fail('handshakeFailure', `${words}: the server has no certificate with a key`, reason);
  }
  const theirs = hello.offers.signatureAlgorithms ?? [];
  const inCertificates = schemesOfCertificates(hello);
  if (config.credentials.every((credential) => hasUnwantedSha1(credential, inCertificates))) {
    fail(
      'handshakeFailure',
      'the chain of certificates is signed with SHA-1, which the client does not name',
      'NO_SUITABLE_SIGNATURE_ALGORITHM',
    );
  }
  const offered = theirs.slice(0, mostNamed).map(schemeName).join(', ');
  fail(
    'handshakeFailure',
    `no certificate fits the client's ${offered || 'empty list'}`,
    theirs.some((scheme) => config.signatureSchemes.includes(scheme))
      ? 'NO_SUITABLE_SIGNATURE_ALGORITHM'
      : 'NO_SHARED_SIGNATURE_ALGORITHMS',
  );
}

/** Chooses the application protocol (RFC 7301 section 3.2), if the client asks for one and we have a say. */
export function* selectAlpn(hello: ClientHello, config: ServerConfig): Steps<string | undefined> {
  const offered = hello.offers.alpn;
  if (offered === undefined || config.alpn === undefined) return undefined;
  const selected =
    typeof config.alpn === 'function'
      ? yield* answer(config.alpn(offered, hello))
      : config.alpn.find((protocol) => offered.includes(protocol));
  if (selected === undefined) {
    fail(
      'noApplicationProtocol',
      `no common protocol: the client offers ${printable(offered.slice(0, mostNamed).join(', '))}`,
      'NO_APPLICATION_PROTOCOL',
    );
  }
  return selected;
}

export interface SizeLimits {
  /** Most bytes of content in a record that we send. */
  readonly sending: number;
  /** Most bytes of plaintext in a record that we take, as our Opener counts them. */
  readonly receiving: number;
  readonly replies: { readonly recordSizeLimit?: number; readonly maxFragmentLength?: number };
}

/** Bounds on record sizes: record_size_limit (RFC 8449 section 4), or else max_fragment_length (RFC 6066 section 4). */
export function selectSizeLimits(hello: ClientHello, config: ServerConfig, version: number): SizeLimits {
  // In TLS 1.3 the limits count the content type that is encrypted with the content.
  const type = version === ProtocolVersion.tls13 ? 1 : 0;
  const { recordSizeLimit, maxFragmentLength } = hello.offers;
  if (recordSizeLimit !== undefined) {
    const receiving = (config.recordSizeLimit ?? maxPlaintextLength) + type;
    const sending = Math.min(recordSizeLimit - type, maxPlaintextLength);
    return { sending, receiving, replies: { recordSizeLimit: receiving } };
  }
  if (maxFragmentLength !== undefined) {
    // RFC 6066 bounds the fragment; the type and padding of TLS 1.3 are not part of it. Its Opener counts both.
    const receiving = version === ProtocolVersion.tls13 ? maxPlaintextLength + 1 : maxFragmentLength;
    return { sending: maxFragmentLength, receiving, replies: { maxFragmentLength } };
  }
  return type === 1 ? unlimited13 : unlimited12;
}

const unlimited12: SizeLimits = { sending: maxPlaintextLength, receiving: maxPlaintextLength, replies: {} };
const unlimited13: SizeLimits = { ...unlimited12, receiving: maxPlaintextLength + 1 };
