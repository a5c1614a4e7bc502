import type { CryptoProvider } from '../crypto/provider.ts';
import type { ClientAuthentication, Policy } from '../handshake/config.ts';
import type { ClientIdentity, Secured } from '../handshake/handshake.ts';
import { type Clock, HandshakeReport } from '../handshake/report.ts';
import { serverHandshake } from '../handshake/server.ts';
import type { HandshakeMessage } from '../messages/handshake-message.ts';
import { HandshakeReader } from '../messages/handshake-reader.ts';
import type { Opened } from '../record/protection.ts';
import type { Record } from '../record/record-reader.ts';
import {
  AlertDescription,
  AlertLevel,
  type AlertName,
  alertName,
  fail,
  registryName,
  TlsAlert,
} from '../wire/alert.ts';
import { ContentType, contentName, HandshakeType, messageName, ProtocolVersion } from '../wire/code-points.ts';
import { ConnectionFailure, toAlert } from './failure.ts';
import { checkMessageBoundary, HandshakeChannel } from './handshake-channel.ts';
import { HandshakeDriver } from './handshake-driver.ts';
import { Inbound } from './inbound.ts';
import { KeyUpdates } from './key-updates.ts';
import { limits } from './limits.ts';
import { Outbound } from './outbound.ts';
import { readAlert } from './received-alert.ts';
import type { Sink, TraceEntry } from './sink.ts';

/**
 * The server's end of one TLS connection: bytes in; bytes, plaintext and events out. It knows no sockets and no
 * timers, and waits only for the application's answers during the handshake.
 */
export class Connection {
  readonly report: HandshakeReport;
  readonly #sink: Sink;
  readonly #inbound = new Inbound();
  readonly #outbound: Outbound;
  readonly #messages = new HandshakeReader();
  /** The handshake, gone once it is done. */
  #handshake: HandshakeDriver<Secured> | undefined;
  #secured: Secured | undefined;
  /** A client's authentication after the handshake, while it goes on. */
  #authentication: HandshakeDriver<ClientIdentity> | undefined;
  #keyUpdates: KeyUpdates | undefined;
  #isRunning = false;
  #isDelivering = false;
  #state: 'open' | 'over' = 'open';
  #sentCloseNotify = false;
  #receivedCloseNotify = false;
  // What the peer may do only so often.
  #emptyRecords = 0;
  #changeCipherSpecs = 0;
  #warnings = 0;
  #renegotiations = 0;
  #endsAtRenegotiation = false;

