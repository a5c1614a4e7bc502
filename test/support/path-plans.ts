import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../../src/x509/certificate.ts';
import type { KeyKind, SignatureKind } from './certificate-maker.ts';

/** Numbers at random from a seed: a linear congruential generator whose output is mixed. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** From 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb_352d);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846c_a68b);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

/** One certificate before it is made. */
export interface Draft {
  subject: Uint8Array;
  key: KeyKind;
  keyNumber: number;
  signature: SignatureKind | undefined;
  signedBy: KeyObject | undefined;
  version: 1 | 3;
  start: number;
  end: number;
  /** Extensions by name; `undefined` for those left out. */
  extensions: Map<string, { value: Uint8Array; critical: boolean } | undefined>;
  keyIdentifiers: { own: boolean; issuer: 'right' | 'wrong' | 'none' };
}

/** How the CRL of one authority is to be. */
export interface ListDraft {
  missing: boolean;
  reasons: Map<'below', number>;
  revokesBelow: boolean;
  start: number;
  end: number;
  extensions: Uint8Array[];
  entryExtensions: Uint8Array[];
  signedBy: KeyObject | undefined;
}

/** A whole path before it is made: from the root down to the end entity. */
export interface Plan {
  readonly drafts: Draft[];
  /** By authority, root first; `undefined` where no CRLs are given. */
  lists: ListDraft[] | undefined;
  /** What is done with the certificates once they are made. */
  readonly afterwards: ((made: Made) => void)[];
}

export interface Made {
  readonly certificates: Certificate[];
  chain: Certificate[];
  trusted: Certificate[];
  readonly keys: readonly KeyObject[];
}

/** A day in milliseconds. */
export const day = 86_400_000;
