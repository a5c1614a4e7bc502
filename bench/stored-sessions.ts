// What many sessions in the store cost: finding one, keeping one, and handshakes that resume one. In this process.
import { constants, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as tls from 'node:tls';
import { createServer, type Server } from '../src/index.ts';
import { MemorySessionStore } from '../src/session/memory-store.ts';
import { duplexPair } from '../test/support/duplex-pair.ts';
import { makeIdentity } from '../test/support/identities.ts';
import type { OwnBenchmark } from './own.ts';
import { median } from './report.ts';

const counts = [1, 1000, 1_000_000];
const { key, cert } = makeIdentity('p256');
/** As long as one of TLS 1.2 is without a client's certificate, about. */
const session = randomBytes(120);
const hour = 3600;

const idOf = (index: number): string => index.toString(16).padStart(64, '0');

/** A store with so many sessions, and room for more. */
function storeWith(count: number): MemorySessionStore {
  const store = new MemorySessionStore({ maxSessions: 2_000_000, maxBytes: 2 ** 31 });
  for (let i = 0; i < count; i++) store.set(idOf(i), Uint8Array.from(session), hour);
  return store;
}

/** Nanoseconds of one call. */
function cost(call: (index: number) => unknown): number {
  const times = Array.from({ length: 9 }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 10_000; i++) call(i);
    return Number(process.hrtime.bigint() - start) / 10_000;
  });
  return median(times);
}

function serverWith(sessionStore: MemorySessionStore): Server {
  const server = createServer({
    key,
    cert,
    sessionStore,
    secureOptions: constants.SSL_OP_NO_TICKET,
    maxVersion: 'TLSv1.2',
  });
  server.on('secureConnection', (socket) => socket.on('error', () => {}).end());
  return server;
}

async function visit(server: Server, known?: Buffer): Promise<Buffer> {
  const [far, near] = duplexPair();
  server.emit('connection', far);
  const client = tls.connect({ socket: near, rejectUnauthorized: false, ...(known && { session: known }) }).resume();
  await once(client, 'end');
  if (known && !client.isSessionReused()) throw new Error('a session was not resumed');
  const given = client.getSession();
  client.destroy();
  return given!;
}

/** Microseconds of CPU of a handshake that resumes a session by its id, both ends. */
async function resume(server: Server, known: Buffer, runs: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i++) await visit(server, known);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

/** With one session in the store, with a thousand, and with a million. */
export const measureStoredSessions: OwnBenchmark = async ({ rounds }) => {
  const stores = counts.map(storeWith);
  const servers = stores.map(serverWith);
  const known: Buffer[] = [];
  for (const server of servers) known.push(await visit(server));
  for (const [i, server] of servers.entries()) await resume(server, known[i]!, 100);
  const times: number[][] = counts.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, server] of servers.entries()) times[i]!.push(await resume(server, known[i]!, 100));
  }
  const ratio = median(times.at(-1)!.map((time, round) => time / times[0]![round]!));
  return {
    title: 'Sessions in the store',
    rows: [
      ['sessions', 'get', 'set', 'handshake that resumes one, both ends'],
      ...counts.map((count, i) => [
        count.toLocaleString('en'),
        `${cost((n) => stores[i]!.get(idOf((n * 7919) % count))).toFixed(0)} ns`,
        `${cost((n) => stores[i]!.set(idOf((n * 7919) % count), session, hour)).toFixed(0)} ns`,
        `${median(times[i]!).toFixed(0)} µs`,
      ]),
    ],
    note: `Handshakes with a million sessions in the store cost ${ratio.toFixed(2)} of those with one.`,
    isGood: ratio < 1.15,
  };
};
