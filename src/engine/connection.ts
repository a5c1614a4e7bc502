import type { CryptoProvider } from '../crypto/provider.ts';
import type { ClientAuthentication, Policy } from '../handshake/config.ts';
import type { Secured } from '../handshake/handshake.ts';
import { type Clock, HandshakeReport } from '../handshake/report.ts';
import { serverHandshake } from '../handshake/server.ts';
import { HandshakeReader } from '../messages/handshake-reader.ts';
import { AlertDescription, AlertLevel, registryName, type TlsAlert } from '../wire/alert.ts';
import { ContentType } from '../wire/code-points.ts';
import { ConnectionFailure, toAlert } from './failure.ts';
import { HandshakeChannel } from './handshake-channel.ts';
import { HandshakeProtocol } from './handshake-protocol.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';
import { PeerAllowance } from './peer-allowance.ts';
import { Reception } from './reception.ts';
import type { Sink } from './sink.ts';

/**
 * The server's end of one TLS connection: bytes in; bytes, plaintext and events out. It knows no sockets and no
 * timers, and waits only for the application's answers during the handshake.
 */
export class Connection {
  readonly report: HandshakeReport;
  readonly #sink: Sink;
  readonly #inbound = new Inbound();
  readonly #outbound: Outbound;
  readonly #handshake: HandshakeProtocol;
  readonly #reception: Reception;
  #isRunning = false;
  #isOver = false;

