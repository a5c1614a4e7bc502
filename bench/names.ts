// What many names cost: `npm run bench -- --only names`. Handshakes in memory, both ends in this process.
import { once } from 'node:events';
import * as tls from 'node:tls';
import { createSecureContext, createServer, type Server } from '../src/index.ts';
import { NamedContexts } from '../src/node/named-contexts.ts';
import { duplexPair } from '../test/support/duplex-pair.ts';
import { makeIdentity } from '../test/support/identities.ts';
import type { OwnBenchmark } from './own.ts';
import { median } from './report.ts';

const { key, cert } = makeIdentity('p256');
const context = createSecureContext({ key, cert });
/** A third of the names are wildcards. */
const nameOf = (i: number): string => (i % 3 === 0 ? `*.x${i}.example` : `x${i}.example`);
const hostOf = (i: number): string => (i % 3 === 0 ? `a.x${i}.example` : `x${i}.example`);

/** Nanoseconds of a look-up. */
function lookUp(count: number): number {
  const names = new NamedContexts();
  for (let i = 0; i < count; i++) names.add(nameOf(i), { context });
  const rounds = Array.from({ length: 9 }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 10_000; i++) names.find(hostOf(i % count));
    return Number(process.hrtime.bigint() - start) / 10_000;
  });
  return median(rounds);
}

function serverWith(count: number): Server {
  const server = createServer({ key, cert });
  for (let i = 0; i < count; i++) server.addContext(nameOf(i), context);
  server.on('secureConnection', (socket) => socket.on('error', () => {}).end());
  return server;
}

/** Microseconds of CPU of one handshake, both ends. */
async function handshakes(server: Server, count: number, runs: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const [far, near] = duplexPair();
    server.emit('connection', far);
    const servername = hostOf((i * 7) % count);
    const client = tls.connect({ socket: near, servername, rejectUnauthorized: false }).resume();
    await once(client, 'end');
    client.destroy();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

/** Look-ups and handshakes with one name and with ten thousand. */
export const measureNames: OwnBenchmark = async ({ rounds }) => {
  const counts = [1, 10_000];
  const servers = counts.map(serverWith);
  const times: number[][] = counts.map(() => []);
  for (const [index, server] of servers.entries()) await handshakes(server, counts[index]!, 50);
  for (let round = 0; round < rounds; round++) {
    for (const [index, server] of servers.entries()) {
      times[index]!.push(await handshakes(server, counts[index]!, 100));
    }
  }
  const rows = [
    ['names', 'look-up', 'handshake, both ends'],
    ...counts.map((count, index) => [
      count.toLocaleString('en'),
      `${lookUp(count).toFixed(0)} ns`,
      `${median(times[index]!).toFixed(0)} µs`,
    ]),
  ];
  const ratio = median(times[1]!.map((time, round) => time / times[0]![round]!));
  return {
    title: 'Names of addContext',
    rows,
    note: `Handshakes with 10,000 names cost ${ratio.toFixed(2)} of those with one.`,
    isGood: ratio < 1.15,
  };
};
