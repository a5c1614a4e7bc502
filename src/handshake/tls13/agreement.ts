import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import { fail } from '../../wire/alert.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import type { ClientAuthentication } from '../config.ts';
import type { Negotiation, Transcript } from '../handshake.ts';
import { type Identity, type SizeLimits, selectAlpn, selectSizeLimits } from '../selection.ts';
import type { Steps } from '../steps.ts';
import { admitEarlyData } from './early-data.ts';
import { addHello, agreeOnGroup, choosePsk, type Exchange, exchangeKeys } from './key-exchange.ts';
import { KeySchedule } from './key-schedule.ts';
import { checkFullHello13, checkHello13, selectIdentity13, selectSuite13 } from './negotiate.ts';
import { type ChosenPsk, findPsk, type KnownPsk, wipePsk } from './pre-shared-keys.ts';

/** A TLS 1.3 handshake all of whose parameters are chosen. */
export interface Handshake13 extends Negotiation {
  readonly suite: CipherSuite;
  readonly transcript: Transcript;
  readonly schedule: KeySchedule;
  readonly limits: SizeLimits;
  /** What the client may resume or has as a PSK; without one the server shows a certificate. */
  readonly psk: ChosenPsk | undefined;
  readonly identity: Identity | undefined;
  readonly clientAuth: ClientAuthentication | undefined;
  readonly alpn: string | undefined;
  /** The key exchange; absent where a PSK does without. */
  readonly exchange: Exchange | undefined;
  readonly takesEarlyData: boolean;
  /** What is to be wiped: when the handshake ends, and when the connection does. */
  readonly secrets: { handshake: readonly Uint8Array[]; application: readonly Uint8Array[] };
}

/** Chooses by everything that the ClientHello, or two of them, have to say (RFC 8446 section 4.1.1). */
export function* negotiate13(negotiation: Negotiation): Steps<Handshake13> {
  checkHello13(negotiation.hello);
  const known = yield* findPsk(negotiation);
  try {
    return yield* agree13(negotiation, known);
  } finally {
    wipePsk(known);
  }
}

/** Suite, group, PSK and protocol. */
function* agree13(negotiation: Negotiation, known: KnownPsk | undefined): Steps<Handshake13> {
  const { policy, provider, channel, report, config } = negotiation;
  const suite = selectSuite13(negotiation.hello, config, known?.hash);
  report.cipherSuite = suite;
  const { hello, transcript, group } = yield* agreeOnGroup(negotiation, suite);
  const partialHash = addHello(transcript, hello);
  const retried = hello === negotiation.hello ? negotiation : { ...negotiation, hello };
  const psk = choosePsk(retried, known, suite, partialHash, group);
  if (psk === undefined) {
    // Without certificates there is nothing to fall back on: a wrong identity gets the answer of a wrong key.
    if (policy.externalPsk && partialHash && config.credentials.length === 0) {
      fail('decryptError', 'the client offers no PSK that is known', 'PSK_IDENTITY_NOT_FOUND');
    }
    checkFullHello13(hello);
    if (group === undefined) fail('handshakeFailure', 'no common group', 'NO_SHARED_GROUP');
  }
  let agreed: Handshake13 | undefined;
  try {
    // The callback that chooses the protocol may choose another certificate with it.
    const alpn = yield* selectAlpn(hello, config);
    report.alpnProtocol = alpn;
    const identity = psk ? undefined : selectIdentity13(hello, config);
    const takesEarlyData = yield* admitEarlyData(retried, suite, psk, alpn);
    // Name by name: V8 makes a table of its own for each object that another one is spread into.
    agreed = {
      policy,
      provider,
      channel,
      report,
      hello,
      config,
      suite,
      transcript,
      psk,
      alpn,
      identity,
      takesEarlyData,
      // RFC 8446 section 4.3.2: who authenticates by a PSK does not ask for a certificate.
      clientAuth: psk ? undefined : config.clientAuth,
      limits: selectSizeLimits(hello, config, ProtocolVersion.tls13),
      exchange: exchangeKeys(negotiation, hello, psk, group),
      schedule: psk?.schedule ?? new KeySchedule(provider, suite),
      secrets: { handshake: [], application: [] },
    };
    return agreed;
  } finally {
    if (agreed === undefined) psk?.schedule.end();
  }
}
