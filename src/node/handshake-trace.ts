import type { TraceEntry } from '../engine/sink.ts';

interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Writes to standard error what a connection sends and receives, a line each, for people who look for a fault. */
export function traceTo(peer: Peer): (entry: TraceEntry) => void {
  return ({ direction, kind, name, length }) => {
    const verb = direction === 'sent' ? 'Sent' : 'Received';
    const what = kind === 'record' ? 'Record' : kind === 'alert' ? 'Alert' : 'Message';
    const whom = peer.remoteAddress === undefined ? '' : `${peer.remoteAddress}:${peer.remotePort} `;
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    process.stderr.write(`TLS ${whom}${verb} ${what}: ${title}, ${length} bytes\n`);
  };
}
