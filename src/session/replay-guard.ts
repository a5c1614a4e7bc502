import { LRUCache } from 'lru-cache';
import type { Session } from './session.ts';

/** Milliseconds by which the age that a client tells may be wrong (RFC 8446 section 8.3). */
export const freshnessWindow = 10_000;

/** Milliseconds by which a clock may go back, or two servers' differ, with nobody the worse for it. */
const slack = 1000;

/** Milliseconds after which the ClientHellos of a moment are too old, by any of these clocks. */
export const rememberFor: number = 2 * freshnessWindow + slack;

/** What is remembered at most; beyond it no early data is taken. */
const maxRemembered = 200_000;

export interface ReplayGuardOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What the sessions that are made here say of where they were made; drawn anew by each process. */
  readonly issuer: Uint8Array;
  /** Whether others remember tickets too, and by the same clock: then their sessions may bring early data here. */
  readonly isShared: () => boolean;
  /** Most tickets that are remembered at a time. */
  readonly capacity?: number;
}

/**
 * Remembers the tickets with which early data was taken, so that no ClientHello's is taken twice (RFC 8446 sections 8.1
 * and 8.2). It forgets them when a ClientHello of that time would be refused for its age.
 */
export class ReplayGuard {
  readonly #now: () => number;
  readonly #issuer: Uint8Array;
  readonly #isShared: () => boolean;
  readonly #capacity: number;
  readonly #startedAt: number;
  /** The latest time of which tickets may have been forgotten. */
  #latest: number;
  /** Made by the first ticket: it has room for all from the start. */
  #seen: LRUCache<string, true> | undefined;

  constructor({ now, issuer, isShared, capacity = maxRemembered }: ReplayGuardOptions) {
    this.#now = now;
    this.#issuer = issuer;
    this.#isShared = isShared;
    this.#capacity = capacity;
    this.#startedAt = now();
    this.#latest = this.#startedAt;
  }

  /**
   * Whether early data may be taken with a ticket, told by its hash. Not with one that was here before; not with one
   * that somebody else may have taken, be it another process with the same ticket keys or one before this; not when there
   * are too many; and not while the clock is behind what it was, since it would make ClientHellos fresh again that are
   * forgotten.
   */
  admit(ticket: Uint8Array, session: Pick<Session, 'issuer' | 'issuedAt'>): boolean {
    const isOwn = Buffer.compare(session.issuer, this.#issuer) === 0;
    if (!isOwn && !this.#isShared()) return false;
    const now = this.#now();
    if (now < Math.max(session.issuedAt, this.#latest) - slack) return false;
    this.#latest = Math.max(now, this.#latest);
    // A process before this one may have taken it, and the store may not know of it any more.
    if (!isOwn && session.issuedAt < this.#startedAt && now < this.#startedAt + rememberFor) return false;
    this.#seen ??= new LRUCache({ max: this.#capacity, ttl: rememberFor, ttlResolution: 0, perf: { now: this.#now } });
    const seen = this.#seen;
    const key = Buffer.from(ticket).toString('latin1');
    if (seen.has(key)) return false;
    if (seen.size >= this.#capacity) {
      seen.purgeStale();
      if (seen.size >= this.#capacity) return false;
    }
    seen.set(key, true);
    return true;
  }
}

/** Whether the age that a client tells of a ticket is what it is, so that its ClientHello is fresh (RFC 8446 section 8.3). */
export function isAgeRight(
  session: { readonly issuedAt: number; readonly ageAdd: number },
  obfuscatedAge: number,
  now: number,
): boolean {
  const told = (obfuscatedAge - session.ageAdd) >>> 0;
  return Math.abs(now - session.issuedAt - told) <= freshnessWindow;
}
