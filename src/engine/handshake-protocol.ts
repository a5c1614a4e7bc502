import type { ClientAuthentication } from '../handshake/config.ts';
import type { ClientIdentity, Secured } from '../handshake/handshake.ts';
import type { HandshakeReport } from '../handshake/report.ts';
import type { Expected, Steps } from '../handshake/steps.ts';
import type { HandshakeMessage } from '../messages/handshake-message.ts';
import type { HandshakeReader } from '../messages/handshake-reader.ts';
import { AlertDescription, AlertLevel, fail, TlsAlert } from '../wire/alert.ts';
import { HandshakeType, messageName, ProtocolVersion } from '../wire/code-points.ts';
import { checkMessageBoundary } from './handshake-channel.ts';
import { HandshakeDriver, type HandshakeListener } from './handshake-driver.ts';
import type { Inbound } from './inbound.ts';
import { KeyUpdates } from './key-updates.ts';
import type { Outbound } from './outbound.ts';
import type { PeerAllowance } from './peer-allowance.ts';
import type { Sink } from './sink.ts';
import { traceMessage } from './trace.ts';

/** What the protocols of one connection work with. */
export interface ConnectionParts {
  readonly sink: Sink;
  readonly report: HandshakeReport;
  readonly messages: HandshakeReader;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly allowance: PeerAllowance;
}

/** Hears that an answer of the application's has come: `goOn` is to be called where errors are caught. */
export type Answered = HandshakeListener<unknown>['answered'];

/**
 * The handshake protocol (RFC 8446 section 4, RFC 5246 section 7.4) in the handshake and after it: which messages may
 * come, and what becomes of each.
 */
export class HandshakeProtocol {
  readonly #sink: Sink;
  readonly #report: HandshakeReport;
  readonly #messages: HandshakeReader;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #allowance: PeerAllowance;
  /** The handshake, gone once it is done. */
  #handshake: HandshakeDriver<Secured> | undefined;
  #secured: Secured | undefined;
  /** Made when it is first needed: few connections live to replace their keys. */
  #keyUpdates: KeyUpdates | undefined;
  /** A client's authentication after the handshake, while it goes on. */
  #authentication: HandshakeDriver<ClientIdentity> | undefined;
  #endsAtRenegotiation = false;

  constructor({ sink, report, messages, inbound, outbound, allowance }: ConnectionParts) {
    this.#sink = sink;
    this.#report = report;
    this.#messages = messages;
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#allowance = allowance;
  }

