// One server of a fleet, in a process of its own: a worker of a cluster, or alone. It tells its parent where it is, and every
// client what it thinks of the connection; the parent can move its clock.
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
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
  /** Its ticket keys, in hex, one after the other: the last one is current. */
  readonly ticketKeys?: readonly string[];
  /** Most bytes of early data; none without. */
  readonly maxEarlyData?: number;
}

/** Moves the clock of a server. */
export type FleetOrder =
  /** Milliseconds by which it is ahead from now on. */
  | { readonly ahead: number }
  /** The instant at which it stands still, and the ticket key, in hex, that is current from now on. */
  | { readonly instant: number; readonly ticketKey?: string | undefined };

/** What a server tells every client, as a line of JSON, for each piece of data that it gets. */
export interface FleetAnswer {
  readonly pid: number;
  readonly reused: boolean;
  readonly protocol: string;
  readonly earlyData: string | null;
}

const { key, cert, usesTickets, redis, ...others }: FleetServerOptions = JSON.parse(process.env.FLEET_SERVER!);
const realNow = Date.now;
let now = (): number => realNow() + others.ahead;
Date.now = () => now();
process.on('message', (order: FleetOrder) => {
  if ('ahead' in order) {
    now = () => realNow() + order.ahead;
  } else {
    now = () => order.instant;
    if (order.ticketKey) server.setTicketKeys(Buffer.from(order.ticketKey, 'hex'));
  }
  process.send!('done');
});
process.on('disconnect', () => process.exit());

const store = redis && sharedStore(redis);
if (store) await store.ready;

const noTicket = 0x4000; // SSL_OP_NO_TICKET
const [firstKey, ...laterKeys] = (others.ticketKeys ?? []).map((text) => Buffer.from(text, 'hex'));
const options = {
  ...{ key, cert, secureOptions: usesTickets ? 0 : noTicket, maxEarlyData: others.maxEarlyData },
  ...(firstKey && { ticketKeys: firstKey }),
  ...(store && { sessionStore: store }),
};
const server = createServer(options, (socket) => {
  const { pid } = process;
  socket.on('error', () => {});
  socket.on('data', () => {
    const { earlyData } = socket;
    const [reused, protocol] = [socket.isSessionReused(), socket.getProtocol()!];
    socket.write(`${JSON.stringify({ pid, reused, protocol, earlyData } satisfies FleetAnswer)}\n`);
  });
});
for (const ticketKey of laterKeys) server.setTicketKeys(ticketKey);

/** Another door to the same server: a worker of a cluster shares the first one with the others. */
const door = createTcpServer((socket) => server.emit('connection', socket));
await Promise.all([
  new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
  new Promise<void>((resolve) => door.listen({ port: 0, host: '127.0.0.1', exclusive: true }, resolve)),
]);
const portOf = (listening: Pick<TcpServer, 'address'>): number => (listening.address() as AddressInfo).port;
process.send!({ port: portOf(server), ownPort: portOf(door), pid: process.pid });

/** A store whose clock moves with ours. */
function sharedStore(path: string): RedisSessions {
  const { send } = new RespClient(path);
  const time = (): string[] => [`${Math.floor(Date.now() / 1000)}`, `${(Date.now() % 1000) * 1000}`];
  const answer: SendCommand = async (args) => (args[0] === 'TIME' ? time() : send(args));
  return redisSessions(answer, { secret: 'known to the servers of this test', deadline: 1000 });
}
