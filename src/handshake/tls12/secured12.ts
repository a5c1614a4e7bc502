import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import type { Offers } from '../../extensions/registry.ts';
import { byteString, bytesOf } from '../../wire/byte-string.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { wipe } from '../../wire/wipe.ts';
import type { ClientIdentity, Secured } from '../handshake.ts';
import { exportKeyingMaterial12, type Randoms } from './key-schedule12.ts';

/** What comes of a handshake besides its secrets. */
export interface Outcome12 {
  readonly ownFinished: Uint8Array;
  readonly peerFinished: Uint8Array;
  readonly client?: ClientIdentity | undefined;
  readonly forgetSession?: (() => void) | undefined;
}

/** Who made the secrets, and of what. */
export interface Origin12 {
  readonly provider: CryptoProvider;
  readonly suite: CipherSuite;
  readonly randoms: Randoms;
  readonly hello: { readonly offers: Pick<Offers, 'extendedMasterSecret'> };
}

/** What outlives the handshake; all of it copies, since a view of a few bytes would keep all that lie beside them. */
export class Secured12 implements Secured {
  readonly version: number = ProtocolVersion.tls12;
  readonly client: ClientIdentity | undefined;
  readonly forgetSession: (() => void) | undefined;
  readonly #provider: CryptoProvider;
  readonly #suite: CipherSuite;
  readonly #clientRandom: string;
  readonly #serverRandom: string;
  readonly #ownFinished: string;
  readonly #peerFinished: string;
  readonly #master: Uint8Array;
  /** Whether the master secret is bound to its handshake (RFC 7627). */
  readonly #isBound: boolean;
  readonly #session: Uint8Array | undefined;
  #isOver = false;

  /** Takes `master` and `session` over: what they were in is wiped. */
  constructor(
    { provider, suite, randoms, hello }: Origin12,
    master: Uint8Array,
    session: Uint8Array | undefined,
    outcome: Outcome12,
  ) {
    this.#provider = provider;
    this.#suite = suite;
    this.#clientRandom = byteString(randoms.client);
    this.#serverRandom = byteString(randoms.server);
    this.#ownFinished = byteString(outcome.ownFinished);
    this.#peerFinished = byteString(outcome.peerFinished);
    this.client = outcome.client;
    this.forgetSession = outcome.forgetSession;
    this.#master = new Uint8Array(master);
    this.#isBound = hello.offers.extendedMasterSecret === true;
    this.#session = session && new Uint8Array(session);
    wipe(master, session);
  }

  get cipherSuite(): CipherSuite {
    return this.#suite;
  }

  get ownFinished(): Uint8Array {
    return bytesOf(this.#ownFinished);
  }

  get peerFinished(): Uint8Array {
    return bytesOf(this.#peerFinished);
  }

  session(): Uint8Array | undefined {
    return this.#isOver ? undefined : this.#session;
  }

  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    if (this.#isOver) throw new Error('the connection is over, and its secrets are gone');
    if (!this.#isBound) throw unboundSecret();
    const randoms = { client: bytesOf(this.#clientRandom), server: bytesOf(this.#serverRandom) };
    return exportKeyingMaterial12(this.#provider, this.#suite, this.#master, randoms, label, context, length);
  }

  release(): void {
    this.#isOver = true;
    wipe(this.#master, this.#session);
  }
}

/** RFC 7627 section 5.4: somebody in between may have made two connections with one such master secret. */
const unboundSecret = (): Error =>
  Object.assign(new Error('without extended_master_secret, no keying material is exported'), {
    code: 'ERR_TLS_INVALID_STATE',
  });
