import type { CipherSuite } from '../crypto/cipher-suites.ts';
import type { MaybePromise } from '../crypto/maybe-promise.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import type { Credential } from '../x509/credential.ts';

/** Chooses the application protocol; `undefined` refuses the client with no_application_protocol. */
export type AlpnSelector = (protocols: readonly string[], hello: ClientHello) => MaybePromise<string | undefined>;

/** Makes and checks the cookie of a HelloRetryRequest (RFC 8446 section 4.2.2). */
export interface RetryCookies {
  /** Seals the hash of the first ClientHello into a cookie. */
  seal(firstHelloHash: Uint8Array): Uint8Array;
  /** The hash that a cookie of ours holds, or `undefined` for one that is not ours. */
  open(cookie: Uint8Array): Uint8Array | undefined;
}

/** Everything that a server brings to one negotiation. Lists are in order of preference. */
export interface ServerConfig {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly cipherSuites: readonly CipherSuite[];
  /** Whether our order of suites beats the client's. */
  readonly honorCipherOrder: boolean;
  readonly groups: readonly number[];
  readonly signatureSchemes: readonly number[];
  readonly credentials: readonly Credential[];
  readonly alpn?: readonly string[] | AlpnSelector;
  /** Set to ask for a cookie with every HelloRetryRequest. */
  readonly retryCookies?: RetryCookies;
  /** Most bytes of plaintext that we take in a record (RFC 8449): 64 to 16,384, the default. */
  readonly recordSizeLimit?: number;
  /** Zero bytes to add to a record of TLS 1.3 that holds `length` bytes (RFC 8446 section 5.4). */
  readonly padding?: (length: number) => number;
  /** Whether EncryptedExtensions tells our groups (RFC 8446 section 4.2.7). */
  readonly announceGroups?: boolean;
}

/** Everything that the application decides during a handshake. Answers may be promises. */
export interface Policy {
  /** The ClientHello has been read and nothing is chosen yet. */
  configure(hello: ClientHello): MaybePromise<ServerConfig>;
}
