import { type CipherSuite, hashLength } from '../../crypto/cipher-suites.ts';
import { hkdfExpandLabel } from '../../crypto/hkdf.ts';
import type { MaybePromise } from '../../crypto/maybe-promise.ts';
import { isPromise } from '../../crypto/maybe-promise.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import { writeNewSessionTicket13 } from '../../messages/new-session-ticket.ts';
import { longestLifetime, type Session, writeSession } from '../../session/session.ts';
import type { Sessions } from '../../session/sessions.ts';
import { wipe } from '../../wire/wipe.ts';
import { maxTicketLength, type SessionTemplate, sessionOf } from '../resumption.ts';
import type { SecretPair } from './secret-pair.ts';

/** Bytes of the id under which a session is kept in the cache. */
export const sessionIdLength = 32;

/** Tickets of one connection, at most: each has a nonce of its own (RFC 8446 section 4.6.1), of two bytes. */
const mostTickets = 65_536;

/** Makes the tickets of one connection (RFC 8446 section 4.6.1), each for a PSK of its own. */
export class TicketIssuer {
  readonly #sessions: Sessions;
  readonly #provider: CryptoProvider;
  readonly #suite: CipherSuite;
  /** The second is the resumption secret. */
  readonly #secrets: SecretPair;
  readonly #template: SessionTemplate;
  #issued = 0;
  #isOver = false;

  constructor(
    sessions: Sessions,
    provider: CryptoProvider,
    suite: CipherSuite,
    secrets: SecretPair,
    template: SessionTemplate,
  ) {
    this.#sessions = sessions;
    this.#provider = provider;
    this.#suite = suite;
    this.#secrets = secrets;
    this.#template = template;
  }

  /** The secret is wiped: no tickets can be made any more. */
  release(): void {
    this.#isOver = true;
  }

  /** A NewSessionTicket message, or `undefined` where the session cannot be kept anywhere. */
  issue(): MaybePromise<Uint8Array | undefined> {
    if (this.#isOver || this.#issued === mostTickets) return undefined;
    const { tickets, cache, prefersCache, onTicket } = this.#sessions;
    const nonce = Uint8Array.of(this.#issued >>> 8, this.#issued++);
    const session = this.#session(nonce);
    const bytes = writeSession(session);
    wipe(session.secret);
    const finish = (ticket: Uint8Array): Uint8Array =>
      writeNewSessionTicket13({
        lifetime: session.lifetime,
        ageAdd: session.ageAdd,
        nonce,
        ticket,
        maxEarlyData: session.maxEarlyData,
      });
    try {
      if (session.lifetime <= 0) return undefined;
      const sealed = prefersCache && cache ? undefined : tickets?.seal(bytes);
      if (sealed !== undefined && sealed.length <= maxTicketLength) {
        const told = onTicket?.(this.#provider.randomBytes(sessionIdLength), bytes);
        return isPromise(told) ? Promise.resolve(told).then(() => finish(sealed)) : finish(sealed);
      }
      if (cache === undefined) return undefined;
      const id = this.#provider.randomBytes(sessionIdLength);
      const saved = cache.save(id, bytes);
      return isPromise(saved) ? Promise.resolve(saved).then(() => finish(id)) : finish(id);
    } finally {
      wipe(bytes); // who keeps them has a copy
    }
  }

  /** The session of the last ticket, as bytes that hold its secret; `undefined` before there is one. */
  session(): Uint8Array | undefined {
    if (this.#issued === 0 || this.#isOver) return undefined;
    const last = this.#issued - 1;
    const session = this.#session(Uint8Array.of(last >>> 8, last));
    const bytes = writeSession(session);
    wipe(session.secret);
    return bytes;
  }

  #session(nonce: Uint8Array): Session {
    const { hash } = this.#suite;
    const now = this.#sessions.now();
    // However often a session is renewed, it ends when the authentication that it began with is too old.
    const left = longestLifetime - Math.max(0, Math.floor((now - this.#template.authenticatedAt) / 1000));
    return sessionOf(this.#template, {
      secret: this.#secrets.use(1, (secret) =>
        hkdfExpandLabel(this.#provider, hash, secret, 'resumption', nonce, hashLength[hash]),
      ),
      extendedMasterSecret: true,
      issuedAt: now,
      lifetime: Math.min(this.#sessions.lifetime, left),
      ageAdd: randomU32(this.#provider),
      maxEarlyData: this.#sessions.maxEarlyData,
      issuer: this.#sessions.issuer,
    });
  }
}

function randomU32(provider: CryptoProvider): number {
  const [a, b, c, d] = provider.randomBytes(4) as unknown as [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
