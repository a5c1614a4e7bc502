import type { AeadName } from '../cipher-suites.ts';
import { type Library, type Pointer, pointer, succeed } from './library.ts';

export type CipherName = Extract<AeadName, 'AEAD_AES_128_GCM' | 'AEAD_AES_256_GCM' | 'AEAD_CHACHA20_POLY1305'>;

/** The ciphers that are had from OpenSSL by the names it has for them. CCM is rare, and left to node:crypto. */
const ciphers: Readonly<Record<CipherName, { readonly name: string; readonly keyLength: number }>> = {
  AEAD_AES_128_GCM: { name: 'AES-128-GCM', keyLength: 16 },
  AEAD_AES_256_GCM: { name: 'AES-256-GCM', keyLength: 32 },
  AEAD_CHACHA20_POLY1305: { name: 'ChaCha20-Poly1305', keyLength: 32 },
};

/** Whether an AEAD is one of those. */
export const isCipherName = (name: AeadName): name is CipherName => Object.hasOwn(ciphers, name);

/** Contexts of each cipher that are kept for later, at most; one takes about a kilobyte. */
const mostKept = 256;

/** An EVP_CIPHER_CTX, which has one owner until it is given back. */
export interface CipherContext {
  readonly cipher: CipherName;
  /** 0 once it is freed. */
  pointer: Pointer;
}

/** Makes and keeps the cipher contexts of a thread. Those in use and those kept are counted. */
export class CipherContexts {
  inUse = 0;
  readonly #library: Library;
  readonly #fetched = new Map<CipherName, Pointer>();
  readonly #free: Readonly<Record<CipherName, CipherContext[]>> = {
    AEAD_AES_128_GCM: [],
    AEAD_AES_256_GCM: [],
    AEAD_CHACHA20_POLY1305: [],
  };

  constructor(library: Library) {
    this.#library = library;
    for (const [name, cipher] of Object.entries(ciphers)) {
      this.#fetched.set(name as CipherName, pointer(library.openssl.EVP_CIPHER_fetch(0, cipher.name, 0)));
    }
  }

  /** Contexts that wait for their next owner. */
  get kept(): number {
    return Object.values(this.#free).reduce((sum, list) => sum + list.length, 0);
  }

  keyLength(cipher: CipherName): number {
    return ciphers[cipher].keyLength;
  }

  /** A context without a key. */
  take(cipher: CipherName): CipherContext {
    let context = this.#free[cipher].pop();
    if (context === undefined) {
      const { openssl } = this.#library;
      context = { cipher, pointer: pointer(openssl.EVP_CIPHER_CTX_new()) };
      succeed(openssl.EVP_CipherInit_ex(context.pointer, this.#fetched.get(cipher)!, 0, 0, 0, 1));
    }
    this.inUse++;
    return context;
  }

  /** Takes a context back. `zeros`: the address of a key of zeros, by which the one that it has is overwritten. */
  give(context: CipherContext, zeros: Pointer): void {
    this.inUse--;
    const { openssl } = this.#library;
    const kept = this.#free[context.cipher];
    if (kept.length < mostKept && openssl.EVP_CipherInit_ex(context.pointer, 0, 0, zeros, 0, 1) === 1) {
      kept.push(context);
      return;
    }
    openssl.EVP_CIPHER_CTX_free(context.pointer);
    context.pointer = 0;
  }
}
