import type { HandshakeReport } from '../handshake/report.ts';
import type { Opened } from '../record/protection.ts';
import type { Record } from '../record/record-reader.ts';
import { fail } from '../wire/alert.ts';
import { ContentType, ProtocolVersion } from '../wire/code-points.ts';
import { ConnectionFailure } from './failure.ts';
import type { ConnectionParts, HandshakeProtocol } from './handshake-protocol.ts';
import type { Inbound } from './inbound.ts';
import type { Outbound } from './outbound.ts';
import type { PeerAllowance } from './peer-allowance.ts';
import { readAlert } from './received-alert.ts';
import type { Sink } from './sink.ts';
import { traceAlert, traceRecord } from './trace.ts';

/**
 * What the peer's records mean, by their content: application data, handshake, alert, ChangeCipherSpec (RFC 8446
 * section 5). Throws `TlsAlert` for what may not come, and `ConnectionFailure` where the peer ends the connection.
 */
export class Reception {
  readonly #handshake: HandshakeProtocol;
  readonly #sink: Sink;
  readonly #report: HandshakeReport;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #allowance: PeerAllowance;
  #isClosed = false;
  /** Whether the application has plaintext in its hands. What it throws then is not the connection's to judge. */
  isDelivering = false;

  constructor(handshake: HandshakeProtocol, parts: Omit<ConnectionParts, 'messages'>) {
    const { sink, report, inbound, outbound, allowance } = parts;
    this.#handshake = handshake;
    this.#sink = sink;
    this.#report = report;
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#allowance = allowance;
  }

  /** Whether the peer's close_notify has come, behind which nothing counts. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes a record as it came. */
  receive(record: Record): void {
    if (!this.#handshake.isConfirmed && this.#handshake.is13 && this.#receivePlain13(record)) return;
    const opened = this.#inbound.open(record);
    if (opened !== undefined) this.#receiveContent(opened);
  }

  /** Takes what comes in clear in a TLS 1.3 handshake, whether keys are in use or not; returns whether it is that. */
  #receivePlain13(record: Record): boolean {
    if (record.type === ContentType.changeCipherSpec) {
      this.#passOverChangeCipherSpec(record);
      return true;
    }
    // A client that could not read our first flight has no keys to encrypt its alert with.
    if (record.type !== ContentType.alert || !this.#inbound.isProtected) return false;
    this.#receiveContent({ type: record.type, content: record.bytes.subarray(record.start, record.end) });
    return true;
  }

  #receiveContent({ type, content }: Opened): void {
    if (type !== ContentType.handshake && this.#handshake.pending > 0) this.#checkInterleaving(type);
    if (type !== ContentType.applicationData) traceRecord(this.#sink, 'received', type, content.length);
    switch (type) {
      case ContentType.applicationData:
        return this.#receiveApplicationData(content);
      case ContentType.handshake:
        if (content.length === 0) fail('unexpectedMessage', 'empty handshake record', 'BAD_LENGTH');
        return this.#handshake.append(content);
      case ContentType.alert:
        return this.#receiveAlert(content);
      case ContentType.changeCipherSpec:
        return this.#receiveChangeCipherSpec(content);
      default:
        return fail('unexpectedMessage', `record of unknown content type ${type}`, 'UNEXPECTED_RECORD');
    }
  }

  /** RFC 8446 section 5.1 forbids what RFC 5246 section 6.2.1 allows; an alert that ends the connection does so anyway. */
  #checkInterleaving(type: number): void {
    if (type === ContentType.alert) return; // see `#receiveWarning`
    if (type === ContentType.applicationData && this.#handshake.isConfirmed && !this.#handshake.is13) return;
    fail('unexpectedMessage', 'a handshake message is interleaved with another record', 'UNEXPECTED_RECORD');
  }

  #receiveApplicationData(content: Uint8Array): void {
    if (!this.#handshake.isConfirmed) this.#inbound.countEarlyData(content.length);
    if (content.length === 0) return this.#allowance.countEmptyRecord();
    if (this.#handshake.isAuthenticating)
      fail('unexpectedMessage', 'application data within a post-handshake authentication', 'UNEXPECTED_RECORD');
    this.#allowance.noteData();
    this.isDelivering = true;
    this.#sink.plaintext(content);
    this.isDelivering = false;
  }

  // ---- ChangeCipherSpec

  /** RFC 8446 section 5: one byte, 1, may come anywhere between the ClientHello and the Finished. */
  #passOverChangeCipherSpec({ bytes, start, end }: Record): void {
    const isValid = end - start === 1 && bytes[start] === 1;
    if (!isValid || this.#handshake.pending > 0) {
      fail('unexpectedMessage', 'unexpected ChangeCipherSpec', 'UNEXPECTED_CCS');
    }
    this.#allowance.countChangeCipherSpec();
  }

  /** RFC 5246 section 7.1. */
  #receiveChangeCipherSpec(content: Uint8Array): void {
    if (this.#handshake.expected !== 'changeCipherSpec')
      fail('unexpectedMessage', 'unexpected ChangeCipherSpec', 'UNEXPECTED_CCS');
    if (content.length !== 1 || content[0] !== 1)
      fail('illegalParameter', 'bad ChangeCipherSpec', 'BAD_CHANGE_CIPHER_SPEC');
    this.#handshake.receiveChangeCipherSpec();
  }

  // ---- alerts

  #receiveAlert(content: Uint8Array): void {
    traceAlert(this.#sink, 'received', content[1], content.length);
    const alert = readAlert(content, this.#handshake.is13);
    switch (alert.kind) {
      case 'closeNotify':
        return this.#receiveCloseNotify();
      case 'warning':
        return this.#receiveWarning();
      case 'error':
        throw new ConnectionFailure(alert.message, { ...alert, direction: 'received', report: this.#report });
    }
  }

  #receiveWarning(): void {
    if (this.#handshake.pending > 0 && this.#report.versionNumber !== ProtocolVersion.tls12) {
      fail('unexpectedMessage', 'a handshake message is interleaved with an alert', 'UNEXPECTED_RECORD');
    }
    this.#allowance.countWarning();
  }

  #receiveCloseNotify(): void {
    this.#isClosed = true;
    if (this.#handshake.secured !== undefined) return this.#sink.event({ type: 'end' });
    // RFC 8446 section 6.1: our side is closed by the same alert.
    this.#outbound.close();
    throw new ConnectionFailure('socket hang up: the client closed the connection during the handshake', {
      code: 'ECONNRESET',
      alert: 'closeNotify',
      direction: 'received',
      report: this.#report,
    });
  }
}
