import { aeadShapes, type CipherSuite, type HashName, hashLength } from '../../crypto/cipher-suites.ts';
import { hkdfExpandLabel, hkdfExtract } from '../../crypto/hkdf.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import type { TrafficKey } from '../../record/protection.ts';
import { wipe } from '../../wire/wipe.ts';

const empty = new Uint8Array();

const emptyHashes = new Map<HashName, Uint8Array>();
const saltsWithoutPsk = new Map<HashName, Uint8Array>();

/** The hash of nothing, computed once. */
const emptyHash = (provider: CryptoProvider, hash: HashName): Uint8Array =>
  once(emptyHashes, hash, () => provider.digest(hash, empty));

/** What follows from an Early Secret of zeros: no secret at all, and the same in every such handshake. */
const saltWithoutPsk = (provider: CryptoProvider, hash: HashName): Uint8Array =>
  once(saltsWithoutPsk, hash, () => {
    const length = hashLength[hash];
    const earlySecret = hkdfExtract(provider, hash, new Uint8Array(length), new Uint8Array(length));
    return hkdfExpandLabel(provider, hash, earlySecret, 'derived', emptyHash(provider, hash), length);
  });

function once<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  let value = cache.get(key);
  if (value === undefined) {
    value = make();
    cache.set(key, value);
  }
  return value;
}

declare const trafficSecret: unique symbol;
/** A traffic secret (RFC 8446 section 7.1), as long as the suite's hash. */
export type TrafficSecret = Uint8Array & { readonly [trafficSecret]: true };

export interface TrafficSecrets {
  readonly client: TrafficSecret;
  readonly server: TrafficSecret;
}

/** What a PSK is: of a session, external, or imported (RFC 8446 section 7.1, RFC 9258 section 5.2). */
export type BinderLabel = 'res binder' | 'ext binder' | 'imp binder';

/** The key schedule of RFC 8446 section 7.1, walked from top to bottom. */
export class KeySchedule {
  readonly #provider: CryptoProvider;
  readonly #suite: CipherSuite;
  #secret: Uint8Array;
  /** The salt of the next extraction; known beforehand where there is no PSK. */
  #salt: Uint8Array | undefined;

  /** Starts with the Early Secret; there is no PSK without `psk`. */
  constructor(provider: CryptoProvider, suite: CipherSuite, psk?: Uint8Array) {
    this.#provider = provider;
    this.#suite = suite;
    if (psk === undefined) {
      this.#secret = empty;
      this.#salt = saltWithoutPsk(provider, suite.hash);
    } else {
      this.#secret = hkdfExtract(provider, suite.hash, new Uint8Array(hashLength[suite.hash]), psk);
    }
  }

  /** Derive-Secret for a transcript hash. */
  #derive(label: string, transcriptHash: Uint8Array): TrafficSecret {
    const { hash } = this.#suite;
    const length = hashLength[hash];
    return hkdfExpandLabel(this.#provider, hash, this.#secret, label, transcriptHash, length) as TrafficSecret;
  }

  #advance(keyingMaterial: Uint8Array): void {
    const { hash } = this.#suite;
    const salt = this.#salt ?? this.#derive('derived', emptyHash(this.#provider, hash));
    wipe(this.#secret);
    this.#secret = hkdfExtract(this.#provider, hash, salt, keyingMaterial);
    if (this.#salt === undefined) wipe(salt);
    this.#salt = undefined;
  }

  /** The key of a binder (RFC 8446 section 4.2.11.2). */
  binderKey(label: BinderLabel): TrafficSecret {
    return this.#derive(label, emptyHash(this.#provider, this.#suite.hash));
  }

  /** The client's traffic secret for early data, for the hash of the ClientHello. */
  earlyTraffic(transcriptHash: Uint8Array): TrafficSecret {
    return this.#derive('c e traffic', transcriptHash);
  }

  /** Handshake Secret: traffic secrets for the hash of ClientHello...ServerHello. */
  handshake(sharedSecret: Uint8Array, transcriptHash: Uint8Array): TrafficSecrets {
    this.#advance(sharedSecret);
    return {
      client: this.#derive('c hs traffic', transcriptHash),
      server: this.#derive('s hs traffic', transcriptHash),
    };
  }

  /** Main Secret: traffic secrets and the exporter's for the hash of ClientHello...server Finished. */
  application(transcriptHash: Uint8Array): TrafficSecrets & { readonly exporter: Uint8Array } {
    this.#advance(new Uint8Array(hashLength[this.#suite.hash]));
    return {
      client: this.#derive('c ap traffic', transcriptHash),
      server: this.#derive('s ap traffic', transcriptHash),
      exporter: this.#derive('exp master', transcriptHash),
    };
  }

  /** The secret of the tickets, for the hash of ClientHello...client Finished. */
  resumption(transcriptHash: Uint8Array): Uint8Array {
    return this.#derive('res master', transcriptHash);
  }

  /** Wipes what is left of the schedule. */
  end(): void {
    wipe(this.#secret);
  }
}

/** The record protection key of a traffic secret (RFC 8446 section 7.3). */
export function trafficKey(provider: CryptoProvider, suite: CipherSuite, secret: TrafficSecret): TrafficKey {
  const { keyLength } = aeadShapes[suite.aead];
  const key = hkdfExpandLabel(provider, suite.hash, secret, 'key', empty, keyLength);
  const iv = hkdfExpandLabel(provider, suite.hash, secret, 'iv', empty, 12, 'publicHmac');
  const aead = provider.aead(suite.aead, key);
  wipe(key);
  return { aead, iv };
}

/** The next generation of a traffic secret (RFC 8446 section 7.2). */
export function nextTrafficSecret(provider: CryptoProvider, suite: CipherSuite, secret: TrafficSecret): TrafficSecret {
  const length = hashLength[suite.hash];
  const next = hkdfExpandLabel(provider, suite.hash, secret, 'traffic upd', empty, length) as TrafficSecret;
  wipe(secret);
  return next;
}

/** The verify_data of a Finished (RFC 8446 section 4.4.4). */
export function finishedVerifyData(
  provider: CryptoProvider,
  suite: CipherSuite,
  secret: TrafficSecret,
  transcriptHash: Uint8Array,
): Uint8Array {
  const key = hkdfExpandLabel(provider, suite.hash, secret, 'finished', empty, hashLength[suite.hash]);
  const data = provider.publicHmac(suite.hash, key, transcriptHash);
  wipe(key);
  return data;
}

/** The exporter (RFC 8446 section 7.5). */
export function exportKeyingMaterial(
  provider: CryptoProvider,
  suite: CipherSuite,
  exporterSecret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const { hash } = suite;
  const secret = hkdfExpandLabel(provider, hash, exporterSecret, label, emptyHash(provider, hash), hashLength[hash]);
  const material = hkdfExpandLabel(provider, hash, secret, 'exporter', provider.digest(hash, context), length);
  wipe(secret);
  return material;
}
