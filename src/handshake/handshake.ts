import type { CipherSuite } from '../crypto/cipher-suites.ts';
import type { MaybePromise } from '../crypto/maybe-promise.ts';
import type { CryptoProvider, RunningHash } from '../crypto/provider.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import type { Opener, Sealer } from '../record/protection.ts';
import type { ClientAuthentication, ClientVerdict, Policy, ServerConfig } from './config.ts';
import type { HandshakeReport } from './report.ts';
import type { Steps } from './steps.ts';

/** The engine, as a handshake sees it. */
export interface Channel {
  /** Adds a message to the flight; it goes out when the handshake waits for the peer. */
  send(message: Uint8Array): void;
  /** Adds a last message, which may wait for application data to go out with. */
  sendLater(message: Uint8Array): void;
  /** Adds a ChangeCipherSpec record to the flight. */
  sendChangeCipherSpec(): void;
  /** Protects what is sent from here on. */
  protectSending(sealer: Sealer): void;
  /** Opens what comes from here on; throws `TlsAlert` when a message spans the change (RFC 8446 section 5.1). */
  protectReceiving(opener: Opener): void;
  /** From here on the client's records are of TLS 1.2, with so many bytes of plaintext at most (RFC 6066 section 4). */
  expectRecords12(maxLength: number): void;
  /** Cuts what we send into records of at most so many bytes of content. */
  limitFragments(length: number): void;
  /** Pads the records that we send (RFC 8446 section 5.4). */
  padRecords(padding: (length: number) => number): void;
  /** Lets the records of application data that we send begin short and grow. */
  growRecords(): void;
  /**
   * Passes over records that cannot be read (RFC 8446 section 4.2.10): as many as a client makes of the early data that its
   * ticket allows, of which there are so many bytes at most.
   */
  skipEarlyData(how: 'untilHello' | 'undecryptable', maxLength: number): void;
  /** Takes application data before the handshake is done, so many bytes of it (RFC 8446 section 4.2.10). */
  takeEarlyData(maxLength: number): void;
  /** The client says that its early data is over. */
  endEarlyData(): void;
  /** Takes a line of the key log, which is made only if somebody listens. */
  keylog(line: () => string): void;
}

/** What a handshake works with. */
export interface Handshake {
  readonly policy: Policy;
  readonly provider: CryptoProvider;
  readonly channel: Channel;
  readonly report: HandshakeReport;
}

/** A handshake whose ClientHello has been read and whose version has been chosen. */
export interface Negotiation extends Handshake {
  readonly hello: ClientHello;
  readonly config: ServerConfig;
}

/** Who the client is, by its certificates. */
export interface ClientIdentity {
  /** DER, the client's own first; empty when it was asked and sent none. */
  readonly chain: readonly Uint8Array[];
  readonly verdict: ClientVerdict;
}

/** What the connection lives by once the handshake is done. */
export interface Secured {
  readonly version: number;
  readonly cipherSuite: CipherSuite;
  /** The verify_data of the server's and the client's Finished. */
  readonly ownFinished: Uint8Array;
  /** Absent while early data is taken, before the client's Finished. */
  readonly peerFinished: Uint8Array | undefined;
  /** RFC 8446 section 7.5; RFC 5705. `context` absent and empty differ in TLS 1.2. */
  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array;
  /** The next generation of keys (RFC 8446 section 7.2); absent in TLS 1.2. */
  nextSealer?(): Sealer;
  nextOpener?(): Opener;
  /** The client's identity, if it was asked for. */
  readonly client?: ClientIdentity | undefined;
  /** The session that another connection could resume, as bytes that hold its secret. */
  session?(): Uint8Array | undefined;
  /** Asks the client for its certificate now (RFC 8446 section 4.6.2); `undefined` where the client cannot be asked. */
  requestCertificate?(auth: ClientAuthentication): Steps<ClientIdentity> | undefined;
  /** Makes a NewSessionTicket message; `undefined` where the client cannot use one. */
  issueTicket?(): MaybePromise<Uint8Array | undefined>;
  /** Makes that the session is not resumed by its id: the connection failed (RFC 5246 section 7.2.2). */
  readonly forgetSession?: (() => void) | undefined;
  /** Wipes all secrets: the connection is over, and what would need them throws or gives nothing. */
  release(): void;
}

/** All handshake messages so far, hashed (RFC 8446 section 4.4.1). */
export class Transcript {
  readonly #hash: RunningHash;
  #messages: Uint8Array[] | undefined;

  constructor(hash: RunningHash) {
    this.#hash = hash;
  }

  add(message: Uint8Array): this {
    this.#hash.update(message);
    this.#messages?.push(message);
    return this;
  }

  /** Keeps the messages from here on, for a signature over them all (RFC 5246 section 7.4.8). */
  keep(...before: readonly Uint8Array[]): void {
    this.#messages = [...before];
  }

  /** The messages kept, in one; they are not kept any longer. */
  takeMessages(): Uint8Array {
    const all = Buffer.concat(this.#messages ?? []);
    this.#messages = undefined;
    return all;
  }

  digest(): Uint8Array {
    return this.#hash.digest();
  }

  /** Another transcript that goes on from here. */
  copy(): Transcript {
    return new Transcript(this.#hash.copy());
  }

  /** Lets go of it: the handshake is done. */
  release(): void {
    this.#hash.release();
  }
}
