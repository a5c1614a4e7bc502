import type { Channel } from '../handshake/handshake.ts';
import type { Clock } from '../handshake/report.ts';
import type { HandshakeReader } from '../messages/handshake-reader.ts';
import type { Opener, Sealer } from '../record/protection.ts';
import { fail } from '../wire/alert.ts';
import type { Inbound } from './inbound.ts';
import type { Outbound } from './outbound.ts';
import type { Sink } from './sink.ts';
import { traceMessage } from './trace.ts';

/** What the handshake can do to the connection. */
export class HandshakeChannel implements Channel {
  readonly #sink: Sink;
  readonly #messages: HandshakeReader;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #clock: Clock;

  constructor(sink: Sink, messages: HandshakeReader, inbound: Inbound, outbound: Outbound, clock: Clock) {
    this.#sink = sink;
    this.#messages = messages;
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#clock = clock;
  }

  send(message: Uint8Array): void {
    // A client answers what it has read; it cannot have read this yet.
    checkMessageBoundary(this.#messages, 'a handshake message came before its turn');
    traceMessage(this.#sink, 'sent', message[0]!, message.length);
    this.#outbound.addMessage(message);
  }

  sendLater(message: Uint8Array): void {
    traceMessage(this.#sink, 'sent', message[0]!, message.length);
    this.#outbound.addMessage(message);
    this.#outbound.isHeld = true;
  }

  sendChangeCipherSpec(): void {
    this.#outbound.addPlainChangeCipherSpec();
  }

  protectSending(sealer: Sealer): void {
    this.#outbound.protect(sealer);
  }

  protectReceiving(opener: Opener): void {
    try {
      checkMessageBoundary(this.#messages);
    } catch (error) {
      opener.release(); // nobody else has it
      throw error;
    }
    this.#inbound.protect(opener);
  }

  limitFragments(length: number): void {
    this.#outbound.limitFragments(length);
  }

  padRecords(padding: (length: number) => number): void {
    this.#outbound.padRecords(padding);
  }

  growRecords(): void {
    this.#outbound.growRecords(this.#clock);
  }

  expectRecords12(maxLength: number): void {
    this.#inbound.expectRecords12(maxLength);
  }

  takeEarlyData(maxLength: number): void {
    this.#inbound.takeEarlyData(maxLength);
  }

  endEarlyData(): void {
    this.#inbound.endEarlyData();
  }

  skipEarlyData(how: 'untilHello' | 'undecryptable', maxLength: number): void {
    this.#inbound.skipEarlyData(how, maxLength);
  }

  keylog(line: () => string): void {
    if (this.#sink.wantsKeylog) this.#sink.event({ type: 'keylog', line: line() });
  }
}

/**
 * Throws when more handshake bytes have come than may have by now: messages must not span a change of keys (RFC 8446
 * section 5.1).
 */
export function checkMessageBoundary(
  messages: HandshakeReader,
  fact = 'a handshake message spans a change of keys',
): void {
  if (messages.pending > 0) fail('unexpectedMessage', fact, 'EXCESS_HANDSHAKE_DATA');
}
