import type { MaybePromise } from '../crypto/maybe-promise.ts';
import type { Session } from './session.ts';

/** Seals sessions into tickets, which the clients keep for us (RFC 5077 section 4, RFC 8446 section 4.6.1). */
export interface TicketSealer {
  seal(session: Uint8Array): Uint8Array;
  /** The session in a ticket, or `undefined` for one that is not ours, not whole, or of a key that is gone. */
  open(ticket: Uint8Array): OpenedTicket | undefined;
}

export interface OpenedTicket {
  readonly session: Uint8Array;
  /** Whether the ticket was sealed with a key that is no longer current, so that the client is due a new one. */
  readonly isOld: boolean;
}

/** Keeps sessions under their ids. What it throws or rejects with ends the connection. */
export interface SessionCache {
  load(id: Uint8Array): MaybePromise<Uint8Array | undefined>;
  /** What is kept is a copy: `session` may be wiped once this returns. */
  save(id: Uint8Array, session: Uint8Array): MaybePromise<void>;
  /** Forgets a session, where that is possible. Never throws. */
  forget?(id: Uint8Array): void;
}

/** How a server resumes sessions. */
export interface Sessions {
  /** Sealing of stateless tickets; without it no client gets one. */
  readonly tickets: TicketSealer | undefined;
  /** Where sessions are kept under their ids; without it no session has an id. */
  readonly cache: SessionCache | undefined;
  /** Whether the tickets of TLS 1.3 are ids of sessions in the cache, although sealed ones could be had. */
  readonly prefersCache: boolean;
  /** Told of every session that a sealed ticket of TLS 1.3 was made of, which is wiped once this returns. */
  readonly onTicket?: ((id: Uint8Array, session: Uint8Array) => MaybePromise<void>) | undefined;
  /** Seconds that a session may be resumed. */
  readonly lifetime: number;
  /** Up to 32 bytes that tell applications apart that share keys or a cache. */
  readonly context: Uint8Array;
  /** Tickets for each full handshake of TLS 1.3; a resumed one gets a single one. */
  readonly ticketCount: number;
  /** Most bytes of early data that a resuming client may send; 0 for none. */
  readonly maxEarlyData: number;
  /** By whom sessions with early data say that they were made; 8 bytes, or none where no early data is taken. */
  readonly issuer: Uint8Array;
  /** Whether early data may be taken with a ticket, told by its SHA-256, of a session: never twice. */
  admitEarlyData(ticket: Uint8Array, session: Pick<Session, 'issuer' | 'issuedAt'>): MaybePromise<boolean>;
  /** Milliseconds since 1970. */
  now(): number;
}