  constructor(policy: Policy, provider: CryptoProvider, sink: Sink, clock: Clock) {
    this.#sink = sink;
    this.#outbound = new Outbound(sink.returnsOutput);
    this.report = new HandshakeReport(clock, provider.name);
    const channel = new HandshakeChannel(sink, this.#messages, this.#inbound, this.#outbound, clock);
    const steps = serverHandshake({ policy, provider, channel, report: this.report });
    this.#handshake = new HandshakeDriver(steps, {
      done: (secured) => this.#becomeSecure(secured),
      early: (secured) => this.#becomeSecureEarly(secured),
      answered: (goOn) => this.#goOn(goOn),
    });
  }

  /** An answer of the application's has come. */
  #goOn(goOn: () => void): void {
    this.#run(goOn);
    if (this.wantsInput) this.#sink.event({ type: 'wantsInput' });
  }

  /** Whether more input is of use now. While it is false, input is only kept. */
  get wantsInput(): boolean {
    if (this.#state !== 'open') return false;
    return !(this.#handshake ?? this.#authentication)?.isWaitingForAnswer;
  }

  /** What the connection waits for, in words. */
  get expecting(): string {
    if (this.#state === 'over') return 'nothing';
    if (this.#handshake?.isWaitingForAnswer) return 'an answer';
    return this.#handshake?.expected ?? 'application data';
  }

  /** Whether application data may flow. */
  get isSecure(): boolean {
    return this.#secured !== undefined;
  }

  /** Whether nothing more can be sent or received, and all secrets are gone. */
  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** Whether the handshake is done: while early data is taken, the connection is secure before. */
  get isConfirmed(): boolean {
    return this.isSecure && this.#handshake === undefined;
  }

  /** Whether the peer said that it will send no more: without it, the end of the stream is a truncation. */
  get receivedCloseNotify(): boolean {
    return this.#receivedCloseNotify;
  }

  /** Bytes of input that are held. */
  get buffered(): number {
    return this.#inbound.buffered + this.#messages.pending;
  }

  get secured(): Secured | undefined {
    return this.#secured;
  }

  /** Takes bytes from the peer. The buffer may be reused afterwards. */
  receive(bytes: Uint8Array): void {
    if (this.#state === 'over' || this.#receivedCloseNotify) return;
    this.#inbound.append(bytes);
    if (this.#isRunning) return; // called from within a callback; the loop goes on with it
    this.#run();
  }

  /** Protects application data; the result is to be sent to the peer. Only once the connection is secure. */
  protect(plain: Uint8Array): Uint8Array | undefined {
    if (this.#secured === undefined || this.#state === 'over' || this.#sentCloseNotify) return undefined;
    this.#outbound.isHeld = false;
    if (this.#outbound.recordsLeft > this.#outbound.mostRecords(plain.length) + 1) {
      this.#outbound.add(ContentType.applicationData, plain);
    } else {
      this.#protectAcrossKeys(plain);
    }
    return this.#outbound.take();
  }

  /** Application data record by record, with a KeyUpdate where the key is used up (RFC 8446 section 5.5). */
  #protectAcrossKeys(plain: Uint8Array): void {
    for (let at = 0; at < plain.length; ) {
      if (this.#outbound.recordsLeft <= 1) this.#keyUpdates?.send(false);
      const end = at + this.#outbound.nextLength;
      this.#outbound.add(ContentType.applicationData, plain.subarray(at, end));
      at = end;
    }
  }

  /** Replaces our keys and asks the peer to replace its own (RFC 8446 section 4.6.3); whether the version can. */
  updateKeys(): boolean {
    if (!this.#keyUpdates?.isPossible || this.#state === 'over' || this.#sentCloseNotify) return false;
    this.#keyUpdates.send(true);
    this.#flush();
    return true;
  }

  /**
   * Asks the client for a certificate (RFC 8446 section 4.6.2); a `client` event tells the answer. Returns whether the
   * client can be asked: only in TLS 1.3, if it said so, and one request at a time.
   */
  requestCertificate(auth: ClientAuthentication): boolean {
    if (this.#authentication || this.#state === 'over' || this.#sentCloseNotify) return false;
    const request = this.#secured?.requestCertificate?.(auth);
    if (request === undefined) return false;
    this.#authentication = new HandshakeDriver(request, {
      done: (client) => {
        this.#authentication = undefined;
        this.#sink.event({ type: 'client', client });
      },
      answered: (goOn) => this.#goOn(goOn),
    });
    this.#flush();
    return true;
  }

  /** Sends another ticket (RFC 8446 section 4.6.1). Returns a promise of whether the client can use one. */
  async sendTicket(): Promise<boolean> {
    const ticket = await this.#secured?.issueTicket?.();
    if (ticket === undefined || this.#state === 'over' || this.#sentCloseNotify) return false;
    this.#outbound.addMessage(ticket);
    this.#flush();
    return true;
  }

  /** From now on an attempt to renegotiate ends the connection, instead of being refused by a warning. */
  disableRenegotiation(): void {
    this.#endsAtRenegotiation = true;
  }

  /** Cuts what we send into records of at most so many bytes of content, or fewer where the peer wants fewer. */
  capFragments(length: number): void {
    this.#outbound.capFragments(length);
  }

  /** Tells the peer that no more data comes from us (close_notify); what it sends is still received. */
  close(): void {
    if (this.#state === 'over' || this.#sentCloseNotify) return;
    this.#sentCloseNotify = true;
    this.#sendAlert(AlertLevel.warning, AlertDescription.closeNotify);
    this.#flush();
  }

  /** The peer's stream ended. During the handshake that is a failure. */
  receiveEnd(): void {
    if (this.#state === 'over' || this.#secured !== undefined) return;
    this.#end('socket hang up: the client closed the connection during the handshake', { code: 'ECONNRESET' });
  }

  /** Ends the connection with an alert of the application's, for example when a handshake takes too long. */
  abort(reason: TlsAlert): void {
    this.#fail(reason);
  }

  /** Forgets everything: nothing is sent any more, late answers are ignored. */
  destroy(): void {
    this.#state = 'over';
    this.#release();
  }

  /** Lets go of what the connection will not need any more: it is over. */
  #release(): void {
    this.#handshake?.drop();
    this.#authentication?.drop();
    this.#inbound.release();
    this.#outbound.release();
    this.#secured?.release();
  }

  /** Works off what is there, after `first`, until more input or an answer is needed. */
  #run(first?: () => void): void {
    this.#isRunning = true;
    this.#keyUpdates?.beginInput();
    try {
      first?.();
      while (this.wantsInput && !this.#receivedCloseNotify) {
        const message = this.#messages.next();
        if (message !== undefined) {
          this.#receiveMessage(message);
          continue;
        }
        this.#checkBegunMessage();
        const record = this.#inbound.nextRecord();
        if (record === undefined) break;
        this.#receiveRecord(record);
      }
    } catch (error) {
      if (this.#isDelivering) throw error; // the application's own data listener: not ours to judge
      this.#fail(error);
    } finally {
      this.#isRunning = false;
      this.#isDelivering = false;
      this.#inbound.settle();
      if (this.#state === 'open' && !this.#outbound.isHeld) this.#flush();
    }
  }

  /** Whether output waits for the application's first, to go out with it; `flush` sends it without. */
  get holdsOutput(): boolean {
    return this.#outbound.isHeld;
  }

  /** Sends what is held. */
  flush(): void {
    if (this.#state === 'open' && this.#outbound.isHeld) this.#flush();
  }

  #flush(): void {
    this.#outbound.isHeld = false;
    const bytes = this.#outbound.take();
    if (bytes !== undefined) this.#sink.ciphertext(bytes);
  }

  // ---- records

  get #is13(): boolean {
    return this.report.versionNumber === ProtocolVersion.tls13;
  }

  #receiveRecord(record: Record): void {
    const is13 = this.#is13;
    if (is13 && !this.isConfirmed && record.type === ContentType.changeCipherSpec) {
      return this.#passOverChangeCipherSpec(record);
    }
    // A client that could not read our first flight has no keys to encrypt its alert with.
    const isPlainAlert = is13 && !this.isConfirmed && record.type === ContentType.alert && this.#inbound.isProtected;
    const opened = isPlainAlert
      ? { type: record.type, content: record.bytes.subarray(record.start, record.end) }
      : this.#inbound.open(record);
    if (opened !== undefined) this.#receiveContent(opened);
  }

  #receiveContent({ type, content }: Opened): void {
    if (type !== ContentType.handshake && this.#messages.pending > 0) this.#checkInterleaving(type);
    if (type !== ContentType.applicationData) this.#trace('received', 'record', contentName(type), content.length);
    switch (type) {
      case ContentType.applicationData:
        return this.#receiveApplicationData(content);
      case ContentType.handshake:
        if (content.length === 0) fail('unexpectedMessage', 'empty handshake record', 'BAD_LENGTH');
        return this.#messages.append(content);
      case ContentType.alert:
        return this.#receiveAlert(content);
      case ContentType.changeCipherSpec:
        return this.#receiveChangeCipherSpec(content);
      default:
        return fail('unexpectedMessage', `record of unknown content type ${type}`, 'UNEXPECTED_RECORD');
    }
  }

  /** Whether a part of an answer to a CertificateRequest has come: it comes in one piece (RFC 8446 section 4.6.2). */
  get #isAuthenticating(): boolean {
    return this.#authentication !== undefined && !this.#authentication.expects('certificate');
  }

  /** RFC 8446 section 5.1 forbids what RFC 5246 section 6.2.1 allows; an alert that ends the connection does so anyway. */
  #checkInterleaving(type: number): void {
    if (type === ContentType.alert) return; // see `#receiveAlert`
    if (type === ContentType.applicationData && this.isConfirmed && !this.#is13) return;
    fail('unexpectedMessage', 'a handshake message is interleaved with another record', 'UNEXPECTED_RECORD');
  }

  #receiveApplicationData(content: Uint8Array): void {
    if (!this.isConfirmed) this.#inbound.countEarlyData(content.length);
    if (content.length === 0) {
      if (++this.#emptyRecords > limits.emptyRecords)
        fail('unexpectedMessage', 'too many empty records', 'TOO_MANY_EMPTY_FRAGMENTS');
      return;
    }
    if (this.#isAuthenticating)
      fail('unexpectedMessage', 'application data within a post-handshake authentication', 'UNEXPECTED_RECORD');
    this.#emptyRecords = this.#warnings = 0;
    this.#keyUpdates?.noteData();
    this.#isDelivering = true;
    this.#sink.plaintext(content);
    this.#isDelivering = false;
  }

  /** RFC 8446 section 5: one byte, 1, may come anywhere between the ClientHello and the Finished. */
  #passOverChangeCipherSpec({ bytes, start, end }: Record): void {
    const isValid = end - start === 1 && bytes[start] === 1;
    if (!isValid || this.#messages.pending > 0 || ++this.#changeCipherSpecs > limits.changeCipherSpecs) {
      fail('unexpectedMessage', 'unexpected ChangeCipherSpec', 'UNEXPECTED_CCS');
    }
  }

  /** RFC 5246 section 7.1. */
  #receiveChangeCipherSpec(content: Uint8Array): void {
    if (this.#handshake?.expected !== 'changeCipherSpec')
      fail('unexpectedMessage', 'unexpected ChangeCipherSpec', 'UNEXPECTED_CCS');
    if (content.length !== 1 || content[0] !== 1)
      fail('illegalParameter', 'bad ChangeCipherSpec', 'BAD_CHANGE_CIPHER_SPEC');
    this.#handshake.resume(undefined);
  }

  #receiveAlert(content: Uint8Array): void {
    this.#trace('received', 'alert', alertName(content[1] ?? -1) ?? `${content[1]}`, content.length);
    const alert = readAlert(content, this.#is13);
    switch (alert.kind) {
      case 'closeNotify':
        return this.#receiveCloseNotify();
      case 'warning':
        if (this.#messages.pending > 0 && this.report.versionNumber !== ProtocolVersion.tls12) {
          fail('unexpectedMessage', 'a handshake message is interleaved with an alert', 'UNEXPECTED_RECORD');
        }
        if (++this.#warnings <= limits.warningAlerts) return;
        return fail('decodeError', 'too many warning alerts', 'TOO_MANY_WARNING_ALERTS');
      case 'error':
        this.#end(alert.message, { ...alert, direction: 'received' });
    }
  }

  #receiveCloseNotify(): void {
    this.#receivedCloseNotify = true;
    if (this.isSecure) return this.#sink.event({ type: 'end' });
    // RFC 8446 section 6.1: our side is closed by the same alert.
    this.close();
    this.#end('socket hang up: the client closed the connection during the handshake', {
      code: 'ECONNRESET',
      alert: 'closeNotify',
      direction: 'received',
    });
  }

  // ---- handshake messages

  /** Whether the message of which a part is here is worth waiting for. */
  #checkBegunMessage(): void {
    const type = this.#messages.nextType;
    if (type === undefined) return;
    this.#checkExpected(type);
    this.#messages.checkNextLength();
  }

  #checkExpected(type: number): void {
    const name = messageName(type);
    const words = name ?? `message of type ${type}`;
    if (!this.isConfirmed) {
      if (name !== undefined && this.#handshake?.expects(name)) return;
      fail('unexpectedMessage', `${words} instead of ${this.#handshake?.expected}`);
    }
    // RFC 8446 section 4.6.3; RFC 5246 section 7.2.2.
    const isAlways = type === (this.#is13 ? HandshakeType.keyUpdate : HandshakeType.clientHello);
    if (isAlways && !this.#isAuthenticating) return;
    if (name === undefined || !this.#authentication?.expects(name)) {
      fail('unexpectedMessage', `${words} after the handshake`);
    }
  }

  #receiveMessage(message: HandshakeMessage): void {
    this.#trace('received', 'message', messageName(message.type) ?? `type ${message.type}`, message.raw.length);
    this.#checkExpected(message.type);
    if (!this.isConfirmed) return this.#handshake?.resume(message);
    switch (message.type) {
      case HandshakeType.keyUpdate:
        checkMessageBoundary(this.#messages);
        return this.#keyUpdates?.receive(message, !this.#sentCloseNotify);
      case HandshakeType.clientHello:
        return this.#refuseRenegotiation();
      default:
        this.#authentication?.resume(message);
    }
  }

  /** RFC 5246 section 7.2.2. */
  #refuseRenegotiation(): void {
    if (this.#endsAtRenegotiation) {
      const message = 'TLS session renegotiation disabled for this socket';
      throw new TlsAlert('unexpectedMessage', message, { code: 'ERR_TLS_RENEGOTIATION_DISABLED' });
    }
    if (++this.#renegotiations > limits.renegotiations) {
      fail('unexpectedMessage', 'too many attempts to renegotiate', 'TOO_MANY_RENEGOTIATIONS');
    }
    // After our close_notify nothing may follow (RFC 5246 section 7.2.1).
    if (!this.#sentCloseNotify) this.#sendAlert(AlertLevel.warning, AlertDescription.noRenegotiation);
  }

  #trace(direction: TraceEntry['direction'], kind: TraceEntry['kind'], name: string, length: number): void {
    this.#sink.trace?.({ direction, kind, name, length });
  }

  // ---- the handshake

  #becomeSecure(secured: Secured): void {
    const wasSecure = this.isSecure;
    this.#secured?.release(); // what early data went by has secrets of its own
    this.#handshake = undefined;
    this.#secured = secured;
    this.#keyUpdates = new KeyUpdates(secured, this.#inbound, this.#outbound);
    this.report.reach('secure');
    this.report.settle();
    if (!this.#outbound.isHeld) this.#flush();
    this.#sink.event(wasSecure ? { type: 'confirmed' } : { type: 'secure', secured });
  }

  /** Our flight is out, and early data may come (RFC 8446 section 2.3). */
  #becomeSecureEarly(secured: Secured): void {
    this.#secured = secured;
    this.#flush();
    this.#sink.event({ type: 'secure', secured });
  }

  // ---- the end

  #sendAlert(level: number, description: number): void {
    this.#trace('sent', 'alert', alertName(description) ?? `${description}`, 2);
    this.#outbound.add(ContentType.alert, Uint8Array.of(level, description));
  }

  /** Ends the connection with the alert that the error stands for. */
  #fail(error: unknown): void {
    if (this.#state === 'over') return;
    const reason = toAlert(error);
    // HTTP clients cannot read an alert: they are told in their own words.
    if (reason.code === 'HTTP_REQUEST') this.#sink.ciphertext(httpAnswer);
    else if (!this.#sentCloseNotify) {
      this.#sendAlert(AlertLevel.fatal, AlertDescription[reason.alert]);
      this.#flush();
    }
    this.#end(reason.message, { code: reason.code, alert: reason.alert, direction: 'sent', cause: reason.cause });
  }

  #end(
    message: string,
    facts: { code: string; alert?: AlertName | undefined; direction?: 'sent' | 'received'; cause?: unknown },
  ): void {
    this.#state = 'over';
    const { code, alert, direction = 'none', cause } = facts;
    if (alert !== undefined && direction !== 'none') this.report.alert = { name: registryName(alert), direction };
    const failure = new ConnectionFailure(message, { code, alert, direction, cause, report: this.report });
    this.#secured?.forgetSession?.();
    this.#release();
    this.#sink.event({ type: 'failure', failure });
  }
}

const httpAnswer: Uint8Array = Buffer.from(
  'HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n' +
    'This server speaks TLS: use https:// instead of http://.\n',
);