  /** Begins the handshake. */
  begin(steps: Steps<Secured>, answered: Answered): void {
    this.#handshake = new HandshakeDriver(steps, {
      done: (secured) => this.#becomeSecure(secured),
      early: (secured) => this.#becomeSecureEarly(secured),
      answered,
    });
  }

  // ---- how far it is

  get is13(): boolean {
    return this.#report.versionNumber === ProtocolVersion.tls13;
  }

  /** What the connection lives by, from when application data may flow. */
  get secured(): Secured | undefined {
    return this.#secured;
  }

  /** Whether the handshake is done: while early data is taken, the connection is secure before. */
  get isConfirmed(): boolean {
    return this.#secured !== undefined && this.#handshake === undefined;
  }

  /** Whether the application is to say something before anything else can happen. */
  get isWaitingForAnswer(): boolean {
    return (this.#handshake ?? this.#authentication)?.isWaitingForAnswer === true;
  }

  /** What the peer is to send in the handshake; `undefined` while an answer is due, and when it is done. */
  get expected(): Expected | undefined {
    return this.#handshake?.expected;
  }

  /** What the connection waits for, in words. */
  get expecting(): string {
    if (this.#handshake?.isWaitingForAnswer) return 'an answer';
    return this.expected ?? 'application data';
  }

  /** Whether a part of an answer to a CertificateRequest has come: it comes in one piece (RFC 8446 section 4.6.2). */
  get isAuthenticating(): boolean {
    return this.#authentication !== undefined && !this.#authentication.expects('certificate');
  }

  // ---- what the peer sends

  /** Bytes of messages that are not whole, or not yet taken. */
  get pending(): number {
    return this.#messages.pending;
  }

  /** Adds the content of a handshake record. */
  append(content: Uint8Array): void {
    this.#messages.append(content);
  }

  /** New input begins. */
  beginInput(): void {
    this.#keyUpdates?.beginInput();
  }

  /** Works off the next message, if it is whole; returns whether it is. Throws where what has begun may not come. */
  receiveNext(): boolean {
    const message = this.#messages.next();
    if (message === undefined) {
      this.#checkBegunMessage();
      return false;
    }
    this.#receive(message);
    return true;
  }

  /** The ChangeCipherSpec of TLS 1.2, which is no message, but has its turn among them (RFC 5246 section 7.1). */
  receiveChangeCipherSpec(): void {
    this.#handshake?.resume(undefined);
  }

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
      fail('unexpectedMessage', `${words} instead of ${this.expected}`);
    }
    // RFC 8446 section 4.6.3; RFC 5246 section 7.2.2.
    const isAlways = type === (this.is13 ? HandshakeType.keyUpdate : HandshakeType.clientHello);
    if (isAlways && !this.isAuthenticating) return;
    if (name === undefined || !this.#authentication?.expects(name)) {
      fail('unexpectedMessage', `${words} after the handshake`);
    }
  }

  #receive(message: HandshakeMessage): void {
    traceMessage(this.#sink, 'received', message.type, message.raw.length);
    this.#checkExpected(message.type);
    if (!this.isConfirmed) return this.#handshake?.resume(message);
    switch (message.type) {
      case HandshakeType.keyUpdate:
        checkMessageBoundary(this.#messages);
        return this.#updates.receive(message);
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
    this.#allowance.countRenegotiation();
    // After our close_notify nothing may follow (RFC 5246 section 7.2.1).
    if (!this.#outbound.isClosed) this.#outbound.addAlert(AlertLevel.warning, AlertDescription.noRenegotiation);
  }

  // ---- the handshake's end

  #becomeSecure(secured: Secured): void {
    const wasSecure = this.#secured !== undefined;
    this.#secured?.release(); // what early data went by has secrets of its own
    this.#handshake = undefined;
    this.#secured = secured;
    this.#report.reach('secure');
    this.#report.settle();
    if (!this.#outbound.isHeld) this.#outbound.flush();
    this.#sink.event(wasSecure ? { type: 'confirmed' } : { type: 'secure', secured });
  }

  /** Our flight is out, and early data may come (RFC 8446 section 2.3). */
  #becomeSecureEarly(secured: Secured): void {
    this.#secured = secured;
    this.#outbound.flush();
    this.#sink.event({ type: 'secure', secured });
  }

  // ---- after the handshake

  /** Whether our keys can be replaced: not in TLS 1.2, and not before the handshake is done. */
  get canUpdateKeys(): boolean {
    return this.isConfirmed && this.#secured?.nextSealer !== undefined;
  }

  /** Replaces our keys, and asks for the peer's if `requested`; throws `TlsAlert` in TLS 1.2. */
  updateKeys(requested: boolean): void {
    if (this.isConfirmed) this.#updates.send(requested);
  }

  get #updates(): KeyUpdates {
    this.#keyUpdates ??= new KeyUpdates(this.#secured!, this.#inbound, this.#outbound, this.#allowance);
    return this.#keyUpdates;
  }

  /** Asks the client for its certificate (RFC 8446 section 4.6.2); returns whether it can be asked now. */
  requestCertificate(auth: ClientAuthentication, answered: Answered): boolean {
    if (this.#authentication) return false;
    const request = this.#secured?.requestCertificate?.(auth);
    if (request === undefined) return false;
    this.#authentication = new HandshakeDriver(request, {
      done: (client) => {
        this.#authentication = undefined;
        this.#sink.event({ type: 'client', client });
      },
      answered,
    });
    return true;
  }

  /** From now on an attempt to renegotiate ends the connection, instead of being refused by a warning. */
  disableRenegotiation(): void {
    this.#endsAtRenegotiation = true;
  }

  /** Makes that the session is not resumed: the connection failed. */
  forgetSession(): void {
    this.#secured?.forgetSession?.();
  }

  /** Nothing will be received any more: late answers are ignored, and the secrets are wiped. */
  release(): void {
    this.#handshake?.drop();
    this.#authentication?.drop();
    this.#secured?.release();
  }
}
