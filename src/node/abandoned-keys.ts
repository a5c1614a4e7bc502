import type { Aead, CryptoProvider } from '../crypto/provider.ts';

/** Releases the keys of those whom nobody can end any more. */
const abandoned = new FinalizationRegistry((keys: Set<Aead>) => {
  for (const key of keys) key.release();
});

/**
 * A provider for one owner, whose keys are released at the latest when that is collected. A socket of the system's ends
 * at some time, and its keys with it; a stream that is an object and nothing else may just be forgotten, as may a server
 * with its ticket keys, and what keys are held in may not be V8's to collect.
 */
export function releasedWith(owner: object, provider: CryptoProvider): CryptoProvider {
  const keys = new Set<Aead>();
  abandoned.register(owner, keys);
  return { ...provider, aead: (name, key) => new WatchedAead(provider.aead(name, key), keys) };
}

/** A key that is in a set until it is released. */
class WatchedAead implements Aead {
  readonly #aead: Aead;
  readonly #all: Set<Aead>;

  constructor(aead: Aead, all: Set<Aead>) {
    this.#aead = aead;
    this.#all = all;
    all.add(aead);
  }

  seal(...of: Parameters<Aead['seal']>): number {
    return this.#aead.seal(...of);
  }

  open(...of: Parameters<Aead['open']>): Uint8Array | undefined {
    return this.#aead.open(...of);
  }

  release(): void {
    this.#all.delete(this.#aead);
    this.#aead.release();
  }
}
