import { EventEmitter } from 'node:events';
import type { MaybePromise } from '../crypto/maybe-promise.ts';
import { nodeCrypto } from '../crypto/node/provider.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { DerivedTicketKeys, type TicketSeed } from '../session/derived-ticket-keys.ts';
import { MemorySessionStore, type SessionStore } from '../session/memory-store.ts';
import { ReplayGuard, rememberFor } from '../session/replay-guard.ts';
import { issuerLength, longestLifetime, type Session } from '../session/session.ts';
import type { SessionCache, Sessions, TicketSealer } from '../session/sessions.ts';
import { TicketKeyRing, ticketKeyLength } from '../session/ticket-key-ring.ts';
import { keyPeriod } from '../session/ticket-key-source.ts';
import type { OwnBuffer } from '../wire/own-buffer.ts';
import { releasedWith } from './abandoned-keys.ts';
import { checkNumber, checkString, invalidArgType, invalidArgValue, isBytes, isGiven } from './arguments.ts';
import { BoundedStore } from './bounded-store.ts';
import { nodeError } from './errors.ts';
import type { SecureContext } from './secure-context.ts';
import { tellSessionError } from './session-errors.ts';

/** What the options of a context say of resumption, as in Node. */
export interface ContextSessionOptions {
  /** 48 bytes that tickets are sealed with, the same on all servers of a fleet; random and replaced daily without. */
  readonly ticketKeys?: Uint8Array | undefined;
  /** Seconds that a session may be resumed; 7,200 by default, and a week at most. */
  readonly sessionTimeout?: number | undefined;
  /** Keeps the sessions apart of applications that share keys or a store. */
  readonly sessionIdContext?: string | undefined;
}

/** What a server's options say of resumption. */
export interface SessionOptions extends ContextSessionOptions {
  /** Where sessions are kept that clients know by an id; in this process's memory by default, `false` for nowhere. */
  readonly sessionStore?: SessionStore | false | undefined;
  /** Tickets for each full handshake of TLS 1.3; 2 by default, as OpenSSL has it. */
  readonly sessionTickets?: number | undefined;
  /**
   * Most bytes of data that a client of TLS 1.3 may send with its first message when it resumes a session (0-RTT); 0 by
   * default, for none. Whoever records such data can send it again: it is taken once, by the process that made the
   * session, or by one of all those that share a store with `admit` and `now`.
   */
  readonly maxEarlyData?: number | undefined;
  /** OpenSSL's option bits, of which `SSL_OP_NO_TICKET` concerns sessions. */
  readonly secureOptions?: number | undefined;
}

/** The options that concern sessions, checked. Throws Node's errors. */
export function readSessionOptions(options: ContextSessionOptions): ContextSessionOptions {
  const { ticketKeys, sessionTimeout, sessionIdContext } = options;
  if (isGiven(ticketKeys)) readTicketKeys('options.ticketKeys', ticketKeys);
  readTimeout(sessionTimeout);
  readContext(sessionIdContext);
  return { ticketKeys, sessionTimeout, sessionIdContext };
}

/**
 * Milliseconds for which a store remembers early data longer than a process does: the parts of a store, such as the nodes of
 * a cluster, may tell the time differently to those who share it.
 */
const storeSlack = 60_000;

/** SSL_OP_NO_TICKET. */
const noTicket = 0x4000;
const defaultTimeout = 7200;

/** The events that an application keeps sessions by, as `tls.Server` has them. */
export interface SessionEvents {
  /** A session was made: `data` is to be kept under `id`. The connection goes on when `callback` is called. */
  newSession: [id: Buffer, data: Buffer, callback: () => void];
  /** A client asks for the session `id`: `callback(null, data)`, or `callback(null, null)` for none. */
  resumeSession: [id: Buffer, callback: (error?: Error | null, data?: Uint8Array | null) => void];
}

/** How one server resumes sessions: by tickets, by its store, or by the application's own events. */
export class ServerSessions implements Sessions {
  lifetime: number;
  context: Uint8Array;
  readonly ticketCount: number;
  readonly maxEarlyData: number;
  readonly issuer: Uint8Array = new Uint8Array();
  readonly #guard: ReplayGuard;
  readonly #ring: TicketKeyRing;
  readonly #usesTickets: boolean;
  /** Whether the ticket keys are the application's, or its store's. */
  #ownsKeys: boolean;
  #derived: DerivedTicketKeys | undefined;
  readonly #store: BoundedStore | undefined;
  readonly #events: EventEmitter;
  readonly #byEvents: SessionCache;
  readonly #clock: () => number;

