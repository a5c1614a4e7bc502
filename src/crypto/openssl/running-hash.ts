import { shortLived } from '../../wire/short-lived.ts';
import type { HashName } from '../cipher-suites.ts';
import type { RunningHash } from '../provider.ts';
import type { Library } from './library.ts';
import type { Area, Memory } from './memory.ts';
import { Sha2 } from './sha2.ts';

/** Bytes that are handed to OpenSSL at a time. */
const pieceLength = 1024;

/**
 * What all running hashes of one function share: OpenSSL's state of the one that was used last. It stays there until
 * another one comes, since a handshake uses its own many times in a row.
 */
export class HashMachine {
  readonly sha: Sha2;
  readonly #piece: Area;
  /** A copy of the state, which is finished in its stead. */
  readonly #copy: Area;
  readonly #result: Area;
  #current: OpensslRunningHash | undefined;

  constructor(library: Library, memory: Memory, name: HashName) {
    this.sha = new Sha2(library, memory, name);
    this.#piece = memory.reserve(pieceLength);
    this.#copy = memory.reserve(this.sha.state.bytes.length);
    this.#result = memory.reserve(this.sha.length);
  }

  /** Makes `hash` the one whose state is in place. */
  turnTo(hash: OpensslRunningHash): void {
    if (this.#current === hash) return;
    const { bytes } = this.sha.state;
    if (this.#current) this.#current.state = keep(this.#current.state, bytes);
    this.#current = hash;
    if (hash.state) bytes.set(hash.state);
    else this.sha.start();
  }

  /** Forgets a hash that nobody needs any more. */
  turnFrom(hash: OpensslRunningHash): void {
    if (this.#current === hash) this.#current = undefined;
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += pieceLength) {
      const piece = bytes.length <= pieceLength ? bytes : bytes.subarray(at, at + pieceLength);
      this.#piece.bytes.set(piece);
      this.sha.update(this.#piece.address, piece.length);
    }
  }

  digest(): Uint8Array {
    const { sha } = this;
    this.#copy.bytes.set(sha.state.bytes);
    sha.finish(this.#result.address, this.#copy.address);
    const result = new Uint8Array(sha.length);
    result.set(this.#result.bytes);
    return result;
  }
}

/** Keeps a state, in the place of an earlier one if there is one. */
function keep(place: Uint8Array | undefined, state: Uint8Array): Uint8Array {
  const kept = place ?? shortLived(state.length);
  kept.set(state);
  return kept;
}

/** A hash over a transcript. */
export class OpensslRunningHash implements RunningHash {
  /** The state as it was when another hash took the place; `undefined` at first. */
  state: Uint8Array | undefined;
  readonly #machine: HashMachine;

  constructor(machine: HashMachine, state?: Uint8Array) {
    this.#machine = machine;
    this.state = state;
  }

  update(bytes: Uint8Array): void {
    this.#machine.turnTo(this);
    this.#machine.update(bytes);
  }

  digest(): Uint8Array {
    this.#machine.turnTo(this);
    return this.#machine.digest();
  }

  copy(): RunningHash {
    this.#machine.turnTo(this);
    return new OpensslRunningHash(this.#machine, new Uint8Array(this.#machine.sha.state.bytes));
  }

  release(): void {
    this.#machine.turnFrom(this);
    this.state = undefined;
  }
}
