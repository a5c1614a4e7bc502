import type { CipherSuite } from '../crypto/cipher-suites.ts';
import type { MaybePromise } from '../crypto/maybe-promise.ts';
import type { FiniteField } from '../crypto/provider.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import type { Sessions } from '../session/sessions.ts';
import type { AlertName } from '../wire/alert.ts';
import type { Credential } from '../x509/credential.ts';
import type { ImportedIdentity } from './tls13/imported-psk.ts';

/** Chooses the application protocol; `undefined` refuses the client with no_application_protocol. */
export type AlpnSelector = (protocols: readonly string[], hello: ClientHello) => MaybePromise<string | undefined>;

/** Makes and checks the cookie of a HelloRetryRequest (RFC 8446 section 4.2.2). */
export interface RetryCookies {
  /** Seals the hash of the first ClientHello into a cookie. */
  seal(firstHelloHash: Uint8Array): Uint8Array;
  /** The hash that a cookie of ours holds, or `undefined` for one that is not ours. */
  open(cookie: Uint8Array): Uint8Array | undefined;
}

/** What was found of a client's certificates. */
export interface ClientVerdict {
  /** Whether the chain leads to an authority that the server trusts for clients. */
  readonly authorized: boolean;
  /** Why not: OpenSSL's name (`CERT_HAS_EXPIRED`), the fact in words, and the alert for a client that is refused. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly alert?: AlertName | undefined;
  /** The error of the application's own verifier. */
  readonly cause?: unknown;
  /** The path from the client's certificate to the trust anchor, in DER, where there is one. */
  readonly path?: readonly Uint8Array[] | undefined;
}

/** How client certificates are asked for and judged. */
export interface ClientAuthentication {
  /** Whether a client without a certificate that is authorized is refused. */
  readonly isRequired: boolean;
  /** DER names of the authorities that the client is told of. */
  readonly authorities: readonly Uint8Array[];
  /** Judges the certificates of a client, DER, its own first; asked again when a session is resumed. */
  verify(chain: readonly Uint8Array[], hello: ClientHello): MaybePromise<ClientVerdict>;
}

/** One algorithm by which certificates are compressed (RFC 8879). */
export interface CertificateCompressor {
  /** CertificateCompressionAlgorithm (RFC 8879 section 7.3). */
  readonly algorithm: number;
  compress(bytes: Uint8Array): Uint8Array;
  /** What was compressed, if it is no more than `length` bytes; else, and for malformed input, `undefined`. */
  decompress(bytes: Uint8Array, length: number): Uint8Array | undefined;
}

/** A key that both sides have beforehand (RFC 8446 section 2.2, RFC 9257). */
export interface ExternalPsk {
  /** A copy, which is wiped once it was used. */
  readonly key: Uint8Array;
  /** The hash that the key is for; SHA-256 where nothing else was agreed upon. */
  readonly hash?: 'sha256' | 'sha384' | undefined;
  /** Whether it is only to be used imported, for an identity that says so (RFC 9258). */
  readonly isImported?: boolean | undefined;
}

/** Everything that a server brings to one negotiation. Lists are in order of preference. */
export interface ServerConfig {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly cipherSuites: readonly CipherSuite[];
  /** Whether our order of suites beats the client's. */
  readonly honorCipherOrder: boolean;
  /** Whether a client that lists a ChaCha20-Poly1305 suite first gets one, whatever our order is. */
  readonly prioritizeChaCha?: boolean;
  readonly groups: readonly number[];
  /** Finite fields for TLS 1.2; without any, no suite with DHE is chosen. */
  readonly finiteFields?: readonly FiniteField[] | undefined;
  readonly signatureSchemes: readonly number[];
  readonly credentials: readonly Credential[];
  readonly alpn?: readonly string[] | AlpnSelector | undefined;
  /** Protocols for clients of TLS 1.2 that know NPN and not ALPN (draft-agl-tls-nextprotoneg-04). */
  readonly npn?: readonly string[] | undefined;
  /** Set to ask clients for certificates. */
  readonly clientAuth?: ClientAuthentication | undefined;
  /** Whether a PSK may do without a key exchange, and so without forward secrecy (psk_ke). */
  readonly allowsPskOnly?: boolean | undefined;
  /** What tells clients which PSK to use in TLS 1.2 (RFC 4279 section 5.2). */
  readonly pskIdentityHint?: Uint8Array | undefined;
  /** How certificates may be compressed, ours and the client's, in our order (RFC 8879). */
  readonly certificateCompression?: readonly CertificateCompressor[] | undefined;
  /** Set to ask for a cookie with every HelloRetryRequest. */
  readonly retryCookies?: RetryCookies;
  /** Most bytes of plaintext that we take in a record (RFC 8449): 64 to 16,384, the default. */
  readonly recordSizeLimit?: number;
  /** Zero bytes to add to a record of TLS 1.3 that holds `length` bytes (RFC 8446 section 5.4). */
  readonly padding?: (length: number) => number;
  /** Whether records of application data are all as long as may be, instead of beginning short. */
  readonly hasFixedRecords?: boolean;
  /** Whether EncryptedExtensions tells our groups (RFC 8446 section 4.2.7). */
  readonly announceGroups?: boolean;
}

/** Everything that the application decides during a handshake. Answers may be promises. */
export interface Policy {
  /** Whether a ClientHello's turn has come: a promise makes it wait. It has where nobody asks. */
  readonly admit?: (() => MaybePromise<void>) | undefined;
  /** The ClientHello has been read and nothing is chosen yet. */
  configure(hello: ClientHello): MaybePromise<ServerConfig>;
  /** How sessions are resumed; absent where none are. */
  readonly sessions?: Sessions | undefined;
  /** Whether the early data of this client is welcome, where it could be taken; it is where nobody asks. */
  readonly acceptEarlyData?: ((hello: ClientHello) => MaybePromise<boolean>) | undefined;
  /** An OCSP response for a credential, for a client that asks for one. */
  readonly staple?: ((credential: Credential, hello: ClientHello) => MaybePromise<Uint8Array | undefined>) | undefined;
  /**
   * The key of an identity that is no session of ours, or `undefined` for one that is not known. `imported`: what the
   * identity says if it may be that of an imported key, in TLS 1.3.
   */
  readonly externalPsk?:
    | ((
        identity: Uint8Array,
        hello: ClientHello,
        imported?: ImportedIdentity | undefined,
      ) => MaybePromise<ExternalPsk | undefined>)
    | undefined;
}
