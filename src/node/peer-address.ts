import type { HandshakeReport, PeerAddress } from '../handshake/report.ts';

/** The client's end, as a net.Socket tells it. */
export interface RemoteEnd {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
}

/** Notes where the client is, which the kernel forgets when the client resets the connection. */
export function notePeer(report: HandshakeReport, end: RemoteEnd): void {
  if (report.peer !== undefined) return;
  const { remoteAddress: address, remotePort: port, remoteFamily: family } = end;
  if (address === undefined || port === undefined) return;
  report.peer = { address, port, family: family as PeerAddress['family'] };
}