  constructor(policy: Policy, provider: CryptoProvider, sink: Sink, clock: Clock) {
    const report = new HandshakeReport(clock, provider.name);
    const inbound = this.#inbound;
    const outbound = new Outbound(sink);
    const messages = new HandshakeReader();
    const parts = { sink, report, messages, inbound, outbound, allowance: new PeerAllowance() };
    const handshake = new HandshakeProtocol(parts);
    this.report = report;
    this.#sink = sink;
    this.#outbound = outbound;
    this.#handshake = handshake;
    this.#reception = new Reception(handshake, parts);
    const channel = new HandshakeChannel(sink, messages, inbound, outbound, clock);
    handshake.begin(serverHandshake({ policy, provider, channel, report }), (goOn) => this.#goOn(goOn));
  }

  // ---- how it is

  /** Whether more input is of use now. While it is false, input is only kept. */
  get wantsInput(): boolean {
    return !this.#isOver && !this.#handshake.isWaitingForAnswer;
  }

  /** What the connection waits for, in words. */
  get expecting(): string {
    return this.#isOver ? 'nothing' : this.#handshake.expecting;
  }

  /** Whether application data may flow. */
  get isSecure(): boolean {
    return this.#handshake.secured !== undefined;
  }

  /** Whether nothing more can be sent or received, and all secrets are gone. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the handshake is done: while early data is taken, the connection is secure before. */
  get isConfirmed(): boolean {
    return this.#handshake.isConfirmed;
  }

  /** Whether the peer said that it will send no more: without it, the end of the stream is a truncation. */
  get receivedCloseNotify(): boolean {
    return this.#reception.isClosed;
  }

  /** Bytes of input that are held. */
  get buffered(): number {
    return this.#inbound.buffered + this.#handshake.pending;
  }

  get secured(): Secured | undefined {
    return this.#handshake.secured;
  }

  // ---- in

  /** Takes bytes from the peer. The buffer may be reused afterwards. */
  receive(bytes: Uint8Array): void {
    if (this.#isOver || this.#reception.isClosed) return;
    if (!this.#isRunning) {
      this.#inbound.append(bytes);
      return this.#run();
    }
    // Called from within a callback: the loop goes on with a copy, since the caller has the buffer back by then.
    this.#inbound.append(new Uint8Array(bytes));
  }

  /** The peer's stream ended. During the handshake that is a failure. */
  receiveEnd(): void {
    if (this.#isOver || this.isSecure) return;
    const message = 'socket hang up: the client closed the connection during the handshake';
    const { report } = this;
    this.#end(new ConnectionFailure(message, { code: 'ECONNRESET', alert: undefined, direction: 'none', report }));
  }

  /** An answer of the application's has come. */
  #goOn(goOn: () => void): void {
    this.#run(goOn);
    if (this.wantsInput) this.#sink.event({ type: 'wantsInput' });
  }

  /** Works off what is there, after `first`, until more input or an answer is needed. */
  #run(first?: () => void): void {
    const reception = this.#reception;
    this.#isRunning = true;
    this.#handshake.beginInput();
    try {
      first?.();
      while (this.wantsInput && !reception.isClosed) {
        if (this.#handshake.receiveNext()) continue;
        const record = this.#inbound.nextRecord();
        if (record === undefined) break;
        reception.receive(record);
      }
    } catch (error) {
      if (reception.isDelivering) throw error; // the application's own data listener: not ours to judge
      this.#fail(error);
    } finally {
      this.#isRunning = false;
      reception.isDelivering = false;
      this.#inbound.settle();
      if (!this.#isOver && !this.#outbound.isHeld) this.#outbound.flush();
    }
  }

  // ---- out

  /** Whether anything can still be sent. */
  get #maySend(): boolean {
    return !this.#isOver && !this.#outbound.isClosed;
  }

  /** Protects application data; the result is to be sent to the peer. Only once the connection is secure. */
  protect(plain: Uint8Array): Uint8Array | undefined {
    if (!this.isSecure || !this.#maySend) return undefined;
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
      if (this.#outbound.recordsLeft <= 1) this.#handshake.updateKeys(false);
      const end = at + this.#outbound.nextLength;
      this.#outbound.add(ContentType.applicationData, plain.subarray(at, end));
      at = end;
    }
  }

  /** Whether output waits for the application's first, to go out with it; `flush` sends it without. */
  get holdsOutput(): boolean {
    return this.#outbound.isHeld;
  }

  /** Sends what is held. */
  flush(): void {
    if (!this.#isOver && this.#outbound.isHeld) this.#outbound.flush();
  }

  /** Cuts what we send into records of at most so many bytes of content, or fewer where the peer wants fewer. */
  capFragments(length: number): void {
    this.#outbound.capFragments(length);
  }

  // ---- what the handshake protocol has for a secure connection

  /** Replaces our keys and asks the peer to replace its own (RFC 8446 section 4.6.3); whether the version can. */
  updateKeys(): boolean {
    if (!this.#handshake.canUpdateKeys || !this.#maySend) return false;
    this.#handshake.updateKeys(true);
    this.#outbound.flush();
    return true;
  }

  /**
   * Asks the client for a certificate (RFC 8446 section 4.6.2); a `client` event tells the answer. Returns whether the
   * client can be asked: only in TLS 1.3, if it said so, and one request at a time.
   */
  requestCertificate(auth: ClientAuthentication): boolean {
    if (!this.#maySend) return false;
    if (!this.#handshake.requestCertificate(auth, (goOn) => this.#goOn(goOn))) return false;
    this.#outbound.flush();
    return true;
  }

  /** Sends another ticket (RFC 8446 section 4.6.1). Returns a promise of whether the client can use one. */
  async sendTicket(): Promise<boolean> {
    const ticket = await this.secured?.issueTicket?.();
    if (ticket === undefined || !this.#maySend) return false;
    this.#outbound.addMessage(ticket);
    this.#outbound.flush();
    return true;
  }

  /** From now on an attempt to renegotiate ends the connection, instead of being refused by a warning. */
  disableRenegotiation(): void {
    this.#handshake.disableRenegotiation();
  }

  // ---- the end

  /** Tells the peer that no more data comes from us (close_notify); what it sends is still received. */
  close(): void {
    if (!this.#isOver) this.#outbound.close();
  }

  /** Ends the connection with an alert of the application's, for example when a handshake takes too long. */
  abort(reason: TlsAlert): void {
    this.#fail(reason);
  }

  /** Forgets everything: nothing is sent any more, late answers are ignored. */
  destroy(): void {
    this.#isOver = true;
    this.#release();
  }

  /** Ends the connection with the alert that the error stands for, unless the peer has ended it. */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    if (error instanceof ConnectionFailure) return this.#end(error);
    const reason = toAlert(error);
    // HTTP clients cannot read an alert: they are told in their own words.
    if (reason.code === 'HTTP_REQUEST') this.#sink.ciphertext(httpAnswer);
    else if (!this.#outbound.isClosed) {
      this.#outbound.addAlert(AlertLevel.fatal, AlertDescription[reason.alert]);
      this.#outbound.flush();
    }
    const { message, code, alert, cause } = reason;
    this.#end(new ConnectionFailure(message, { code, alert, direction: 'sent', cause, report: this.report }));
  }

  #end(failure: ConnectionFailure): void {
    this.#isOver = true;
    const { alert, direction } = failure;
    if (alert !== undefined && direction !== 'none') this.report.alert = { name: registryName(alert), direction };
    this.#handshake.forgetSession();
    this.#release();
    this.#sink.event({ type: 'failure', failure });
  }

  /** Lets go of what the connection will not need any more: it is over. */
  #release(): void {
    this.#handshake.release();
    this.#inbound.release();
    this.#outbound.release();
  }
}

const httpAnswer: Uint8Array = Buffer.from(
  'HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n' +
    'This server speaks TLS: use https:// instead of http://.\n',
);
