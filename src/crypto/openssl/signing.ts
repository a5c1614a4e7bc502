import type { KeyObject } from 'node:crypto';
import { SignatureScheme } from '../../wire/code-points.ts';
import { shortLived } from '../../wire/short-lived.ts';
import { type Library, type Pointer, pointer, succeed } from './library.ts';
import type { Area, Memory } from './memory.ts';
import { Sha2 } from './sha2.ts';

/** Longest message that has room; what a handshake signs has 114 to 146 bytes. */
const longestMessage = 512;
/** A PKCS #8 PrivateKeyInfo of a P-256 key has 138 bytes. */
const longestKey = 256;
/** An ECDSA signature of P-256 in DER has 72 bytes at most. */
const longestSignature = 72;

/**
 * ECDSA over P-256 with SHA-256, which most certificates want. Each key is handed to OpenSSL once, ready to sign;
 * `crypto.sign` prepares it anew for every signature.
 */
export class OpensslSigner {
  readonly #library: Library;
  readonly #sha: Sha2;
  readonly #bytes: Area;
  readonly #digest: Area;
  readonly #signature: Area;
  /** A pointer, or a size, that OpenSSL reads and writes. */
  readonly #cell: Area;
  /** An EVP_PKEY_CTX for each key, which holds the only reference to OpenSSL's copy of it; 0 for keys of other kinds. */
  readonly #contexts = new WeakMap<KeyObject, Pointer>();
  readonly #forgotten: FinalizationRegistry<Pointer>;

  constructor(library: Library, memory: Memory) {
    this.#library = library;
    this.#sha = new Sha2(library, memory, 'sha256');
    this.#bytes = memory.reserve(longestMessage);
    this.#digest = memory.reserve(this.#sha.length);
    this.#signature = memory.reserve(longestSignature);
    this.#cell = memory.reserve(8);
    this.#forgotten = new FinalizationRegistry((context) => void library.openssl.EVP_PKEY_CTX_free(context));
  }

  /** A signature in DER, or `undefined` for schemes, keys and messages that are somebody else's. */
  sign(key: KeyObject, scheme: number, tbs: Uint8Array): Uint8Array | undefined {
    if (scheme !== SignatureScheme.ecdsaSecp256r1Sha256 || tbs.length > longestMessage) return undefined;
    const context = this.#contexts.get(key) ?? this.#load(key);
    if (context === 0) return undefined;
    this.#bytes.bytes.set(tbs);
    this.#sha.hash(this.#bytes.address, tbs.length, this.#digest.address);
    this.#cell.bytes.fill(0);
    this.#cell.bytes[0] = longestSignature;
    const { address } = this.#digest;
    const { openssl } = this.#library;
    succeed(openssl.EVP_PKEY_sign(context, this.#signature.address, this.#cell.address, address, this.#sha.length));
    const signature = shortLived(this.#cell.bytes[0]!);
    signature.set(this.#signature.bytes.subarray(0, signature.length));
    return signature;
  }

  #load(key: KeyObject): Pointer {
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      this.#contexts.set(key, 0);
      return 0;
    }
    const { openssl } = this.#library;
    const der = key.export({ type: 'pkcs8', format: 'der' });
    if (der.length > longestKey) throw new RangeError(`a key of ${der.length} bytes`);
    this.#bytes.bytes.set(der);
    this.#cell.bytes.writeBigUInt64LE(BigInt(this.#bytes.address));
    let own: Pointer = 0;
    try {
      own = pointer(openssl.d2i_AutoPrivateKey(0, this.#cell.address, der.length));
      const context = pointer(openssl.EVP_PKEY_CTX_new(own, 0));
      succeed(openssl.EVP_PKEY_sign_init(context));
      this.#contexts.set(key, context);
      this.#forgotten.register(key, context);
      return context;
    } finally {
      der.fill(0);
      this.#bytes.bytes.fill(0);
      openssl.EVP_PKEY_free(own);
    }
  }
}
