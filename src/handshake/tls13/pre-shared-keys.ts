import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import { cipherSuites } from '../../crypto/cipher-suites.ts';
import type { PskOffer } from '../../extensions/pre-shared-key.ts';
import type { ClientHello } from '../../messages/client-hello.ts';
import type { Session } from '../../session/session.ts';
import { fail } from '../../wire/alert.ts';
import type { ClientIdentity, Negotiation } from '../handshake.ts';
import { checkSession } from '../resumption.ts';
import { answer, type Steps } from '../steps.ts';
import { finishedVerifyData, KeySchedule } from './key-schedule.ts';
import { sessionIdLength } from './tickets.ts';

/** PskKeyExchangeMode (RFC 8446 section 4.2.9). */
export const PskKeyExchangeMode = { pskOnly: 0, pskWithKeyExchange: 1 } as const;

/** Identities that are looked at in one ClientHello; clients send one or two. */
const maxIdentities = 4;

/** A PSK that both sides hold: of a session, or agreed upon beforehand. */
interface Candidate {
  readonly secret: Uint8Array;
  readonly hash: CipherSuite['hash'];
  readonly session?: Session | undefined;
  readonly client?: ClientIdentity | undefined;
}

export interface ChosenPsk extends Omit<Candidate, 'secret' | 'hash'> {
  /** Which of the client's identities. */
  readonly index: number;
  /** The key schedule, at the Early Secret. */
  readonly schedule: KeySchedule;
}

/**
 * The first of the client's PSKs that we know and that goes with the suite, with its binder checked (RFC 8446 section
 * 4.2.11); `undefined` for a full handshake. `partialHash` is the transcript up to the binders. A binder that is wrong
 * ends the connection.
 */
export function* selectPsk(
  hs: Negotiation,
  suite: CipherSuite,
  offer: PskOffer,
  partialHash: Uint8Array,
): Steps<ChosenPsk | undefined> {
  const count = Math.min(offer.identities.length, maxIdentities);
  for (let index = 0; index < count; index++) {
    const candidate = yield* findPsk(hs, offer.identities[index]!.identity);
    if (candidate === undefined || candidate.hash !== suite.hash) continue;
    const { secret, session, client } = candidate;
    const schedule = new KeySchedule(hs.provider, suite, secret);
    if (session) secret.fill(0);
    const key = schedule.binderKey(session ? 'res binder' : 'ext binder');
    const expected = finishedVerifyData(hs.provider, suite, key, partialHash);
    if (!hs.provider.equal(offer.binders[index]!, expected)) {
      fail('decryptError', 'the binder of a pre_shared_key does not verify', 'BINDER_DOES_NOT_VERIFY');
    }
    return { index, schedule, session, client };
  }
  return undefined;
}

/** The PSK of an identity: a ticket of ours, the id of a session that we keep, or a key that the application knows. */
function* findPsk(hs: Negotiation, identity: Uint8Array): Steps<Candidate | undefined> {
  const { sessions, externalPsk } = hs.policy;
  let bytes = sessions?.tickets?.open(identity)?.session;
  if (bytes === undefined && sessions?.cache !== undefined && identity.length === sessionIdLength) {
    bytes = yield* answer(sessions.cache.load(identity));
  }
  if (bytes !== undefined) {
    const resumable = yield* checkSession(hs, bytes);
    return resumable && { ...resumable, secret: resumable.session.secret, hash: hashOf(resumable.session) };
  }
  const external = externalPsk && (yield* answer(externalPsk(identity, hs.hello)));
  return external && { secret: external.key, hash: external.hash ?? 'sha256' };
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
