import type { Server } from 'node:net';
import type { TLSSocket } from './tls-socket.ts';

/** Milliseconds between two looks for connections of HTTP that have become idle. */
const lookEvery = 100;

interface HttpServer extends Server {
  closeIdleConnections(): void;
}

const isHttp = (server: Server): server is HttpServer => 'closeIdleConnections' in server;

/**
 * Stops accepting, tells the clients that nothing more will come, and waits until all have gone; cuts those that are
 * still there after `timeout` milliseconds, and returns how many those were. A server of HTTP closes what is idle,
 * and the others when they have become so.
 */
export async function drain(server: Server, sockets: Iterable<TLSSocket>, timeout: number): Promise<number> {
  const closed = server.listening ? new Promise<void>((resolve) => server.close(() => resolve())) : undefined;
  const look = isHttp(server) ? setInterval(() => server.closeIdleConnections(), lookEvery) : undefined;
  if (!isHttp(server)) for (const socket of sockets) endWhenSecure(socket);
  let cut = 0;
  const cutOff = (): void => {
    for (const socket of sockets) {
      cut++;
      socket.destroy();
    }
  };
  // A timer cannot wait for ever.
  const timer = timeout < 2 ** 31 ? setTimeout(cutOff, timeout) : undefined;
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  await closed;
  clearTimeout(timer);
  clearInterval(look);
  return cut;
}

/** Half-closes: what the client sends is still received. A client in its handshake gets that far. */
function endWhenSecure(socket: TLSSocket): void {
  // ALPN tells nothing before the handshake is done.
  if (socket.alpnProtocol !== null) socket.end();
  // After the listeners of `secureConnection`, which may have something to say.
  else socket.once('secure', () => setImmediate(() => socket.end()));
}
