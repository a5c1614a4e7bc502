import { fail } from '../wire/alert.ts';
import { limits } from './limits.ts';

/**
 * What a peer may do only so often, since it costs the peer next to nothing. Each method counts one more, and throws
 * `TlsAlert` beyond the bound that `limits` has for it.
 */
export class PeerAllowance {
  #emptyRecords = 0;
  #changeCipherSpecs = 0;
  #warnings = 0;
  #keyUpdates = 0;
  #renegotiations = 0;

  /** The peer sent application data: what is bounded between such data may begin anew. */
  noteData(): void {
    this.#emptyRecords = this.#warnings = this.#keyUpdates = 0;
  }

  /** A record of application data that holds none. */
  countEmptyRecord(): void {
    if (++this.#emptyRecords <= limits.emptyRecords) return;
    fail('unexpectedMessage', 'too many empty records', 'TOO_MANY_EMPTY_FRAGMENTS');
  }

  /** A ChangeCipherSpec that a TLS 1.3 handshake passes over. */
  countChangeCipherSpec(): void {
    if (++this.#changeCipherSpecs <= limits.changeCipherSpecs) return;
    fail('unexpectedMessage', 'unexpected ChangeCipherSpec', 'UNEXPECTED_CCS');
  }

  /** An alert that asks for nothing. */
  countWarning(): void {
    if (++this.#warnings <= limits.warningAlerts) return;
    fail('decodeError', 'too many warning alerts', 'TOO_MANY_WARNING_ALERTS');
  }

  /** A KeyUpdate. */
  countKeyUpdate(): void {
    if (++this.#keyUpdates <= limits.keyUpdates) return;
    fail('unexpectedMessage', 'too many KeyUpdates', 'TOO_MANY_KEY_UPDATES');
  }

  /** An attempt to renegotiate. */
  countRenegotiation(): void {
    if (++this.#renegotiations <= limits.renegotiations) return;
    fail('unexpectedMessage', 'too many attempts to renegotiate', 'TOO_MANY_RENEGOTIATIONS');
  }
}
