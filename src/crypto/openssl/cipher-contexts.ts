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

/**
 * Contexts of each cipher, at most. One takes about a kilobyte, as much as all else that OpenSSL would hold for an idle
 * connection, and a new key takes it half a microsecond: so who is idle lends its own to who is not.
 */
const mostContexts = 1024;

/** An EVP_CIPHER_CTX with the key of its owner in it. The owner has to look each time whether it still is that. */
export interface CipherContext {
  readonly cipher: CipherName;
  readonly pointer: Pointer;
  owner: object | undefined;
  /** The direction that it was keyed for. */
  encrypts: 0 | 1;
  /** Whether it was used since somebody last looked for one to take away. */
  isRecent: boolean;
}

/** The contexts of one cipher. */
class Pool {
  readonly all: CipherContext[] = [];
  readonly free: CipherContext[] = [];
  #hand = 0;

  /** One that was not used for a while, as far as there is such a one (the clock algorithm, for want of true ages). */
  evict(): CipherContext {
    for (;;) {
      const context = this.all[this.#hand]!;
      this.#hand = (this.#hand + 1) % this.all.length;
      if (!context.isRecent) return context;
      context.isRecent = false;
    }
  }
}

/** Makes the cipher contexts of a thread, and gives them to who needs them. */
export class CipherContexts {
  readonly #library: Library;
  readonly #fetched = new Map<CipherName, Pointer>();
  readonly #pools: Readonly<Record<CipherName, Pool>> = {
    AEAD_AES_128_GCM: new Pool(),
    AEAD_AES_256_GCM: new Pool(),
    AEAD_CHACHA20_POLY1305: new Pool(),
  };

  constructor(library: Library) {
    this.#library = library;
    for (const [name, cipher] of Object.entries(ciphers)) {
      this.#fetched.set(name as CipherName, pointer(library.openssl.EVP_CIPHER_fetch(0, cipher.name, 0)));
    }
  }

  /** Contexts that have an owner. */
  get inUse(): number {
    return this.#sum(({ all, free }) => all.length - free.length);
  }

  /** Contexts that wait for their next owner. */
  get kept(): number {
    return this.#sum(({ free }) => free.length);
  }

  #sum(of: (pool: Pool) => number): number {
    return Object.values(this.#pools).reduce((sum, pool) => sum + of(pool), 0);
  }

  keyLength(cipher: CipherName): number {
    return ciphers[cipher].keyLength;
  }

  /** A context with a key in it, in place of what was there: a free one, a new one, or that of who is idle. */
  take(owner: object, cipher: CipherName, key: Pointer, encrypts: 0 | 1): CipherContext {
    const pool = this.#pools[cipher];
    const context = pool.free.pop() ?? (pool.all.length < mostContexts ? this.#make(pool, cipher) : pool.evict());
    context.owner = owner;
    context.encrypts = encrypts;
    context.isRecent = true;
    const result = this.#library.openssl.EVP_CipherInit_ex(context.pointer, 0, 0, key, 0, encrypts);
    if (result !== 1) this.#free(context);
    succeed(result);
    return context;
  }

  /** Takes back what somebody has taken. `zeros`: the address of a key of zeros, by which the one in it is overwritten. */
  give(owner: object, context: CipherContext, zeros: Pointer): void {
    if (context.owner !== owner) return;
    // One that cannot be wiped stays in use, until the key of somebody else's overwrites what is in it.
    if (this.#library.openssl.EVP_CipherInit_ex(context.pointer, 0, 0, zeros, 0, 1) === 1) this.#free(context);
  }

  #free(context: CipherContext): void {
    context.owner = undefined;
    this.#pools[context.cipher].free.push(context);
  }

  #make(pool: Pool, cipher: CipherName): CipherContext {
    const { openssl } = this.#library;
    const made = pointer(openssl.EVP_CIPHER_CTX_new());
    const context: CipherContext = { cipher, pointer: made, owner: undefined, encrypts: 1, isRecent: false };
    succeed(openssl.EVP_CipherInit_ex(made, this.#fetched.get(cipher)!, 0, 0, 0, 1));
    pool.all.push(context);
    return context;
  }
}
