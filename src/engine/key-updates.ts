import type { Secured } from '../handshake/handshake.ts';
import type { HandshakeMessage } from '../messages/handshake-message.ts';
import { readKeyUpdate, writeKeyUpdate } from '../messages/key-update.ts';
import { fail } from '../wire/alert.ts';
import type { Inbound } from './inbound.ts';
import type { Outbound } from './outbound.ts';
import type { PeerAllowance } from './peer-allowance.ts';

/** The replacing of keys on a secure connection, both ways (RFC 8446 section 4.6.3). */
export class KeyUpdates {
  readonly #secured: Secured;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #allowance: PeerAllowance;
  #answered = false;
  /** Whether the peer was asked for an update and has sent none since. */
  #asked = false;

  constructor(secured: Secured, inbound: Inbound, outbound: Outbound, allowance: PeerAllowance) {
    this.#secured = secured;
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#allowance = allowance;
  }

  /** New input begins: however many updates it asks for, one answer will do. */
  beginInput(): void {
    this.#answered = false;
  }

  /** Takes a KeyUpdate, and answers it if asked to, unless we have sent our last. */
  receive(message: HandshakeMessage): void {
    const requested = readKeyUpdate(message);
    this.#allowance.countKeyUpdate();
    this.#asked = false;
    this.#inbound.protect(this.#secured.nextOpener!());
    if (!requested || this.#answered || this.#outbound.isClosed) return;
    this.#answered = true;
    this.send(false);
  }

  /**
   * Replaces our keys, and asks the peer for the same if `requested` and that was not asked already (RFC 9846 section
   * 4.7.3). Throws `TlsAlert` (internal_error) in TLS 1.2, whose keys then are used up for good.
   */
  send(requested: boolean): void {
    if (this.#secured.nextSealer === undefined) {
      fail('internalError', 'the keys of this version cannot be replaced', 'KEYS_EXHAUSTED');
    }
    this.#outbound.addMessage(writeKeyUpdate(requested && !this.#asked));
    this.#asked ||= requested;
    this.#outbound.protect(this.#secured.nextSealer());
  }
}
