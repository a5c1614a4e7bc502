import { fail } from '../../wire/alert.ts';
import { wipe } from '../../wire/wipe.ts';
import type { EphemeralKey, KeyAgreement } from '../provider.ts';
import { type Library, type Pointer, pointer, succeed } from './library.ts';
import { type Area, type Memory, wordsOf } from './memory.ts';

const keyLength = 32;
/** What of a key `EVP_PKEY_fromdata` is given: OpenSSL's EVP_PKEY_PUBLIC_KEY and EVP_PKEY_KEYPAIR. */
const publicKey = 0x86;
const keyPair = 0x87;

/**
 * X25519 (RFC 7748). OpenSSL has keys only within one call: where a pair outlives it, as in TLS 1.2, it is 64 bytes of
 * ours, so that nothing is left behind by a handshake that nobody ends.
 */
export class OpensslX25519 {
  readonly #library: Library;
  readonly #generator: Pointer;
  readonly #importer: Pointer;
  /** A pointer, or a size, that OpenSSL writes. */
  readonly #cell: Area;
  readonly #cellWords: Uint32Array;
  /** The halves of a key on their way to OpenSSL, and out of it. */
  readonly #public: Area;
  readonly #private: Area;
  /** What `#importer` reads: where the halves lie. */
  readonly #publicParameters: Pointer;
  readonly #pairParameters: Pointer;

  constructor(library: Library, memory: Memory) {
    const { openssl } = library;
    const newContext = (): Pointer => pointer(openssl.EVP_PKEY_CTX_new_from_name(0, 'X25519', 0));
    this.#library = library;
    this.#generator = newContext();
    succeed(openssl.EVP_PKEY_keygen_init(this.#generator));
    this.#importer = newContext();
    succeed(openssl.EVP_PKEY_fromdata_init(this.#importer));
    this.#cell = memory.reserve(8);
    this.#cellWords = wordsOf(this.#cell);
    this.#public = memory.reserve(keyLength);
    this.#private = memory.reserve(keyLength);
    const [pub, priv] = [['pub', this.#public] as const, ['priv', this.#private] as const];
    this.#publicParameters = writeParameters(memory, [pub]);
    this.#pairParameters = writeParameters(memory, [pub, priv]);
  }

  /** The `respond` of a KeyAgreement. */
  respond(clientShare: Uint8Array): ReturnType<KeyAgreement['respond']> {
    checkLength(clientShare);
    const own = this.#generatePair();
    try {
      return { share: this.#publicOf(own), secret: this.#derive(own, clientShare) };
    } finally {
      this.#free(own);
    }
  }

  /** The `generate` of a KeyAgreement. */
  generate(): EphemeralKey {
    const pair = this.#generatePair();
    try {
      const [share, secret] = [this.#publicOf(pair), this.#privateOf(pair)];
      let isReleased = false;
      return {
        share,
        derive: (clientShare) => {
          if (isReleased) throw new Error('a key is used after it was released');
          return this.#deriveLater(share, secret, clientShare);
        },
        release: () => {
          isReleased = true;
          wipe(secret);
        },
      };
    } finally {
      this.#free(pair);
    }
  }

  #deriveLater(share: Uint8Array, secret: Uint8Array, clientShare: Uint8Array): Uint8Array {
    checkLength(clientShare);
    this.#public.bytes.set(share);
    this.#private.bytes.set(secret);
    const own = this.#import(keyPair, this.#pairParameters);
    try {
      return this.#derive(own, clientShare);
    } finally {
      this.#free(own);
    }
  }

  #free(pair: Pointer): void {
    this.#library.openssl.EVP_PKEY_free(pair);
    wipe(this.#public.bytes, this.#private.bytes);
  }

  #generatePair(): Pointer {
    this.#setCell(0);
    succeed(this.#library.openssl.EVP_PKEY_keygen(this.#generator, this.#cell.address));
    return this.#pointerInCell();
  }

  #import(selection: number, parameters: Pointer): Pointer {
    this.#setCell(0);
    succeed(this.#library.openssl.EVP_PKEY_fromdata(this.#importer, this.#cell.address, selection, parameters));
    return this.#pointerInCell();
  }

  #publicOf(key: Pointer): Uint8Array {
    this.#setCell(keyLength);
    succeed(this.#library.openssl.EVP_PKEY_get_raw_public_key(key, this.#public.address, this.#cell.address));
    return new Uint8Array(this.#public.bytes);
  }

  #privateOf(key: Pointer): Uint8Array {
    this.#setCell(keyLength);
    succeed(this.#library.openssl.EVP_PKEY_get_raw_private_key(key, this.#private.address, this.#cell.address));
    return new Uint8Array(this.#private.bytes);
  }

  /** The shared secret with a share of the right length. */
  #derive(own: Pointer, clientShare: Uint8Array): Uint8Array {
    const { openssl } = this.#library;
    // RFC 7748 section 5: the highest bit is to be ignored; OpenSSL masks it.
    this.#public.bytes.set(clientShare);
    const peer = this.#import(publicKey, this.#publicParameters);
    let context: Pointer = 0;
    try {
      context = pointer(openssl.EVP_PKEY_CTX_new(own, 0));
      succeed(openssl.EVP_PKEY_derive_init(context));
      // Every 32 bytes are a point: there is nothing to validate.
      succeed(openssl.EVP_PKEY_derive_set_peer_ex(context, peer, 0));
      this.#setCell(keyLength);
      // OpenSSL refuses the all-zero result, as RFC 8446 section 7.4.2 asks.
      if (openssl.EVP_PKEY_derive(context, this.#private.address, this.#cell.address) !== 1) {
        openssl.ERR_clear_error();
        badShare('is a point of small order');
      }
      return new Uint8Array(this.#private.bytes);
    } finally {
      openssl.EVP_PKEY_CTX_free(context);
      openssl.EVP_PKEY_free(peer);
    }
  }

  #setCell(value: number): void {
    this.#cellWords[0] = value;
    this.#cellWords[1] = 0;
  }

  #pointerInCell(): Pointer {
    return pointer(this.#cellWords[0]! + 2 ** 32 * this.#cellWords[1]!);
  }
}

/** Bytes of an OSSL_PARAM: key, type, data, size, and a size to return. */
const parameterLength = 40;
/** OSSL_PARAM_OCTET_STRING. */
const octetString = 5;

/** An array of OSSL_PARAM that names areas of bytes, with the empty one that ends it. */
function writeParameters(memory: Memory, parameters: readonly (readonly [name: string, value: Area])[]): Pointer {
  const array = memory.reserve((parameters.length + 1) * parameterLength);
  for (const [i, [name, value]] of parameters.entries()) {
    const text = memory.reserve(name.length + 1);
    text.bytes.write(name, 'latin1');
    const words = new BigUint64Array(array.bytes.buffer, array.bytes.byteOffset + i * parameterLength, 5);
    words.set([BigInt(text.address), BigInt(octetString), BigInt(value.address), BigInt(value.bytes.length), 0n]);
  }
  return array.address;
}

function checkLength(share: Uint8Array): void {
  if (share.length !== keyLength) badShare(`is ${share.length} bytes long, not ${keyLength}`);
}

function badShare(why: string): never {
  fail('illegalParameter', `the key share of X25519 ${why}`, 'BAD_ECPOINT');
}
