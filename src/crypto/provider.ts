import type { AeadName, HashName } from './cipher-suites.ts';

/** A hash over all handshake messages so far, whose value can be taken at any moment. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** The hash of everything so far; more may be added afterwards. */
  digest(): Uint8Array;
  /** Another hash that goes on from here, for as long as a connection lives: it takes little memory. */
  copy(): RunningHash;
  /** Gives back what it is held in: it is not used any more. One that is only forgotten leaves that to the collector. */
  release(): void;
}

/** Where the plaintext of several records comes to lie end to end: from `at` on, which its user moves. */
export interface Room {
  readonly bytes: Uint8Array;
  at: number;
}

/** One AEAD key (RFC 5116). Nonces are 12 bytes and must not repeat. */
export interface Aead {
  /**
   * Encrypts `content` and `trailer` behind it to `out[at]`, and the tag behind them. There must be room, and `out`
   * must not overlap the inputs. Returns the index after the tag.
   */
  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    content: Uint8Array,
    trailer: Uint8Array,
    out: Uint8Array,
    at: number,
  ): number;
  /**
   * Decrypts `buffer[start, end)`, whose last bytes are the tag. Returns the plaintext, or `undefined` when it is not
   * authentic. It lies in `room` where one is given that has enough left, and otherwise in bytes of its own.
   */
  open(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    buffer: Uint8Array,
    start: number,
    end: number,
    room?: Room,
  ): Uint8Array | undefined;
  /** Wipes the key and gives back what it is held in. `seal` and `open` throw afterwards. */
  release(): void;
}

/** An ephemeral key pair of one group. */
export interface EphemeralKey {
  /** The public value as the wire has it. */
  readonly share: Uint8Array;
  /** The shared secret with a peer's share; throws `TlsAlert` (illegal_parameter) for an invalid share. */
  derive(peerShare: Uint8Array): Uint8Array;
  /** Wipes the private half as far as it is ours to wipe. `derive` must not be called afterwards. */
  release(): void;
}

/** A finite field for Diffie-Hellman, as TLS 1.2 spells it out (RFC 5246 section 7.4.3): a safe prime and a generator. */
export interface FiniteField {
  /** The NamedGroup, where RFC 7919 has named it and clients may say whether they take it. */
  readonly group: number | undefined;
  /** Big-endian, without leading zeros. */
  readonly prime: Uint8Array;
  readonly generator: Uint8Array;
  /** Bytes of an exponent that is as strong as the field. */
  readonly exponentLength: number;
}

/** A named group (RFC 8446 section 4.2.7), be it a Diffie-Hellman group, a KEM or a hybrid of both. */
export interface KeyAgreement {
  readonly group: number;
  /** Whether a server can publish its share first, as TLS 1.2 wants it. A KEM can't. */
  readonly generate?: () => EphemeralKey;
  /**
   * Answers a client's share: the server's share and the shared secret. Throws `TlsAlert`
   * (illegal_parameter) for an invalid share.
   */
  respond(clientShare: Uint8Array): { readonly share: Uint8Array; readonly secret: Uint8Array };
}

/** The kinds of key that sign handshakes. `rsa-pss` is a key restricted to PSS (RFC 8017, id-RSASSA-PSS). */
export type KeyType = 'rsa' | 'rsa-pss' | 'ec:P-256' | 'ec:P-384' | 'ec:P-521' | 'ed25519' | 'ed448';

/** The public half of a key that signs handshakes. */
export interface PublicKey {
  readonly keyType: KeyType;
  /** Whether `signature` is the key's, under a scheme (IANA SignatureScheme), of `signed`, which is not hashed yet. */
  verify(scheme: number, signed: Uint8Array, signature: Uint8Array): boolean;
}

/** Everything cryptographic that the protocol needs, so that it can be had from more than one place. */
export interface CryptoProvider {
  readonly name: string;
  /** `length` bytes that nobody can predict. */
  randomBytes(length: number): Uint8Array;
  /** A running hash, for the transcript. */
  hash(name: HashName): RunningHash;
  /** The hash of `bytes`. */
  digest(name: HashName, bytes: Uint8Array): Uint8Array;
  /** HMAC (RFC 2104), or its first `length` bytes. */
  hmac(name: HashName, key: Uint8Array, bytes: Uint8Array, length?: number): Uint8Array;
  /** HMAC whose value is no key: the verify_data of a Finished, an IV. It may lie about in memory, and may cost less. */
  publicHmac(name: HashName, key: Uint8Array, bytes: Uint8Array, length?: number): Uint8Array;
  /** A key for one direction of one connection. */
  aead(name: AeadName, key: Uint8Array): Aead;
  /** The named group, or `undefined` where it is not implemented. */
  keyAgreement(group: number): KeyAgreement | undefined;
  /** A key of a finite field; its shared secrets have no leading zeros (RFC 5246 section 8.1.2). */
  finiteFieldKey(field: FiniteField): EphemeralKey;
  /**
   * Signs with a private key of this process, a KeyObject, where the provider has a way of its own for the scheme;
   * `undefined` where it has not.
   */
  sign?(key: object, scheme: number, tbs: Uint8Array): Uint8Array | undefined;
  /** The key in a DER SubjectPublicKeyInfo, or `undefined` for one that cannot sign a handshake. */
  publicKey(spki: Uint8Array): PublicKey | undefined;
  /** Compares without telling by its duration where the inputs differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}
