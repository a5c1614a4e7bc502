import { getFips, type KeyObject } from 'node:crypto';
import { NamedGroup } from '../../wire/code-points.ts';
import { hashLength } from '../cipher-suites.ts';
import { nodeCrypto } from '../node/provider.ts';
import type { CryptoProvider, KeyAgreement } from '../provider.ts';
import { AeadMachine, OpensslAead } from './aead.ts';
import { CipherContexts, isCipherName } from './cipher-contexts.ts';
import { OpensslHmac } from './hmac.ts';
import { type Library, openLibrary } from './library.ts';
import { Memory } from './memory.ts';
import { HashMachine, OpensslRunningHash } from './running-hash.ts';
import { selfTest } from './self-test.ts';
import { OpensslSigner } from './signing.ts';
import { OpensslX25519 } from './x25519.ts';

/** Cryptography by the OpenSSL of this process, called directly. */
export interface OpensslCrypto extends CryptoProvider {
  /** Cipher contexts that have an owner, and those that wait for one: for tests, and for who looks for a leak. */
  readonly contexts: { readonly inUse: number; readonly kept: number };
}

/** The provider, or why there is none. */
export type Attempt = { readonly provider: OpensslCrypto } | { readonly reason: string };

let attempt: Attempt | undefined;

/** Loads the provider, once for each thread, and lets it prove itself. */
export function loadOpenssl(): Attempt {
  attempt ??= tryToLoad();
  return attempt;
}

function tryToLoad(): Attempt {
  // Functions that are called past EVP know nothing of what is approved.
  if (getFips() === 1) return { reason: 'this process is in FIPS mode' };
  try {
    const provider = opensslCrypto(openLibrary());
    selfTest(provider);
    return { provider };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What OpenSSL does not do faster than node:crypto, or does seldom, is node:crypto's. */
function opensslCrypto(library: Library): OpensslCrypto {
  const memory = new Memory(library, 8192);
  const contexts = new CipherContexts(library);
  const machine = new AeadMachine(library, memory, contexts);
  const macs = {
    sha256: new OpensslHmac(library, memory, 'sha256'),
    sha384: new OpensslHmac(library, memory, 'sha384'),
  };
  const hashes = {
    sha256: new HashMachine(library, memory, 'sha256'),
    sha384: new HashMachine(library, memory, 'sha384'),
  };
  const hmac: CryptoProvider['hmac'] = (name, key, bytes, length = hashLength[name]) =>
    macs[name].fits(key, bytes) ? macs[name].compute(key, bytes, length) : nodeCrypto.hmac(name, key, bytes, length);
  const signer = new OpensslSigner(library, memory);
  const x25519 = agreementBy(new OpensslX25519(library, memory));
  return {
    ...nodeCrypto,
    name: 'openssl',
    contexts,
    hash: (name) => new OpensslRunningHash(hashes[name]),
    hmac,
    publicHmac: hmac,
    aead: (name, key) => (isCipherName(name) ? new OpensslAead(machine, name, key) : nodeCrypto.aead(name, key)),
    sign: (key, scheme, tbs) => signer.sign(key as KeyObject, scheme, tbs),
    keyAgreement: (group) => (group === NamedGroup.x25519 ? x25519 : nodeCrypto.keyAgreement(group)),
  };
}

const agreementBy = (x25519: OpensslX25519): KeyAgreement => ({
  group: NamedGroup.x25519,
  generate: () => x25519.generate(),
  respond: (share) => x25519.respond(share),
});
