import type { ClientIdentity } from '../handshake.ts';
import { sessionTemplate } from '../resumption.ts';
import { answer, type Steps } from '../steps.ts';
import type { Handshake13 } from './agreement.ts';
import { pskModes } from './pre-shared-keys.ts';
import type { SecretPair } from './secret-pair.ts';
import { TicketIssuer } from './tickets.ts';

/** Whether the client can use tickets: in a mode that we take (RFC 8446 section 4.2.9). */
export function canUseTickets(hs: Handshake13): boolean {
  const modes = pskModes(hs, hs.hello);
  return hs.policy.sessions !== undefined && (modes.withKeyExchange || modes.alone);
}

/** What makes the tickets of a connection, now and later. */
export function ticketIssuer(hs: Handshake13, secrets: SecretPair, client: ClientIdentity | undefined): TicketIssuer {
  const template = sessionTemplate(hs, client, hs.psk?.session);
  return new TicketIssuer(hs.policy.sessions!, hs.provider, hs.suite, secrets, template);
}

/** The first tickets: as many as are wanted, and after a resumption one for the one that was used. */
export function* sendTickets(hs: Handshake13, issuer: TicketIssuer): Steps<void> {
  const { ticketCount } = hs.policy.sessions!;
  for (let left = hs.report.resumed ? Math.min(1, ticketCount) : ticketCount; left > 0; left--) {
    const ticket = yield* answer(issuer.issue());
    if (ticket !== undefined) hs.channel.sendLater(ticket);
  }
}
