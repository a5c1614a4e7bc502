import { fail } from '../../wire/alert.ts';
import { wipe } from '../../wire/wipe.ts';
import type { KeyAgreement } from '../provider.ts';
import { type Library, type Pointer, pointer, succeed } from './library.ts';
import { type Area, type Memory, wordsOf } from './memory.ts';

/** NID_X25519. */
const x25519Id = 1034;
const keyLength = 32;

/** X25519 (RFC 7748) for the server that answers a share at once: the key pair lives within one call. */
export class OpensslX25519 {
  readonly #library: Library;
  readonly #generator: Pointer;
  /** A pointer, or a size, that OpenSSL writes. */
  readonly #cell: Area;
  readonly #cellWords: Uint32Array;
  readonly #bytes: Area;

  constructor(library: Library, memory: Memory) {
    const { openssl } = library;
    this.#library = library;
    this.#generator = pointer(openssl.EVP_PKEY_CTX_new_id(x25519Id, 0));
    succeed(openssl.EVP_PKEY_keygen_init(this.#generator));
    this.#cell = memory.reserve(8);
    this.#cellWords = wordsOf(this.#cell);
    this.#bytes = memory.reserve(keyLength);
  }

  /** The `respond` of a KeyAgreement. */
  respond(clientShare: Uint8Array): ReturnType<KeyAgreement['respond']> {
    if (clientShare.length !== keyLength) badShare(`is ${clientShare.length} bytes long, not ${keyLength}`);
    const { openssl } = this.#library;
    this.#bytes.bytes.set(clientShare);
    // RFC 7748 section 5: the highest bit is to be ignored; OpenSSL masks it.
    const peer = pointer(openssl.EVP_PKEY_new_raw_public_key(x25519Id, 0, this.#bytes.address, keyLength));
    let own: Pointer = 0;
    try {
      own = this.#generate();
      const share = this.#publicKey(own);
      return { share, secret: this.#derive(own, peer) };
    } finally {
      openssl.EVP_PKEY_free(peer);
      openssl.EVP_PKEY_free(own);
      wipe(this.#bytes.bytes);
    }
  }

  #generate(): Pointer {
    this.#setCell(0);
    succeed(this.#library.openssl.EVP_PKEY_keygen(this.#generator, this.#cell.address));
    return pointer(this.#cellWords[0]! + 2 ** 32 * this.#cellWords[1]!);
  }

  #publicKey(key: Pointer): Uint8Array {
    this.#setCell(keyLength);
    succeed(this.#library.openssl.EVP_PKEY_get_raw_public_key(key, this.#bytes.address, this.#cell.address));
    return new Uint8Array(this.#bytes.bytes);
  }

  #setCell(value: number): void {
    this.#cellWords[0] = value;
    this.#cellWords[1] = 0;
  }

  #derive(own: Pointer, peer: Pointer): Uint8Array {
    const { openssl } = this.#library;
    const context = pointer(openssl.EVP_PKEY_CTX_new(own, 0));
    try {
      succeed(openssl.EVP_PKEY_derive_init(context));
      // Every 32 bytes are a point: there is nothing to validate.
      succeed(openssl.EVP_PKEY_derive_set_peer_ex(context, peer, 0));
      this.#setCell(keyLength);
      // OpenSSL refuses the all-zero result, as RFC 8446 section 7.4.2 asks.
      if (openssl.EVP_PKEY_derive(context, this.#bytes.address, this.#cell.address) !== 1) {
        openssl.ERR_clear_error();
        badShare('is a point of small order');
      }
      return new Uint8Array(this.#bytes.bytes);
    } finally {
      openssl.EVP_PKEY_CTX_free(context);
    }
  }
}

function badShare(why: string): never {
  fail('illegalParameter', `the key share of X25519 ${why}`, 'BAD_ECPOINT');
}
