import type { TLSSocket } from './tls-socket.ts';

/**
 * The sockets of a server from `accept` until they are over, each in a slot that is used again. Not a Set: that is
 * copied to a new table every so many additions, and an old table, once V8 has moved it to where it collects seldom,
 * keeps the next one and all sockets in it from the frequent collections, and so on without end. That cost a
 * third of the server's part of a handshake.
 */
export class OpenSockets implements Iterable<TLSSocket> {
  readonly #slots: (TLSSocket | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** Returns the slot, for `remove`. */
  add(socket: TLSSocket): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = socket;
    return slot;
  }

  remove(slot: number): void {
    if (this.#slots[slot] === undefined) return;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  *[Symbol.iterator](): Iterator<TLSSocket> {
    for (const socket of this.#slots) if (socket !== undefined) yield socket;
  }
}
