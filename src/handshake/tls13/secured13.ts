import { aeadShapes, type CipherSuite } from '../../crypto/cipher-suites.ts';
import type { MaybePromise } from '../../crypto/maybe-promise.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import type { Opener, Sealer } from '../../record/protection.ts';
import { Opener13, Sealer13 } from '../../record/protection13.ts';
import { byteString, bytesOf } from '../../wire/byte-string.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { wipe } from '../../wire/wipe.ts';
import type { ClientAuthentication } from '../config.ts';
import type { ClientIdentity, Secured } from '../handshake.ts';
import type { SizeLimits } from '../selection.ts';
import type { Steps } from '../steps.ts';
import {
  exportKeyingMaterial,
  nextTrafficSecret,
  type TrafficSecret,
  type TrafficSecrets,
  trafficKey,
} from './key-schedule.ts';
import type { TicketIssuer } from './tickets.ts';

/** What the protection of records is made with. */
export interface Protection {
  readonly provider: CryptoProvider;
  readonly suite: CipherSuite;
  readonly limits: SizeLimits;
}

/** Asks the client for its certificate; `secret` gives its traffic secret of the moment. */
export type RequestCertificate = (auth: ClientAuthentication, secret: () => TrafficSecret) => Steps<ClientIdentity>;

/** Protects what we send under a traffic secret. */
export const sealer = ({ provider, suite }: Protection, secret: TrafficSecret): Sealer13 =>
  new Sealer13(trafficKey(provider, suite, secret), aeadShapes[suite.aead]);

/** Opens what comes under a traffic secret. */
export const opener = (
  { provider, suite, limits }: Protection,
  secret: TrafficSecret,
  contentLimit: number | undefined = limits.replies.maxFragmentLength,
): Opener13 => new Opener13(trafficKey(provider, suite, secret), limits.receiving, contentLimit);

/** What comes of a handshake besides its secrets. */
export interface Outcome13 {
  readonly ownFinished: Uint8Array;
  readonly peerFinished?: Uint8Array;
  readonly client?: ClientIdentity | undefined;
  /** Makes tickets, where the client can use them. */
  readonly tickets?: TicketIssuer | undefined;
  /** Present where the client can be asked for a certificate later. */
  readonly requestCertificate?: RequestCertificate | undefined;
}

/**
 * What outlives the handshake; it keeps the traffic secrets only for key updates. A class, because closures would keep
 * everything that the handshake ever had.
 */
export class Secured13 implements Secured {
  readonly version: number = ProtocolVersion.tls13;
  readonly client: ClientIdentity | undefined;
  readonly #provider: CryptoProvider;
  readonly #suite: CipherSuite;
  readonly #limits: SizeLimits;
  readonly #ownFinished: string;
  readonly #peerFinished: string | undefined;
  readonly #exporter: Uint8Array;
  readonly #tickets: TicketIssuer | undefined;
  readonly #requestCertificate: RequestCertificate | undefined;
  #clientSecret: TrafficSecret;
  #serverSecret: TrafficSecret;
  #isOver = false;

  constructor(
    { provider, suite, limits }: Protection,
    application: TrafficSecrets & { readonly exporter: Uint8Array },
    outcome: Outcome13,
  ) {
    this.#provider = provider;
    this.#suite = suite;
    this.#limits = limits;
    this.#clientSecret = application.client;
    this.#serverSecret = application.server;
    this.#exporter = application.exporter;
    this.#ownFinished = byteString(outcome.ownFinished);
    this.#peerFinished = outcome.peerFinished && byteString(outcome.peerFinished);
    this.client = outcome.client;
    this.#tickets = outcome.tickets;
    this.#requestCertificate = outcome.requestCertificate;
  }

  get ownFinished(): Uint8Array {
    return bytesOf(this.#ownFinished);
  }

  get peerFinished(): Uint8Array | undefined {
    return this.#peerFinished === undefined ? undefined : bytesOf(this.#peerFinished);
  }

  get cipherSuite(): CipherSuite {
    return this.#suite;
  }

  exportKeyingMaterial(label: string, length: number, context: Uint8Array = new Uint8Array()): Uint8Array {
    if (this.#isOver) throw new Error('the connection is over, and its secrets are gone');
    return exportKeyingMaterial(this.#provider, this.#suite, this.#exporter, label, context, length);
  }

  nextSealer(): Sealer {
    this.#serverSecret = nextTrafficSecret(this.#provider, this.#suite, this.#serverSecret);
    const key = trafficKey(this.#provider, this.#suite, this.#serverSecret);
    return new Sealer13(key, aeadShapes[this.#suite.aead]);
  }

  nextOpener(): Opener {
    this.#clientSecret = nextTrafficSecret(this.#provider, this.#suite, this.#clientSecret);
    return opener({ provider: this.#provider, suite: this.#suite, limits: this.#limits }, this.#clientSecret);
  }

  release(): void {
    this.#isOver = true;
    wipe(this.#clientSecret, this.#serverSecret, this.#exporter);
    this.#tickets?.release();
  }

  session(): Uint8Array | undefined {
    return this.#tickets?.session();
  }

  issueTicket(): MaybePromise<Uint8Array | undefined> {
    return this.#tickets?.issue();
  }

  requestCertificate(auth: ClientAuthentication): Steps<ClientIdentity> | undefined {
    return this.#requestCertificate?.(auth, () => this.#clientSecret);
  }
}
