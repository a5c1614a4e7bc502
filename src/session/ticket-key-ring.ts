import type { Aead, CryptoProvider } from '../crypto/provider.ts';
import { wipe } from '../wire/wipe.ts';
import type { OpenedTicket, TicketSealer } from './sessions.ts';
import type { TicketKeySet, TicketKeySource } from './ticket-key-source.ts';

/** Bytes of a ticket key as Node has it: a name, and 32 bytes of key. */
export const ticketKeyLength = 48;
const nameLength = 16;
const nonceLength = 12;
const tagLength = 16;
const empty = new Uint8Array();

interface TicketKey {
  /** Node's 48 bytes. */
  readonly bytes: Uint8Array;
  readonly name: Uint8Array;
  readonly aead: Aead;
  /** When it became the current one; milliseconds since 1970. */
  since: number;
}

interface Replaced {
  readonly key: TicketKey;
  readonly until: number;
}

export interface RingOptions {
  readonly provider: CryptoProvider;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds after which the ring makes itself a new key; 0 for never. */
  readonly rotateAfter: number;
  /** Milliseconds that tickets of a replaced key are still taken. */
  readonly keepFor: () => number;
  /** Hears what a source of keys threw, each time. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The keys that tickets are sealed with: one is current; those before it still open tickets, and so do those that
 * other processes have made current already. No timer: keys are replaced when somebody asks.
 */
export class TicketKeyRing implements TicketSealer {
  readonly #options: RingOptions;
  #current: TicketKey;
  /** Replaced keys with the moment until which they open tickets. */
  #previous: Replaced[] = [];
  /** Keys that are to come. */
  #next: readonly TicketKey[] = [];
  #source: TicketKeySource | undefined;
  /** The keys that the source gave last. */
  #set: TicketKeySet | undefined;

  /** Throws `RangeError` unless `key` has 48 bytes; without one a random key is made. */
  constructor(options: RingOptions, key?: Uint8Array) {
    this.#options = options;
    this.#current = this.#make(key ?? options.provider.randomBytes(ticketKeyLength));
  }

  /** The 48 bytes of the current key. No getter, which inspection would call. */
  copyKey(): Uint8Array {
    this.#refresh();
    return Uint8Array.from(this.#current.bytes);
  }

  /**
   * Makes a key current; tickets of the one before are still taken for a while. A source is followed no longer. Throws
   * `RangeError`.
   */
  replace(key: Uint8Array): void {
    this.#makeCurrent(this.#make(key));
    this.#source = undefined;
  }

  /**
   * Has its keys from a source from now on; until that has any, and while it fails, those that it has then. Throws what the
   * source throws, and `RangeError` for keys that are none.
   */
  follow(source: TicketKeySource): void {
    this.#source = source;
    this.#set = undefined;
    this.#ask();
  }

  /** Keys that will become current later, here or elsewhere: their tickets are taken from now on. Throws `RangeError`. */
  expect(keys: readonly Uint8Array[]): void {
    const before = this.#next;
    this.#next = keys.map((key) => this.#make(key));
    release(before);
  }

  /** Makes a new random key current. */
  rotate(): void {
    this.replace(this.#options.provider.randomBytes(ticketKeyLength));
  }

  seal(session: Uint8Array): Uint8Array {
    this.#refresh();
    const { name, aead } = this.#current;
    const nonce = this.#options.provider.randomBytes(nonceLength);
    const ticket = new Uint8Array(nameLength + nonceLength + session.length + tagLength);
    ticket.set(name);
    ticket.set(nonce, nameLength);
    aead.seal(nonce, name, session, empty, ticket, nameLength + nonceLength);
    return ticket;
  }

  open(ticket: Uint8Array): OpenedTicket | undefined {
    if (ticket.length < nameLength + nonceLength + tagLength) return undefined;
    this.#refresh();
    const key = this.#find(ticket.subarray(0, nameLength));
    if (key === undefined) return undefined;
    const at = nameLength + nonceLength;
    const nonce = ticket.subarray(nameLength, at);
    const session = key.aead.open(nonce, key.name, ticket, at, ticket.length);
    return session && { session, isOld: key !== this.#current };
  }

  #find(name: Uint8Array): TicketKey | undefined {
    if (sameBytes(name, this.#current.name)) return this.#current;
    const now = this.#options.now();
    this.#keep(this.#previous.filter(({ until }) => until >= now));
    return (
      this.#previous.find(({ key }) => sameBytes(name, key.name))?.key ??
      this.#next.find((key) => sameBytes(name, key.name))
    );
  }

  #make(key: Uint8Array): TicketKey {
    checkKey(key);
    const bytes = Uint8Array.from(key);
    const { provider, now } = this.#options;
    const aead = provider.aead('AEAD_AES_256_GCM', bytes.subarray(nameLength));
    return { bytes, name: bytes.subarray(0, nameLength), aead, since: now() };
  }

  #makeCurrent(key: TicketKey): void {
    const before = this.#current;
    if (sameBytes(key.bytes, before.bytes)) return release([key]);
    this.#current = key;
    this.#retire(before, this.#options.now());
  }

  /** Lets a key that was replaced at a moment open tickets for as long as they live. */
  #retire(key: TicketKey, replacedAt: number): void {
    const others = this.#previous.filter((entry) => !sameBytes(entry.key.name, key.name));
    const all = [{ key, until: replacedAt + this.#options.keepFor() }, ...others];
    this.#keep(all.filter((entry) => !sameBytes(entry.key.name, this.#current.name)).slice(0, maxPrevious));
  }

  /** Keeps some of the replaced keys, and one that is new among them, and releases the others. */
  #keep(previous: Replaced[]): void {
    const before = this.#previous;
    this.#previous = previous;
    release(before.filter((entry) => !previous.includes(entry)).map(({ key }) => key));
  }

  #refresh(): void {
    try {
      if (this.#ask()) return;
    } catch (error) {
      // A source that fails costs the resumption of other processes' sessions, and no handshake.
      this.#options.onError?.(error);
    }
    this.#rotateIfDue();
  }

  /** Takes over what the source has now, all of it or nothing; whether it has any. */
  #ask(): boolean {
    const set = this.#source?.keys(this.#options.keepFor());
    if (set === undefined) return false;
    if (set === this.#set) return true;
    for (const key of [set.current, ...set.previous.map((entry) => entry.key), ...set.next]) checkKey(key);
    this.#set = set;
    this.#makeCurrent(this.#make(set.current));
    for (const { key, replacedAt } of set.previous.toReversed()) this.#retire(this.#make(key), replacedAt);
    this.expect(set.next);
    return true;
  }

  #rotateIfDue(): void {
    const { rotateAfter, now } = this.#options;
    if (rotateAfter <= 0) return;
    const age = now() - this.#current.since;
    // A clock that was set back makes the key no younger: its time starts anew.
    if (age < 0) this.#current.since = now();
    else if (age > rotateAfter) this.#makeCurrent(this.#make(this.#options.provider.randomBytes(ticketKeyLength)));
  }
}

function checkKey(key: Uint8Array): void {
  if (key.length !== ticketKeyLength) throw new RangeError(`a ticket key has ${ticketKeyLength} bytes`);
}

/** Wipes keys, and gives back what they are held in. */
function release(keys: readonly TicketKey[]): void {
  for (const { aead, bytes } of keys) {
    aead.release();
    wipe(bytes);
  }
}

/** Replaced keys that are kept at most. */
const maxPrevious = 16;

/** Names of keys are no secrets. */
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
