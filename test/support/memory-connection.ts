import { once } from 'node:events';
import * as tls from 'node:tls';
import { TLSSocket, type TLSSocketOptions } from '../../src/index.ts';
import { duplexPair } from './duplex-pair.ts';
import { ca } from './identities.ts';

/** Both ends of one TLS connection in memory: tsls, and the client of `node:tls`. */
export interface MemoryConnection {
  readonly server: TLSSocket;
  readonly client: tls.TLSSocket;
}

/** Connects a client, which trusts our authority and expects `localhost`; rejects when either end fails. */
export async function connectInMemory(
  serverOptions: TLSSocketOptions,
  clientOptions: tls.ConnectionOptions = {},
): Promise<MemoryConnection> {
  const [far, near] = duplexPair();
  const server = new TLSSocket(far, { ...serverOptions, isServer: true });
  const client = tls.connect({ socket: near, servername: 'localhost', ca, rejectUnauthorized: true, ...clientOptions });
  try {
    await Promise.all([once(server, 'secure'), once(client, 'secureConnect')]);
  } catch (error) {
    server.destroy();
    client.destroy();
    throw error;
  }
  return { server, client };
}
