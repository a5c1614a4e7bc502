import { sign, X509Certificate } from 'node:crypto';
import { writeCertificate12, writeCertificate13 } from '../../src/messages/certificate.ts';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { writeKeyUpdate } from '../../src/messages/key-update.ts';
import { ContentType, HandshakeType, ProtocolVersion, SignatureScheme } from '../../src/wire/code-points.ts';
import type { HelloFields } from './client-hello.ts';
import { identity } from './identities.ts';
import { RawClient } from './raw-client.ts';
import type { ServerEndOptions } from './server-end.ts';

/** What a client can do next: what a client may send at some point, and what it never may. */
export const steps = [
  'hello',
  'certificate',
  'clientKeyExchange',
  'certificateVerify',
  'changeCipherSpec',
  'finished',
  'applicationData',
  'keyUpdate',
  'endOfEarlyData',
  'helloRequest',
  'serverHelloDone',
  'newSessionTicket',
  'unknown',
] as const;
export type Step = (typeof steps)[number];

export interface StepClientOptions {
  readonly server?: ServerEndOptions;
  /** The ClientHellos, the first and the others. */
  readonly hellos: readonly [first: (client: StepClient) => HelloFields, other: (client: StepClient) => HelloFields];
  /** Whether the client has a certificate. */
  readonly hasCertificate?: boolean;
  /** The master secret of the session of TLS 1.2 that it resumes. */
  readonly resumes?: Uint8Array;
}

/**
 * A client that can take any step at any time, and each of them as well as it can be done: messages are what they
 * should be, over the transcript so far, under the keys that the client has.
 */
export class StepClient extends RawClient {
  readonly #options: StepClientOptions;
  /** The client's own messages of TLS 1.2 behind its ClientHello. */
  readonly #sent: Uint8Array[] = [];
  #hellos = 0;

  constructor(options: StepClientOptions) {
    super(options.server);
    this.#options = options;
    this.master = options.resumes;
  }

  get #is13(): boolean {
    return this.server.connection.report.versionNumber === ProtocolVersion.tls13;
  }

  protected override receiveChangeCipherSpec(): void {
    if (!this.#is13) this.decrypt12();
  }

  /** Takes a step and reads what the server answers. */
  take(step: Step): this {
    this.#take(step);
    return this.read();
  }

  #take(step: Step): unknown {
    switch (step) {
      case 'hello':
        return this.#sendHello();
      case 'certificate':
        return this.#sendInTranscript(this.#certificate());
      case 'clientKeyExchange':
        return this.#sendKeyExchange();
      case 'certificateVerify':
        return this.#sendInTranscript(this.#certificateVerify());
      case 'changeCipherSpec':
        return this.#changeCipherSpec();
      case 'finished':
        return this.#sendFinished();
      case 'applicationData':
        return this.send(ContentType.applicationData, Buffer.from('data'));
      case 'keyUpdate':
        this.sendMessage(writeKeyUpdate(false));
        return this.server.isSecure && this.#is13 && this.nextSendingKeys();
      case 'unknown':
        return this.sendMessage(Uint8Array.of(99, 0, 0, 0));
      default:
        return this.sendMessage(Uint8Array.of(HandshakeType[step], 0, 0, 0));
    }
  }

  #sendHello(): void {
    const [first, other] = this.#options.hellos;
    const fields = (this.#hellos++ === 0 ? first : other)(this);
    if (this.#hellos === 1) this.sendHello(fields);
    else this.sendSecondHello(fields);
  }

  #sendInTranscript(message: Uint8Array): void {
    this.#sent.push(message);
    this.transcript?.add(message);
    this.sendMessage(message);
  }

  #certificate(): Uint8Array {
    const chain = this.#options.hasCertificate ? [new X509Certificate(identity('p256').cert).raw] : [];
    return this.#is13 ? writeCertificate13(chain) : writeCertificate12(chain);
  }

  #certificateVerify(): Uint8Array {
    const signature = sign('sha256', this.#signed(), identity('p256').privateKey);
    return writeMessage(HandshakeType.certificateVerify, (w) =>
      w.u16(SignatureScheme.ecdsaSecp256r1Sha256).vector16((v) => v.bytes(signature)),
    );
  }

  /** RFC 8446 section 4.4.3; RFC 5246 section 7.4.8: all messages so far. */
  #signed(): Uint8Array {
    if (!this.#is13) {
      return Buffer.concat([
        this.firstHello ?? new Uint8Array(),
        ...this.messages.map(({ raw }) => raw),
        ...this.#sent,
      ]);
    }
    const context = Buffer.from('TLS 1.3, client CertificateVerify\0');
    return Buffer.concat([Buffer.alloc(64, 0x20), context, this.transcript.digest()]);
  }

  #sendKeyExchange(): void {
    if (this.messages.some(({ type }) => type === HandshakeType.serverKeyExchange)) {
      const message = this.clientKeyExchange12();
      this.#sent.push(message);
      this.sendMessage(message);
    } else {
      this.sendMessage(writeMessage(HandshakeType.clientKeyExchange, (w) => w.vector8((v) => v.bytes(this.key.share))));
    }
  }

  #changeCipherSpec(): void {
    // In TLS 1.3 it is never encrypted (RFC 8446 section 5).
    if (this.#is13) this.server.receive(Uint8Array.of(ContentType.changeCipherSpec, 3, 3, 0, 1, 1));
    else this.send(ContentType.changeCipherSpec, Uint8Array.of(1));
    if (!this.#is13 && this.master !== undefined && this.serverHello !== undefined) this.encrypt12();
  }

  #sendFinished(): void {
    const wasSecure = this.server.isSecure;
    this.sendMessage(this.#finished());
    if (this.#is13 && !wasSecure && this.server.isSecure) this.useApplicationKeys();
  }

  #finished(): Uint8Array {
    if (this.#is13 && this.handshakeSecrets !== undefined) return this.finished13();
    if (this.#is13 || this.master === undefined || this.serverHello === undefined) {
      return Uint8Array.of(HandshakeType.finished, 0, 0, 12, ...new Uint8Array(12));
    }
    const own = this.messages.find(({ type }) => type === HandshakeType.finished);
    if (this.#options.resumes !== undefined && own !== undefined) this.transcript.add(own.raw);
    return this.finished12();
  }
}