  /**
   * `clock`: milliseconds since 1970, where the store has none. `crypto` seals tickets. Throws Node's errors for options
   * that are wrong.
   */
  constructor(
    events: EventEmitter,
    options: SessionOptions,
    clock: () => number = () => Date.now(),
    crypto: CryptoProvider = nodeCrypto,
  ) {
    this.#events = events;
    this.#clock = clock;
    this.#byEvents = { load: (id) => this.#resumeSession(id), save: (id, session) => this.#newSession(id, session) };
    this.lifetime = Math.min(readTimeout(options.sessionTimeout), longestLifetime);
    this.context = readContext(options.sessionIdContext);
    this.ticketCount = readTicketCount(options.sessionTickets);
    this.maxEarlyData = readMaxEarlyData(options.maxEarlyData);
    this.#usesTickets = ((options.secureOptions ?? 0) & noTicket) === 0;
    this.#ring = new TicketKeyRing(
      {
        provider: releasedWith(this, crypto),
        now: clock,
        rotateAfter: options.ticketKeys ? 0 : keyPeriod,
        keepFor: () => this.lifetime * 1000,
        onError: (error) => tellSessionError('ticketKeys', error),
      },
      options.ticketKeys && readTicketKeys('options.ticketKeys', options.ticketKeys),
    );
    this.#ownsKeys = isGiven(options.ticketKeys);
    const { sessionStore } = options;
    const store: SessionStore | undefined =
      sessionStore === false ? undefined : (sessionStore ?? new MemorySessionStore());
    this.#store = store && new BoundedStore(store, () => this.lifetime, clock);
    if (this.maxEarlyData > 0) this.issuer = crypto.randomBytes(issuerLength);
    this.#guard = new ReplayGuard({
      now: () => this.now(),
      issuer: this.issuer,
      // A clock of this machine's own may be set back while nobody runs who would notice.
      isShared: () => this.#store?.sharesEarlyData === true,
    });
    if (store?.ticketKeys && !this.#ownsKeys) {
      this.#ownsKeys = true;
      this.#ring.follow(store.ticketKeys);
    }
  }

  /** Takes over what options given later say; what they do not name stays, ticket keys above all. */
  update({ ticketKeys, sessionTimeout, sessionIdContext }: SessionOptions): void {
    if (isGiven(sessionTimeout)) this.lifetime = Math.min(readTimeout(sessionTimeout), longestLifetime);
    if (isGiven(sessionIdContext)) this.context = readContext(sessionIdContext);
    if (isGiven(ticketKeys)) this.#replaceKeys('options.ticketKeys', ticketKeys);
  }

  /** Here, and by all who share the store, if it can tell. */
  admitEarlyData(ticket: Uint8Array, session: Pick<Session, 'issuer' | 'issuedAt'>): MaybePromise<boolean> {
    if (!this.#guard.admit(ticket, session)) return false;
    return this.#store?.admit(ticket, (rememberFor + storeSlack) / 1000) ?? true;
  }

  now(): number {
    return this.#store?.now() ?? this.#clock();
  }

  get tickets(): TicketSealer | undefined {
    return this.#usesTickets ? this.#ring : undefined;
  }

  get cache(): SessionCache | undefined {
    return this.#has('resumeSession') || this.#has('newSession') ? this.#byEvents : this.#store;
  }

  /** An application that looks sessions up is asked for those of TLS 1.3 too. */
  get prefersCache(): boolean {
    return this.#has('resumeSession');
  }

  get onTicket(): Sessions['onTicket'] {
    return this.#has('newSession') ? (id, session) => this.#newSession(id, session) : undefined;
  }

  /** The 48 bytes of the current ticket key. No getter, which inspection would call. */
  copyTicketKeys(): OwnBuffer {
    return Buffer.from(this.#ring.copyKey());
  }

  /** Seals new tickets with other keys; those under the keys before are still taken until their sessions end. */
  setTicketKeys(keys: Uint8Array): void {
    this.#replaceKeys('buffer', keys);
  }

  /** What other processes need in order to have the same ticket keys; nothing where the application cares for them. */
  shareTicketKeys(): TicketSeed | undefined {
    if (this.#ownsKeys) return undefined;
    this.#derived ??= this.#derive();
    return this.#derived.seed;
  }

  /** Has the ticket keys of another process from now on, unless the application cares for them. */
  adoptTicketKeys(seed: TicketSeed): void {
    if (!this.#ownsKeys) this.#derived = this.#derive(seed);
  }

  #derive(seed?: TicketSeed): DerivedTicketKeys {
    const keys = new DerivedTicketKeys({ provider: nodeCrypto, now: this.#clock }, seed);
    this.#ring.follow(keys);
    return keys;
  }

  #replaceKeys(name: string, keys: unknown): void {
    this.#ring.replace(readTicketKeys(name, keys));
    this.#ownsKeys = true;
  }

  #has(event: keyof SessionEvents): boolean {
    return this.#events.listenerCount(event) > 0;
  }

  #newSession(id: Uint8Array, session: Uint8Array): MaybePromise<void> {
    if (!this.#has('newSession')) return undefined;
    return new Promise((resolve) => {
      this.#events.emit('newSession', Buffer.from(id), Buffer.from(session), () => resolve());
    });
  }

  #resumeSession(id: Uint8Array): MaybePromise<Uint8Array | undefined> {
    if (!this.#has('resumeSession')) return undefined;
    return new Promise((resolve, reject) => {
      this.#events.emit('resumeSession', Buffer.from(id), (error?: Error | null, data?: Uint8Array | null) => {
        if (error) reject(error);
        else resolve(ArrayBuffer.isView(data) ? data : undefined);
      });
    });
  }
}

