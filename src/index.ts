/**
 * tsls: a TLS 1.3 and 1.2 server whose protocol is written in TypeScript, with the face of `node:tls`.
 */
import { cipherSuites } from './crypto/cipher-suites.ts';
import { convertALPNProtocols } from './node/alpn-protocols.ts';
import { getCertificateCompressionAlgorithms } from './node/certificate-compression.ts';
import { pinnedKeys, spiffeIds } from './node/client-pins.ts';
import { defaults } from './node/defaults.ts';
import { nodeError } from './node/errors.ts';
import { getCACertificates, rootCertificates, setDefaultCACertificates } from './node/node-authorities.ts';
import type { SecureVersion } from './node/protocol-versions.ts';
import { createSecureContext, SecureContext } from './node/secure-context.ts';
import { createServer, Server } from './node/server.ts';
import { checkServerIdentity } from './node/server-identity.ts';
import { TLSSocket } from './node/tls-socket.ts';
import { watchCredentials } from './node/watched-credentials.ts';
import { MemorySessionStore } from './session/memory-store.ts';

export type { HandshakeReport, PeerAddress, ReportedAlert, TimelineEntry } from './handshake/report.ts';
export type { ClientHello } from './messages/client-hello.ts';
export type { AlpnProtocols } from './node/alpn-protocols.ts';
export type { CertificateCompressionAlgorithm } from './node/certificate-compression.ts';
export type { ClientJudge, PinOptions } from './node/client-pins.ts';
export type { ClientCertificates, VerifyClient } from './node/client-verifier.ts';
export type { SecureContextOptions } from './node/context-options.ts';
export type { CertificateInput, KeyInput, LockedKey, OneOrMany, RemoteKey } from './node/credentials.ts';
export type { CryptoChoice } from './node/crypto-provider.ts';
export type { TlsClientError } from './node/errors.ts';
export type { HandshakeMessages } from './node/handshake-channels.ts';
export type {
  CertificateName,
  LegacyCertificate,
  LegacyCertificate as DetailedPeerCertificate,
  LegacyCertificate as PeerCertificate,
} from './node/legacy-certificate.ts';
export type { AuthorityKind } from './node/node-authorities.ts';
export type { HandshakeLimitOptions, Refusal } from './node/pending-handshakes.ts';
export type { PfxInput } from './node/pfx.ts';
export type {
  AlpnCallback,
  ConnectionChoice,
  HandOver,
  HelloAnswer,
  HelloRejection,
  OnClientHello,
  SniCallback,
} from './node/policy.ts';
export type { ImportedPskIdentity, PskAnswer, PskCallback } from './node/pre-shared-keys.ts';
export type { SecureVersion } from './node/protocol-versions.ts';
export type { Dropped, RefusalMessage } from './node/refusals.ts';
export type { ServerEvents } from './node/server.ts';
export type { IdentifiedCertificate, IdentityError } from './node/server-identity.ts';
export type { HostPolicy, TlsOptions } from './node/server-options.ts';
export type { ServerStatistics } from './node/server-statistics.ts';
export type { SessionErrorMessage, SessionOperation } from './node/session-errors.ts';
export type { SessionOptions } from './node/sessions.ts';
export type { OcspMessages, OcspStaplingOptions } from './node/staple-keeper.ts';
export type { CipherInfo, CipherInfo as CipherNameAndProtocol } from './node/tls-socket-facts.ts';
export type { TLSSocketOptions } from './node/tls-socket-options.ts';
export type { WatchedCredentials, WatchOptions } from './node/watched-credentials.ts';
export type { MemoryStoreOptions, SessionStore } from './session/memory-store.ts';
export type { ReplacedKey, TicketKeySet, TicketKeySource } from './session/ticket-key-source.ts';
export {
  checkServerIdentity,
  convertALPNProtocols,
  createSecureContext,
  createServer,
  getCACertificates,
  getCertificateCompressionAlgorithms,
  MemorySessionStore,
  pinnedKeys,
  rootCertificates,
  SecureContext,
  Server,
  setDefaultCACertificates,
  spiffeIds,
  TLSSocket,
  watchCredentials,
};

/** The names of all cipher suites that are implemented, as `ciphers` takes them, in lower case. */
export function getCiphers(): string[] {
  return cipherSuites.map(({ name }) => name.toLowerCase()).sort();
}

/** tsls has no client: throws `ERR_METHOD_NOT_IMPLEMENTED`, which tells more than a function that is missing. */
export function connect(..._: readonly unknown[]): never {
  throw nodeError('ERR_METHOD_NOT_IMPLEMENTED', "tsls makes servers only: use connect of 'node:tls'");
}

