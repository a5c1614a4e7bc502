import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import { isAgeRight } from '../../session/replay-guard.ts';
import type { Session } from '../../session/session.ts';
import type { Negotiation } from '../handshake.ts';
import { answer, type Steps } from '../steps.ts';
import type { ChosenPsk } from './pre-shared-keys.ts';

/** Most bytes of early data that tickets of ours allow, be it taken or not: today's, and that of `session`, if known. */
export const mostEarlyData = ({ policy }: Negotiation, session?: Session): number =>
  Math.max(policy.sessions?.maxEarlyData ?? 0, session?.maxEarlyData ?? 0);

/**
 * Whether a client's early data is taken (RFC 8446 section 4.2.10): only with the first PSK, a session that allows it
 * and was made with what is negotiated now, a ClientHello that is fresh and was not here before, and an application
 * that agrees.
 */
export function* admitEarlyData(
  hs: Negotiation,
  suite: CipherSuite,
  psk: ChosenPsk | undefined,
  alpn: string | undefined,
): Steps<boolean> {
  const { hello, report, policy } = hs;
  if (!hello.offers.earlyData) return false;
  report.earlyData = 'rejected';
  const { sessions } = policy;
  const offer = hello.offers.preSharedKey;
  const session = psk?.session;
  if (sessions === undefined || offer === undefined || session === undefined) return false;
  const fits =
    psk?.index === 0 &&
    sessions.maxEarlyData > 0 &&
    session.maxEarlyData > 0 &&
    !report.helloRetryRequest &&
    session.cipherSuite === suite.id &&
    session.alpnProtocol === alpn &&
    isAgeRight(session, offer.identities[0]!.obfuscatedTicketAge, sessions.now());
  if (!fits) return false;
  // One use of a ticket, and so of the ClientHello that came with it, within the time that it counts as fresh.
  const ticket = hs.provider.digest('sha256', offer.identities[0]!.identity);
  if (!(yield* answer(sessions.admitEarlyData(ticket, session)))) return false;
  if (policy.acceptEarlyData && !(yield* answer(policy.acceptEarlyData(hello)))) return false;
  report.earlyData = 'accepted';
  return true;
}
