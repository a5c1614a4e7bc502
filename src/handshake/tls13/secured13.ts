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
import { exportKeyingMaterial, nextTrafficSecret, type TrafficSecret, trafficKey } from './key-schedule.ts';
import type { LastingSecrets } from './lasting-secrets.ts';
import type { TicketIssuer } from './tickets.ts';

/** What the protection of records is made with. */
export interface Protection {
  readonly provider: CryptoProvider;
  readonly suite: CipherSuite;
  readonly limits: SizeLimits;
}

/** Works with a secret that is wiped afterwards. */
export type UseSecret = (work: (secret: TrafficSecret) => void) => void;
/** Asks the client for its certificate; `useSecret` gives its traffic secret of the moment. */
export type RequestCertificate = (auth: ClientAuthentication, useSecret: UseSecret) => Steps<ClientIdentity>;

/** Protects what we send under a traffic secret. */
export const sealer = ({ provider, suite }: Protection, secret: TrafficSecret): Sealer13 =>
  new Sealer13(trafficKey(provider, suite, secret), aeadShapes[suite.aead]);

/** Opens what comes under a traffic secret. */
export const opener = ({ provider, suite, limits }: Protection, secret: TrafficSecret): Opener13 =>
  new Opener13(trafficKey(provider, suite, secret), limits.receiving, limits.replies.maxFragmentLength);

/** Opens early data, in records of any length: a client sends it before it knows of the limits that we have. */
export const earlyOpener = ({ provider, suite }: Protection, secret: TrafficSecret): Opener13 =>
  new Opener13(trafficKey(provider, suite, secret));

/** Which of `LastingSecrets` is whose. */
const [clients, ours, exporters] = [0, 1, 0] as const;

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
  readonly #secrets: LastingSecrets;
  readonly #tickets: TicketIssuer | undefined;
  readonly #requestCertificate: RequestCertificate | undefined;
  #isOver = false;

  constructor({ provider, suite, limits }: Protection, secrets: LastingSecrets, outcome: Outcome13) {
    this.#provider = provider;
    this.#suite = suite;
    this.#limits = limits;
    this.#secrets = secrets;
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
    return this.#secrets.others.use(exporters, (secret) =>
      exportKeyingMaterial(this.#provider, this.#suite, secret, label, context, length),
    );
  }

  nextSealer(): Sealer {
    return this.#replace(ours, (secret) => sealer(this.#protection, secret));
  }

  nextOpener(): Opener {
    return this.#replace(clients, (secret) => opener(this.#protection, secret));
  }

  get #protection(): Protection {
    return { provider: this.#provider, suite: this.#suite, limits: this.#limits };
  }

  /** Goes on to the next generation of a traffic secret, and makes something of it. */
  #replace<T>(which: 0 | 1, make: (secret: TrafficSecret) => T): T {
    const { traffic } = this.#secrets;
    const next = traffic.use(which, (secret) =>
      nextTrafficSecret(this.#provider, this.#suite, secret as TrafficSecret),
    );
    const made = make(next);
    traffic.replace(which, next);
    return made;
  }

  release(): void {
    this.#isOver = true;
    wipe(this.#secrets.traffic.bytes, this.#secrets.others.bytes);
    this.#tickets?.release();
  }

  session(): Uint8Array | undefined {
    return this.#tickets?.session();
  }

  issueTicket(): MaybePromise<Uint8Array | undefined> {
    return this.#tickets?.issue();
  }

  requestCertificate(auth: ClientAuthentication): Steps<ClientIdentity> | undefined {
    return this.#requestCertificate?.(auth, (work) =>
      this.#secrets.traffic.use(clients, (secret) => work(secret as TrafficSecret)),
    );
  }
}