/** How often, and within how many seconds, Node lets a client renegotiate. No client may here: they change nothing. */
export const CLIENT_RENEG_LIMIT = 3;
export const CLIENT_RENEG_WINDOW = 600;

/** As they were when this was loaded. The face has them as they are, and lets them be set. */
export const DEFAULT_MIN_VERSION: SecureVersion = defaults.minVersion;
export const DEFAULT_MAX_VERSION: SecureVersion = defaults.maxVersion;
export const DEFAULT_CIPHERS: string = defaults.ciphers;
export const DEFAULT_ECDH_CURVE: string = defaults.ecdhCurve;

interface Face {
  /** Node's list of authorities, in PEM. */
  readonly rootCertificates: readonly string[];
  readonly getCACertificates: typeof getCACertificates;
  readonly setDefaultCACertificates: typeof setDefaultCACertificates;
  readonly checkServerIdentity: typeof checkServerIdentity;
  readonly convertALPNProtocols: typeof convertALPNProtocols;
  readonly connect: typeof connect;
  readonly createSecureContext: typeof createSecureContext;
  readonly createServer: typeof createServer;
  readonly MemorySessionStore: typeof MemorySessionStore;
  readonly SecureContext: typeof SecureContext;
  readonly Server: typeof Server;
  readonly TLSSocket: typeof TLSSocket;
  readonly getCiphers: typeof getCiphers;
  readonly getCertificateCompressionAlgorithms: typeof getCertificateCompressionAlgorithms;
  readonly watchCredentials: typeof watchCredentials;
  readonly pinnedKeys: typeof pinnedKeys;
  readonly spiffeIds: typeof spiffeIds;
  CLIENT_RENEG_LIMIT: number;
  CLIENT_RENEG_WINDOW: number;
  /** What options mean that are not given; set, they count for contexts made afterwards. */
  DEFAULT_MIN_VERSION: SecureVersion;
  DEFAULT_MAX_VERSION: SecureVersion;
  DEFAULT_CIPHERS: string;
  DEFAULT_ECDH_CURVE: string;
}

/** Types by the same name, for CommonJS, where TypeScript sees nothing of this module but the face. */
// biome-ignore lint/style/noNamespace: nothing else merges with a constant
declare namespace face {
  export type Server = import('./node/server.ts').Server;
  export type TLSSocket = import('./node/tls-socket.ts').TLSSocket;
  export type SecureContext = import('./node/secure-context.ts').SecureContext;
  export type TlsOptions = import('./node/server-options.ts').TlsOptions;
  export type SecureContextOptions = import('./node/context-options.ts').SecureContextOptions;
  export type TLSSocketOptions = import('./node/tls-socket-options.ts').TLSSocketOptions;
  export type PeerCertificate = import('./node/legacy-certificate.ts').LegacyCertificate;
  export type DetailedPeerCertificate = import('./node/legacy-certificate.ts').LegacyCertificate;
  export type CipherNameAndProtocol = import('./node/tls-socket-facts.ts').CipherInfo;
  export type SecureVersion = import('./node/protocol-versions.ts').SecureVersion;
  export type TlsClientError = import('./node/errors.ts').TlsClientError;
  export type HandshakeReport = import('./handshake/report.ts').HandshakeReport;
  export type ClientHello = import('./messages/client-hello.ts').ClientHello;
  export type SessionStore = import('./session/memory-store.ts').SessionStore;
}
const face: Face = {
  rootCertificates,
  getCACertificates,
  setDefaultCACertificates,
  checkServerIdentity,
  convertALPNProtocols,
  connect,
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  createSecureContext,
  createServer,
  MemorySessionStore,
  SecureContext,
  Server,
  TLSSocket,
  getCiphers,
  getCertificateCompressionAlgorithms,
  watchCredentials,
  pinnedKeys,
  spiffeIds,
  get DEFAULT_MIN_VERSION() {
    return defaults.minVersion;
  },
  set DEFAULT_MIN_VERSION(version) {
    defaults.minVersion = version;
  },
  get DEFAULT_MAX_VERSION() {
    return defaults.maxVersion;
  },
  set DEFAULT_MAX_VERSION(version) {
    defaults.maxVersion = version;
  },
  get DEFAULT_CIPHERS() {
    return defaults.ciphers;
  },
  set DEFAULT_CIPHERS(list) {
    defaults.ciphers = list;
  },
  get DEFAULT_ECDH_CURVE() {
    return defaults.ecdhCurve;
  },
  set DEFAULT_ECDH_CURVE(list) {
    defaults.ecdhCurve = list;
  },
};
export default face;
/** What `require('tsls')` gives: the same object. */
export { face as 'module.exports' };
