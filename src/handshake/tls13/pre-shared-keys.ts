import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import { cipherSuites } from '../../crypto/cipher-suites.ts';
import type { PskOffer } from '../../extensions/pre-shared-key.ts';
import type { ClientHello } from '../../messages/client-hello.ts';
import type { Session } from '../../session/session.ts';
import { fail } from '../../wire/alert.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { wipe } from '../../wire/wipe.ts';
import type { ClientIdentity, Negotiation } from '../handshake.ts';
import { checkSession, noCertificate } from '../resumption.ts';
import { commonSuites } from '../selection.ts';
import { answer, type Steps } from '../steps.ts';
import { importPsk, readImportedIdentity } from './imported-psk.ts';
import { type BinderLabel, finishedVerifyData, KeySchedule } from './key-schedule.ts';
import { sessionIdLength } from './tickets.ts';

/** PskKeyExchangeMode (RFC 8446 section 4.2.9). */
export const PskKeyExchangeMode = { pskOnly: 0, pskWithKeyExchange: 1 } as const;

/** Identities that are looked at in one ClientHello; clients send one or two. */
const maxIdentities = 4;

/** A PSK that both sides hold: of a session, or agreed upon beforehand. */
interface Psk {
  readonly secret: Uint8Array;
  readonly hash: CipherSuite['hash'];
  /** What its binder is made with (RFC 8446 section 7.1, RFC 9258 section 5.2). */
  readonly binderLabel: BinderLabel;
  readonly session?: Session | undefined;
  readonly client?: ClientIdentity | undefined;
}

/** A PSK that the client offers and we hold. */
export interface KnownPsk extends Psk {
  readonly identity: Uint8Array;
}

export interface ChosenPsk extends Pick<Psk, 'session' | 'client'> {
  /** Which of the client's identities. */
  readonly index: number;
  /** The key schedule, at the Early Secret. */
  readonly schedule: KeySchedule;
}

/**
 * The first of the client's PSKs that we know and that goes with a suite of both (RFC 8446 section 4.2.11). It is looked
 * for before the suite is chosen, which may then be one that it goes with, and once, whatever HelloRetryRequest follows.
 */
export function* findPsk(hs: Negotiation): Steps<KnownPsk | undefined> {
  const { hello, config } = hs;
  const { preSharedKey: offer } = hello.offers;
  const modes = pskModes(hs, hello);
  if (offer === undefined || !(modes.withKeyExchange || modes.alone)) return undefined;
  const suites = commonSuites(hello, config, ProtocolVersion.tls13);
  const count = Math.min(offer.identities.length, maxIdentities);
  for (let index = 0; index < count; index++) {
    const { identity } = offer.identities[index]!;
    const psk = yield* lookUp(hs, identity);
    if (psk !== undefined && suites.some(({ hash }) => hash === psk.hash)) return known(psk, identity);
    wipePsk(psk);
  }
  return undefined;
}

const known = ({ secret, hash, binderLabel, session, client }: Psk, identity: Uint8Array): KnownPsk => ({
  identity,
  secret,
  hash,
  binderLabel,
  session,
  client,
});

/**
 * Takes a PSK, once its binder is checked; `undefined` where the second ClientHello offers it no longer. `partialHash` is
 * the transcript up to the binders. A binder that is wrong ends the connection.
 */
export function takePsk(
  { provider }: Negotiation,
  known: KnownPsk,
  suite: CipherSuite,
  offer: PskOffer,
  partialHash: Uint8Array,
): ChosenPsk | undefined {
  const { secret, binderLabel, session, client } = known;
  const index = offer.identities.findIndex(({ identity }) => Buffer.compare(identity, known.identity) === 0);
  if (index < 0 || known.hash !== suite.hash) return undefined;
  const schedule = new KeySchedule(provider, suite, secret);
  wipePsk(known);
  const key = schedule.binderKey(binderLabel);
  const expected = finishedVerifyData(provider, suite, key, partialHash);
  wipe(key);
  if (!provider.equal(offer.binders[index]!, expected)) {
    schedule.end();
    fail('decryptError', 'the binder of a pre_shared_key does not verify', 'BINDER_DOES_NOT_VERIFY');
  }
  return { index, schedule, session, client };
}

/** Wipes the secret of a PSK. */
export const wipePsk = (psk: Psk | undefined): void => wipe(psk?.secret);

/** The PSK of an identity: a ticket of ours, the id of a session that we keep, or a key that the application knows. */
function* lookUp(hs: Negotiation, identity: Uint8Array): Steps<Psk | undefined> {
  const { sessions, externalPsk } = hs.policy;
  const opened = sessions?.tickets?.open(identity)?.session;
  let bytes = opened;
  if (bytes === undefined && sessions?.cache !== undefined && identity.length === sessionIdLength) {
    bytes = yield* answer(sessions.cache.load(identity));
  }
  if (bytes !== undefined) {
    try {
      const resumable = yield* checkSession(hs, bytes);
      if (resumable === undefined) return undefined;
      const { session, client } = resumable;
      return { secret: session.secret, hash: hashOf(session), binderLabel: 'res binder', session, client };
    } finally {
      wipe(opened);
    }
  }
  if (externalPsk === undefined) return undefined;
  const external = yield* answer(externalPsk(identity, hs.hello, readImportedIdentity(identity)));
  if (external === undefined) return undefined;
  const { key, hash = 'sha256', isImported } = external;
  const client = hs.config.clientAuth && noCertificate;
  // RFC 9258 section 5.1: a key is imported, or used as it is, never both.
  if (!isImported) return { secret: key, hash, binderLabel: 'ext binder', client };
  const imported = importPsk(hs.provider, key, hash, identity);
  wipe(key);
  return imported && { ...imported, binderLabel: 'imp binder', client };
}

const hashOf = ({ cipherSuite }: Session): CipherSuite['hash'] =>
  cipherSuites.find(({ id }) => id === cipherSuite)?.hash ?? 'sha256';

/** How a PSK of this client could be used: with a key exchange wherever that is possible (RFC 8446 section 4.2.9). */
export function pskModes(hs: Negotiation, hello: ClientHello): { withKeyExchange: boolean; alone: boolean } {
  const modes = hello.offers.pskKeyExchangeModes ?? [];
  return {
    withKeyExchange: modes.includes(PskKeyExchangeMode.pskWithKeyExchange),
    alone: hs.config.allowsPskOnly === true && modes.includes(PskKeyExchangeMode.pskOnly),
  };
}
