import type { MaybePromise } from '../crypto/maybe-promise.ts';
import type { CryptoProvider, KeyType } from '../crypto/provider.ts';

/**
 * Something that signs handshakes: a key in this process, in an HSM or in a remote service. An answer may be a
 * promise; a rejection, an exception or a wrong signature ends the one connection that asked.
 */
export interface Signer {
  readonly keyType: KeyType;
  /** Bytes of the RSA modulus, for RSA keys. */
  readonly modulusLength?: number;
  /**
   * Signs `tbs`, which is not hashed yet, under a scheme (IANA SignatureScheme) that the key can use; with the way of
   * `provider` where it has one.
   */
  sign(scheme: number, tbs: Uint8Array, provider: CryptoProvider): MaybePromise<Uint8Array>;
}

/** A certificate chain and the key to its first certificate: one identity of the server. */
export interface Credential {
  /** DER certificates, the end entity's first. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  /** Schemes (IANA) with which the chain's certificates are signed, but for self-signed ones. */
  readonly chainSchemes: readonly number[];
  /** DER names of the issuers along the chain, to match `certificate_authorities`. */
  readonly issuers: readonly Uint8Array[];
}
