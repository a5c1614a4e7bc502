import type { Duplex } from 'node:stream';
import { checkNumber, isGiven } from './arguments.ts';
import { clientNetwork } from './client-network.ts';
import { nodeError } from './errors.ts';
import type { TLSSocket } from './tls-socket.ts';

/** Bounds on what clients whose handshake is not done can make a server hold. */
export interface HandshakeLimitOptions {
  /**
   * Most connections whose handshake is going on, 16,384 by default; `Infinity` for any number. At that number the one
   * that has waited longest for its client, for a second at least, makes room for a newcomer; without such a one the
   * newcomer is refused, with a `drop` event.
   */
  readonly maxPendingHandshakes?: number | undefined;
  /**
   * Most of them from one address (for IPv6 from one /64); no bound by default, since all clients behind a proxy have
   * one. A newcomer beyond it is refused, with a `drop` event.
   */
  readonly maxPendingHandshakesPerAddress?: number | undefined;
  /**
   * Milliseconds that a client may take for its ClientHello, and for each later message of its handshake from the
   * message's first byte on; 20,000 by default, 0 for any time.
   */
  readonly handshakeMessageTimeout?: number | undefined;
}

/** Why a newcomer was refused: the option whose bound was reached. */
export type Refusal = 'maxPendingHandshakes' | 'maxPendingHandshakesPerAddress';

export const defaultMaxPending = 16_384;
/** Enough for TCP to send a lost packet five times. */
export const defaultMessageTimeout = 20_000;
/** Milliseconds that a client may be silent before it has to make room for another, where there is none. */
export const silenceBeforeEviction = 1000;
/** Of how many, the oldest first, it is looked for who could make room. */
const evictionCandidates = 16;
/** What a timer can wait at most. */
const longestTimeout = 2 ** 31 - 1;

/** Throws Node's errors for bounds that are none. */
export function checkHandshakeLimits(options: HandshakeLimitOptions): void {
  for (const name of ['maxPendingHandshakes', 'maxPendingHandshakesPerAddress'] as const) {
    if (isGiven(options[name]) && options[name] !== Number.POSITIVE_INFINITY) {
      checkNumber(`options.${name}`, options[name], 1, Number.MAX_SAFE_INTEGER, true);
    }
  }
  const { handshakeMessageTimeout } = options;
  if (!isGiven(handshakeMessageTimeout)) return;
  checkNumber('options.handshakeMessageTimeout', handshakeMessageTimeout, 0, longestTimeout);
}

/** The place of one connection in the line of those that are in their handshake. */
export interface Place {
  /** Absent once the place is left. */
  socket: TLSSocket | undefined;
  readonly network: string | undefined;
  older: Place | undefined;
  newer: Place | undefined;
}

/**
 * The connections of a server that are in their handshake, or failed and not closed yet; the oldest first. A line of
 * places, and not a Map, for the reason that `OpenSockets` tells: a place that is left refers to nobody.
 */
export class PendingHandshakes {
  readonly #most: number;
  readonly #mostPerNetwork: number;
  readonly #networks = new Map<string, number>();
  #oldest: Place | undefined;
  #newest: Place | undefined;
  #size = 0;

  constructor(options: HandshakeLimitOptions) {
    this.#most = options.maxPendingHandshakes ?? defaultMaxPending;
    this.#mostPerNetwork = options.maxPendingHandshakesPerAddress ?? Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#size;
  }

  /** Where a newcomer is from; not asked of the kernel where it does not matter. */
  networkOf(stream: Duplex): string | undefined {
    if (this.#mostPerNetwork === Number.POSITIVE_INFINITY) return undefined;
    return clientNetwork((stream as { remoteAddress?: string }).remoteAddress);
  }

  /** Makes room for a newcomer; says why where there is none. */
  refuse(network: string | undefined): Refusal | undefined {
    if (network !== undefined && (this.#networks.get(network) ?? 0) >= this.#mostPerNetwork) {
      return 'maxPendingHandshakesPerAddress';
    }
    if (this.#size < this.#most || this.#evict()) return undefined;
    return 'maxPendingHandshakes';
  }

  add(socket: TLSSocket, network: string | undefined): Place {
    const place: Place = { socket, network, older: this.#newest, newer: undefined };
    if (this.#newest) this.#newest.newer = place;
    else this.#oldest = place;
    this.#newest = place;
    this.#size++;
    if (network !== undefined) this.#networks.set(network, (this.#networks.get(network) ?? 0) + 1);
    return place;
  }

  /** The handshake is done, or its connection is gone. */
  remove(place: Place): void {
    if (place.socket === undefined) return;
    const { older, newer, network } = place;
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    place.socket = place.older = place.newer = undefined;
    this.#size--;
    if (network === undefined) return;
    const left = this.#networks.get(network)! - 1;
    if (left > 0) this.#networks.set(network, left);
    else this.#networks.delete(network);
  }

  /** Gives the place of the oldest whose client is silent to somebody else; whether there is such a one. */
  #evict(): boolean {
    let looks = evictionCandidates;
    for (let place = this.#oldest; place !== undefined && looks > 0; place = place.newer, looks--) {
      const { socket } = place;
      if (socket === undefined || socket.silence < silenceBeforeEviction) continue;
      this.remove(place);
      const message = 'The server has too many handshakes, and the client had nothing to say in its own';
      socket.destroy(nodeError('ERR_TLS_HANDSHAKE_EVICTED', message));
      return true;
    }
    return false;
  }
}
