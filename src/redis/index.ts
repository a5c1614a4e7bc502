/** Sessions and ticket keys that a fleet of servers shares through Redis or Valkey, sealed under a secret of its own. */
import { isBytes } from '../node/arguments.ts';
import type { SessionStore } from '../session/memory-store.ts';
import type { TicketKeySource } from '../session/ticket-key-source.ts';
import { type RedisClient, type RedisCommands, redisCommands } from './commands.ts';
import { Guard, type GuardStats, report } from './guard.ts';
import { Seal } from './seal.ts';
import { SharedTicketKeys } from './shared-ticket-keys.ts';

export type { SessionStore } from '../session/memory-store.ts';
export type { ReplacedKey, TicketKeySet, TicketKeySource } from '../session/ticket-key-source.ts';
export type {
  CallingClient,
  ClusterClient,
  RedisClient,
  SendCommand,
  SendingClient,
  SentinelClient,
} from './commands.ts';
export type { GuardStats, RedisErrorMessage } from './guard.ts';

export interface RedisSessionOptions {
  /** What the servers have in common and the store does not know: 32 random bytes at least, or as many characters. */
  readonly secret: Uint8Array | string;
  /** What all names in the store begin with; `tsls:` unless told otherwise. */
  readonly prefix?: string | undefined;
  /** Milliseconds that a handshake waits for the store; 250 unless told otherwise, 1000 at most. */
  readonly deadline?: number | undefined;
  /** Most questions to the store that are pending at a time; 256 unless told otherwise. */
  readonly maxPending?: number | undefined;
  /** Whether a session that is kept under an id goes when it is resumed (GETDEL); not by default. */
  readonly singleUse?: boolean | undefined;
  /** Whether the servers share the keys of their tickets, too, which they do by default. */
  readonly ticketKeys?: boolean | undefined;
}

/** What became of the questions to the store. */
export interface RedisSessionStats extends GuardStats {
  /** Sessions that were asked for and there. */
  readonly found: number;
  /** Sessions that were asked for and not there. */
  readonly missing: number;
  /** Sessions that were kept. */
  readonly kept: number;
  /** Values that nobody with our secret wrote there, sessions or keys. */
  readonly forged: number;
}

/** A store for `sessionStore` of all servers that know the secret. */
export interface RedisSessions extends SessionStore {
  get(id: string): Promise<Uint8Array | undefined>;
  set(id: string, session: Uint8Array, seconds: number): Promise<void>;
  admit(name: string, seconds: number): Promise<boolean>;
  readonly ticketKeys: TicketKeySource | undefined;
  delete(id: string): Promise<void>;
  /** Milliseconds since 1970 by the store's clock; `undefined` if that is not known, or ours differs by more than an hour. */
  now(): number | undefined;
  readonly stats: RedisSessionStats;
  /** Settles when the ticket keys are there, or the store did not answer: a server may listen before. */
  readonly ready: Promise<void>;
  /** Looks for new ticket keys no longer. The client stays the application's to close. */
  close(): void;
}

/**
 * Shares sessions through a client that the application has made, and connected. Whatever goes wrong with the store
 * costs clients a full handshake, is counted in `stats`, and told on the channel `tsls:redis:error`. Throws `TypeError`
 * for a client that is none, and `RangeError` for options that are out of range.
 */
export function redisSessions(client: RedisClient, options: RedisSessionOptions): RedisSessions {
  return new Sessions(redisCommands(client), options);
}

class Sessions implements RedisSessions {
  readonly ticketKeys: SharedTicketKeys | undefined;
  readonly #redis: RedisCommands;
  readonly #guard: Guard;
  readonly #seal: Seal;
  readonly #isSingleUse: boolean;
  readonly #counts = { found: 0, missing: 0, kept: 0, forged: 0 };

  constructor(redis: RedisCommands, options: RedisSessionOptions) {
    const {
      secret,
      prefix = 'tsls:',
      deadline = 250,
      maxPending = 256,
      singleUse = false,
      ticketKeys = true,
    } = options;
    this.#redis = redis;
    this.#seal = new Seal(readSecret(secret), prefix);
    this.#guard = new Guard({
      deadline: readCount('deadline', deadline, 1000),
      maxPending: readCount('maxPending', maxPending, 1_000_000),
    });
    this.#isSingleUse = singleUse;
    if (!ticketKeys) return;
    const onForged = (): void => this.#reportForged('ticket key');
    this.ticketKeys = new SharedTicketKeys({ redis, guard: this.#guard, seal: this.#seal, onForged });
  }

  get stats(): RedisSessionStats {
    return { ...this.#counts, ...this.#guard.stats };
  }

  get ready(): Promise<void> {
    return this.ticketKeys?.ready ?? Promise.resolve();
  }

  async get(id: string): Promise<Uint8Array | undefined> {
    const name = this.#seal.nameOf('session', id);
    const reply = await (this.#isSingleUse
      ? this.#guard.ask('GETDEL', () => this.#redis.take(name))
      : this.#guard.ask('GET', () => this.#redis.get(name)));
    if (reply === undefined) return undefined;
    if (reply.answer === undefined) {
      this.#counts.missing++;
      return undefined;
    }
    const session = this.#seal.open(name, reply.answer);
    if (session === undefined) this.#reportForged('session');
    else this.#counts.found++;
    return session;
  }

  async set(id: string, session: Uint8Array, seconds: number): Promise<void> {
    const name = this.#seal.nameOf('session', id);
    const keep = (): Promise<void> => this.#redis.set(name, this.#seal.seal(name, session), seconds * 1000);
    const reply = await this.#guard.ask('SET', keep);
    if (reply !== undefined) this.#counts.kept++;
  }

  async admit(id: string, seconds: number): Promise<boolean> {
    const name = this.#seal.nameOf('early-data', id);
    const reply = await this.#guard.ask('SET', () => this.#redis.add(name, '1', seconds * 1000));
    return reply?.answer === true;
  }

  async delete(id: string): Promise<void> {
    const name = this.#seal.nameOf('session', id);
    await this.#guard.ask('DEL', () => this.#redis.remove(name));
  }

  now(): number | undefined {
    return this.ticketKeys?.storeTime;
  }

  close(): void {
    this.ticketKeys?.close();
  }

  #reportForged(what: string): void {
    this.#counts.forged++;
    report('GET', new Error(`a ${what} in the store is none that a server of this fleet wrote`));
  }
}

function readSecret(secret: unknown): Uint8Array {
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret;
  if (!isBytes(bytes)) throw new TypeError('options.secret must be bytes or a string');
  if (bytes.byteLength < 32) throw new RangeError('options.secret must have at least 32 bytes');
  return Uint8Array.from(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

function readCount(name: string, value: unknown, most: number): number {
  if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= most) return value as number;
  throw new RangeError(`options.${name} must be a whole number from 1 to ${most}`);
}
