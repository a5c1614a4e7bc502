import { hkdfExpand } from '../crypto/hkdf.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { longestLifetime } from './session.ts';
import { ticketKeyLength } from './ticket-key-ring.ts';
import { keyPeriod, type TicketKeySet, type TicketKeySource } from './ticket-key-source.ts';

/** A secret from which the ticket keys of a period, and of all periods after it, follow; those before it do not. */
export interface TicketSeed {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** The number of the period, counted from 1970. */
  readonly period: number;
}

export const seedLength = 32;

export interface DerivedKeysOptions {
  readonly provider: CryptoProvider;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Ticket keys that follow from a seed and the clock, so that processes of one machine which have the seed in common
 * agree on every key without another word. Each period has a key; its seed is the hash of the one before, which is then
 * forgotten, as are keys whose tickets are no longer taken.
 */
export class DerivedTicketKeys implements TicketKeySource {
  readonly #options: DerivedKeysOptions;
  #seed: TicketSeed;
  #set: TicketKeySet | undefined;
  #keepFor = longestLifetime * 1000;

  /** Without a seed one is drawn. */
  constructor(options: DerivedKeysOptions, seed?: TicketSeed) {
    const { provider, now } = options;
    this.#options = options;
    this.#seed = seed
      ? { ...seed, secret: Uint8Array.from(seed.secret) }
      : { secret: provider.randomBytes(seedLength), period: Math.floor(now() / keyPeriod) };
  }

  /** What others need to have the keys from this moment on. */
  get seed(): TicketSeed {
    this.keys(this.#keepFor);
    return { ...this.#seed, secret: Uint8Array.from(this.#seed.secret) };
  }

  keys(keepFor: number): TicketKeySet {
    this.#keepFor = keepFor;
    const now = this.#options.now();
    const period = Math.floor(now / keyPeriod);
    // A clock that was set back brings no key back: its seed is forgotten.
    if (this.#set !== undefined && period <= this.#seed.period) return this.#set;
    const previous = [...(this.#set?.previous ?? [])];
    while (this.#seed.period < period) {
      const replacedAt = (this.#seed.period + 1) * keyPeriod;
      if (replacedAt + keepFor >= now) previous.unshift({ key: this.#keyOf(this.#seed), replacedAt });
      const after = this.#after(this.#seed);
      this.#seed.secret.fill(0);
      this.#seed = after;
    }
    const after = this.#after(this.#seed);
    this.#set = {
      current: this.#keyOf(this.#seed),
      previous: previous.filter(({ replacedAt }) => replacedAt + keepFor >= now),
      next: [this.#keyOf(after)],
    };
    after.secret.fill(0);
    return this.#set;
  }

  #keyOf({ secret }: TicketSeed): Uint8Array {
    return this.#derive(secret, 'tsls ticket key', ticketKeyLength);
  }

  #after({ secret, period }: TicketSeed): TicketSeed {
    return { secret: this.#derive(secret, 'tsls ticket seed', seedLength), period: period + 1 };
  }

  #derive(secret: Uint8Array, label: string, length: number): Uint8Array {
    return Uint8Array.from(hkdfExpand(this.#options.provider, 'sha256', secret, Buffer.from(label), length));
  }
}
