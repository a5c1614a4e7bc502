import { channel } from 'node:diagnostics_channel';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Refusal } from './pending-handshakes.ts';

/** What a listener of `drop` gets: addresses, as from net.Server beyond `maxConnections`, and here why. */
export interface Dropped extends net.DropArgument {
  /** The option whose bound was reached. */
  readonly reason?: Refusal;
}

/** What subscribers of `tsls:connection:refused` get. */
export interface RefusalMessage {
  readonly server: net.Server;
  readonly socket: Duplex;
  readonly reason: Refusal;
}

const refused = channel('tsls:connection:refused');

/**
 * Closes a connection before anything was read from it, and before more was made of it than Node's own socket, and
 * tells of it. By a reset, where that exists, which leaves nothing for the kernel to remember.
 */
export function refuse(server: net.Server, socket: Duplex, reason: Refusal): void {
  if (refused.hasSubscribers) refused.publish({ server, socket, reason } satisfies RefusalMessage);
  if (server.listenerCount('drop') > 0) {
    const { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily } = socket as net.Socket;
    const addresses = { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily };
    server.emit('drop', { ...addresses, reason } as Dropped);
  }
  // A pipe has no port, and cannot be reset.
  if (socket instanceof net.Socket && socket.remotePort !== undefined) socket.resetAndDestroy();
  else socket.destroy();
}
