import { seedLength } from '../session/derived-ticket-keys.ts';
import type { ServerSessions } from './sessions.ts';

// node:cluster asks the first worker that listens at an address for what the others at this address should know, keeps
// it in the primary for as long as anyone listens there, and gives it to each before it accepts its first connection.

/** What the other workers of this server need in order to open its tickets. */
export function writeClusterData(sessions: ServerSessions): object {
  const seed = sessions.shareTicketKeys();
  // By its own name for workers whose servers are Node's own.
  const ticketKeys = sessions.copyTicketKeys().toString('hex');
  if (seed === undefined) return { ticketKeys };
  return { ticketKeys, tslsTicketSeed: Buffer.from(seed.secret).toString('hex'), tslsTicketPeriod: seed.period };
}

/** Takes over what `writeClusterData` wrote in another worker, and nothing else. */
export function readClusterData(sessions: ServerSessions, data: unknown): void {
  const { tslsTicketSeed: text, tslsTicketPeriod: period } = (data ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string' || !Number.isSafeInteger(period) || (period as number) < 0) return;
  const secret = Buffer.from(text, 'hex');
  if (secret.length === seedLength) sessions.adoptTicketKeys({ secret, period: period as number });
}
