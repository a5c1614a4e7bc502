import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import type { CryptoProvider, EphemeralKey, KeyType } from '../../crypto/provider.ts';
import type { ClientHello } from '../../messages/client-hello.ts';
import { writeDhParameters, writeEcdhParameters } from '../../messages/server-key-exchange.ts';
import { fail } from '../../wire/alert.ts';
import { NamedGroup, ProtocolVersion } from '../../wire/code-points.ts';
import type { ServerConfig } from '../config.ts';
import type { Negotiation } from '../handshake.ts';
import { commonSuites, type Identity, noIdentity, usableIdentities } from '../selection.ts';

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 section 3.3). */
const renegotiationScsv = 0x00ff;

/** Whether the client knows secure renegotiation; throws for an indication that cannot be (RFC 5746 section 3.6). */
export function offersSecureRenegotiation(hello: ClientHello): boolean {
  const { renegotiationInfo } = hello.offers;
  if (renegotiationInfo !== undefined && renegotiationInfo.length > 0) {
    fail('handshakeFailure', 'renegotiation_info is not empty in a first handshake', 'RENEGOTIATION_MISMATCH');
  }
  return renegotiationInfo !== undefined || hello.cipherSuites.includes(renegotiationScsv);
}

/** Throws `TlsAlert` for a list of point formats without the uncompressed one (RFC 8422 section 5.1.2). */
export function checkPointFormats({ offers: { ecPointFormats } }: ClientHello): void {
  if (ecPointFormats === undefined || ecPointFormats.includes(0)) return;
  fail('illegalParameter', 'ec_point_formats lacks the uncompressed format', 'UNSUPPORTED_POINT_FORMAT');
}

/** What a key exchange is done with. */
export interface Exchange12 {
  /** The NamedGroup, where it has one. */
  readonly group: number | undefined;
  readonly generate: () => EphemeralKey;
  /** ServerECDHParams or ServerDHParams, with our share. */
  readonly writeParameters: (share: Uint8Array) => Uint8Array;
}

export interface Choice12 {
  readonly suite: CipherSuite;
  /** Absent where a PSK says who the server is. */
  readonly identity: Identity | undefined;
  /** Absent where a PSK is all there is. */
  readonly exchange: Exchange12 | undefined;
}

/** Suite, credential and group together: each of them limits the others (RFC 8422 section 5.1, RFC 5246 section 7.4.2). */
export function negotiate12({ hello, config, provider, policy }: Negotiation): Choice12 {
  const takesPsk = policy.externalPsk !== undefined;
  const suites = commonSuites(hello, config, ProtocolVersion.tls12).filter(
    ({ authentication, keyExchange }) =>
      (takesPsk || authentication !== 'psk') && (config.finiteFields !== undefined || keyExchange !== 'dhe'),
  );
  if (suites.length === 0) fail('handshakeFailure', 'no common cipher suite for TLS 1.2', 'NO_SHARED_CIPHER');
  const exchanges: Partial<Record<CipherSuite['keyExchange'], Exchange12 | undefined>> = {
    ecdhe: selectCurve(hello, config, provider),
    dhe: selectFiniteField(hello, config, provider),
  };
  const feasible = suites.filter(({ keyExchange }) => keyExchange === 'none' || exchanges[keyExchange] !== undefined);
  if (feasible.length === 0) noExchange(suites);
  const identities = usableIdentities(hello, config, ProtocolVersion.tls12).filter(({ credential }) =>
    knowsCurve(hello, credential.signer.keyType),
  );
  for (const suite of feasible) {
    const identity = identities.find(({ credential }) => authenticates(suite, credential.signer.keyType));
    if (identity === undefined && suite.authentication !== 'psk') continue;
    return { suite, identity, exchange: exchanges[suite.keyExchange] };
  }
  if (identities.length === 0) noIdentity(hello, config, ProtocolVersion.tls12);
  return fail('handshakeFailure', 'no certificate fits a common cipher suite', 'NO_SHARED_CIPHER');
}

/** Ends a negotiation whose suites want a group that client and server do not share. */
function noExchange(suites: readonly CipherSuite[]): never {
  // RFC 7919 section 4 has an alert of its own for clients that name fields.
  if (suites.some(({ keyExchange }) => keyExchange === 'dhe')) {
    fail('insufficientSecurity', 'no common finite field', 'NO_SHARED_GROUP');
  }
  fail('handshakeFailure', 'no common elliptic curve', 'NO_SHARED_GROUP');
}

/** Ed25519 and Ed448 certificates go with the ECDSA suites (RFC 8422 section 5.1.1). */
const authenticates = ({ authentication }: CipherSuite, key: KeyType): boolean =>
  authentication === (key.startsWith('rsa') ? 'rsa' : 'ecdsa');

const groupOfKey: ReadonlyMap<KeyType, number> = new Map<KeyType, number>([
  ['ec:P-256', NamedGroup.secp256r1],
  ['ec:P-384', NamedGroup.secp384r1],
  ['ec:P-521', NamedGroup.secp521r1],
]);

/** Whether the client takes an ECDSA certificate's curve: its supported_groups says so (RFC 8422 section 5.1.1). */
function knowsCurve(hello: ClientHello, key: KeyType): boolean {
  const group = groupOfKey.get(key);
  const { supportedGroups } = hello.offers;
  return group === undefined || supportedGroups === undefined || supportedGroups.includes(group);
}

/** The curve of the key exchange. A client that names none takes any (RFC 8422 section 4). */
function selectCurve(hello: ClientHello, config: ServerConfig, provider: CryptoProvider): Exchange12 | undefined {
  const offered = hello.offers.supportedGroups ?? [NamedGroup.secp256r1, NamedGroup.secp384r1, NamedGroup.secp521r1];
  for (const group of config.groups) {
    const generate = offered.includes(group) ? provider.keyAgreement(group)?.generate : undefined;
    if (generate !== undefined) {
      return { group, generate, writeParameters: (share) => writeEcdhParameters(group, share) };
    }
  }
  return undefined;
}

/** The field of the key exchange. A client that names fields gets no other, nor one without a name (RFC 7919 section 4). */
function selectFiniteField(hello: ClientHello, config: ServerConfig, provider: CryptoProvider): Exchange12 | undefined {
  const offered = hello.offers.supportedGroups?.filter((group) => group >> 8 === 1) ?? [];
  const field = config.finiteFields?.find(
    ({ group }) => offered.length === 0 || (group !== undefined && offered.includes(group)),
  );
  if (field === undefined) return undefined;
  return {
    group: field.group,
    generate: () => provider.finiteFieldKey(field),
    writeParameters: (share) => writeDhParameters(field.prime, field.generator, share),
  };
}
