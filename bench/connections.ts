// What many connections cost that do nothing: pings on one more, while so many are open.
import { join } from 'node:path';
import type { ImplementationName } from '../test/interop/implementation.ts';
import type { OwnBenchmark } from './own.ts';
import { BenchServer } from './processes.ts';
import { median } from './report.ts';

const counts = [100, 2000, 20_000];
const tls = { version: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519' } as const;
const pings = 4000;
const sides: readonly ImplementationName[] = ['tsls', 'node'];

/** Files that a process may open beside connections. */
const otherFiles = 200;

/** As many as may be opened here, by a server and by its clients. */
function mostConnections(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: Record<string, { soft: number | string }> };
  const files = Number(userLimits?.open_files?.soft);
  return Number.isFinite(files) ? files - otherFiles : Number.POSITIVE_INFINITY;
}

/** CPU time of pings with 100, 2,000 and 20,000 connections that are idle, tsls and node:tls in turns. */
export const measureConnections: OwnBenchmark = async ({ rounds, node, provider, folder, load }) => {
  const work = { ca: join(folder, 'ca.pem'), tls };
  const start = (implementation: ImplementationName): Promise<BenchServer> =>
    BenchServer.start({ node, provider }, join(folder, 'openssl.cnf'), {
      ...{ implementation, tls, mode: 'serve', givesTickets: false },
      ...{ key: join(folder, 'p256.key'), cert: join(folder, 'p256.pem') },
    });
  const servers = { tsls: await start('tsls'), node: await start('node') };
  const ping = async (side: ImplementationName): Promise<number> => {
    const before = servers[side].cpu().all;
    await load.do({ ...work, port: servers[side].port, kind: 'ping', connections: 1, count: pings });
    return (servers[side].cpu().all - before) / pings / 1000;
  };
  const most = Math.floor(mostConnections() / sides.length);
  const rows = [['idle connections', 'tsls', 'node:tls', 'unit', 'ratio', 'tsls / tsls with 100']];
  const found: number[] = [];
  try {
    for (const side of sides) for (let i = 0; i < 3; i++) await ping(side);
    let held = 0;
    for (const wanted of counts) {
      const count = Math.min(wanted, most);
      for (const side of sides)
        await load.do({ ...work, port: servers[side].port, kind: 'hold', connections: count - held });
      held = count;
      const taken: Record<ImplementationName, number[]> = { tsls: [], node: [] };
      for (let i = 0; i < rounds; i++) for (const side of sides) taken[side].push(await ping(side));
      const [ours, theirs] = [median(taken.tsls), median(taken.node)];
      found.push(ours);
      const ratio = median(taken.tsls.map((time, i) => time / taken.node[i]!));
      const label =
        count < wanted ? `${count.toLocaleString('en')} (as many as may be opened)` : count.toLocaleString('en');
      rows.push([
        label,
        ours.toFixed(1),
        theirs.toFixed(1),
        'µs a ping',
        ratio.toFixed(2),
        (ours / found[0]!).toFixed(2),
      ]);
    }
  } finally {
    for (const { port } of Object.values(servers)) await load.do({ ...work, port, kind: 'release' });
    for (const side of sides) servers[side].stop();
  }
  const growth = found.at(-1)! / found[0]!;
  return {
    title: 'Open connections',
    rows,
    note: `A ping with the most connections costs ${growth.toFixed(2)} of one with 100.`,
    isGood: growth < 1.25,
  };
};
