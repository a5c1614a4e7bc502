// One server of a fleet, in a process of its own: a worker of a cluster, or alone. It tells its parent where it is, and every
// client its process id; the parent can move its clock.
import type { AddressInfo } from 'node:net';
import { createServer } from '../../src/index.ts';
import { type RedisSessions, redisSessions, type SendCommand } from '../../src/redis/index.ts';
import { RespClient } from './resp-client.ts';

/** What the environment variable FLEET_SERVER has, as JSON. */
export interface FleetServerOptions {
  readonly key: string;
  readonly cert: string;
  /** Whether clients get tickets, or ids of sessions that the server keeps. */
  readonly usesTickets: boolean;
  /** Milliseconds by which its clock is ahead. */
  readonly ahead: number;
  /** The socket of the store that it shares with others, if it does. */
  readonly redis?: string;
}

/** Moves the clock of a server. */
export interface FleetOrder {
  readonly ahead: number;
}

const { key, cert, usesTickets, redis, ...initial }: FleetServerOptions = JSON.parse(process.env.FLEET_SERVER!);
let { ahead } = initial;
const realNow = Date.now;
Date.now = () => realNow() + ahead;
process.on('message', (order: FleetOrder) => {
  ({ ahead } = order);
  process.send!({ ahead });
});
process.on('disconnect', () => process.exit());

const store = redis && sharedStore(redis);
if (store) await store.ready;

const noTicket = 0x4000; // SSL_OP_NO_TICKET
const options = { key, cert, secureOptions: usesTickets ? 0 : noTicket, ...(store && { sessionStore: store }) };
const server = createServer(options, (socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.write(`${process.pid}`));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send!({ port, pid: process.pid });
});

/** A store whose clock moves with ours. */
function sharedStore(path: string): RedisSessions {
  const { send } = new RespClient(path);
  const time = (): string[] => [`${Math.floor(Date.now() / 1000)}`, `${(Date.now() % 1000) * 1000}`];
  const answer: SendCommand = async (args) => (args[0] === 'TIME' ? time() : send(args));
  return redisSessions(answer, { secret: 'known to the servers of this test', deadline: 1000 });
}