/** The sessions of servers, and of contexts whose sockets an application makes itself. */
const known = new WeakMap<object, ServerSessions>();

/** Makes the sessions of a server findable by it. */
export function keepSessions(owner: object, sessions: ServerSessions): void {
  known.set(owner, sessions);
}

/** The sessions of contexts that sockets of a server were made with. */
const knownOfContexts = new WeakMap<EventEmitter, WeakMap<SecureContext, ServerSessions>>();

/**
 * The sessions of sockets that an application makes itself with a context, made of `options` when first asked for. They are
 * told to `server`, if there is one. Sockets whose context `isShared` have the server's; those of another context have their
 * own: otherwise one application would go on with what another began.
 */
export function sessionsOf(
  server: EventEmitter | undefined,
  context: SecureContext,
  options: SessionOptions,
  isShared: boolean,
): ServerSessions {
  if (server === undefined) return sessionsIn(known, context, new EventEmitter(), options);
  if (isShared) return sessionsIn(known, server, server, options);
  const ofContexts = knownOfContexts.get(server) ?? new WeakMap<SecureContext, ServerSessions>();
  knownOfContexts.set(server, ofContexts);
  return sessionsIn(ofContexts, context, server, options);
}

function sessionsIn<K extends object>(
  map: WeakMap<K, ServerSessions>,
  key: K,
  events: EventEmitter,
  options: SessionOptions,
): ServerSessions {
  const sessions = map.get(key) ?? new ServerSessions(events, options);
  map.set(key, sessions);
  return sessions;
}

function readTimeout(value: unknown): number {
  if (!isGiven(value)) return defaultTimeout;
  checkNumber('options.sessionTimeout', value, 0, 2 ** 31 - 1, true);
  return value || defaultTimeout;
}

function readTicketCount(value: unknown): number {
  if (!isGiven(value)) return 2;
  checkNumber('options.sessionTickets', value, 0, 16, true);
  return value;
}

function readMaxEarlyData(value: unknown): number {
  if (!isGiven(value)) return 0;
  checkNumber('options.maxEarlyData', value, 0, 2 ** 32 - 1, true);
  return value;
}

/** At most 32 bytes, which is OpenSSL's bound: longer ones are told by their hash. */
function readContext(value: unknown): Uint8Array {
  if (!isGiven(value)) return new Uint8Array();
  checkString('options.sessionIdContext', value);
  const bytes = Buffer.from(value);
  return bytes.length <= 32 ? bytes : nodeCrypto.digest('sha256', bytes);
}

function readTicketKeys(name: string, value: unknown): Uint8Array {
  if (!isBytes(value)) throw invalidArgType(name, 'an instance of Buffer, TypedArray, or DataView', value);
  if (value.byteLength === ticketKeyLength) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (name.includes('.')) throw invalidArgValue(name, value.byteLength, `must be exactly ${ticketKeyLength} bytes`);
  const message = `Session ticket keys must be a ${ticketKeyLength}-byte buffer`;
  throw nodeError('ERR_INVALID_ARG_VALUE', message, TypeError);
}
