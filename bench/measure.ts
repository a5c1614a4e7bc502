// Rounds of A and B: both implementations in turn, the order changed every round, on servers of their own.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImplementationName } from '../test/interop/implementation.ts';
import type { Case } from './cases.ts';
import { BenchServer, type LoadGenerator } from './processes.ts';
import type { Work } from './protocol.ts';

/** One round of one side, per unit: nanoseconds of CPU, or bytes. */
export interface Sample {
  readonly all: number;
  readonly main: number;
}
type Side = 'subject' | 'baseline';

/** The two sides' samples, one pair a round. */
export interface Measured {
  readonly case: Case;
  readonly subject: readonly Sample[];
  readonly baseline: readonly Sample[];
  /** Sessions that a client is given per connection, by either side. */
  readonly sessions: Readonly<Record<Side, number>>;
}

export interface Bench {
  readonly node: string;
  /** Where tsls has its cryptography from. */
  readonly provider: string;
  readonly folder: string;
  readonly load: LoadGenerator;
}

const startServer = (bench: Bench, c: Case, implementation: ImplementationName, mode = c.mode): Promise<BenchServer> =>
  BenchServer.start(bench.node, c.resumes ? undefined : join(bench.folder, 'openssl.cnf'), bench.provider, {
    implementation,
    key: join(bench.folder, `${c.credential}.key`),
    cert: join(bench.folder, `${c.credential}.pem`),
    tls: c.tls,
    mode,
    givesTickets: c.resumes === true,
  });

const workOf = (bench: Bench, c: Case, server: BenchServer, load = c.load): Work =>
  ({ ...load, port: server.port, ca: join(bench.folder, 'ca.pem'), tls: c.tls, resumes: c.resumes }) as Work;

async function cpuRound(bench: Bench, c: Case, server: BenchServer): Promise<Sample> {
  const before = server.cpu();
  await bench.load.do(workOf(bench, c, server));
  // What trails behind (closing sockets) belongs to the work.
  await sleep(30);
  const after = server.cpu();
  const per = (kind: 'main' | 'all'): number => (after[kind] - before[kind]) / c.units;
  return { all: per('all'), main: per('main') };
}

/**
 * Memory does not shrink again, so every round has a server of its own. It is warmed up by connections that go away
 * again, so that what is counted is the connections and not the young heap growing to its size.
 */
async function rssRound(bench: Bench, c: Case, implementation: ImplementationName): Promise<Sample> {
  const server = await startServer(bench, c, implementation);
  try {
    await bench.load.do(workOf(bench, c, server, { kind: 'hold', connections: 1500 }));
    await bench.load.do(workOf(bench, c, server, { kind: 'release' }));
    await sleep(100);
    const before = await server.rss();
    await bench.load.do(workOf(bench, c, server));
    await sleep(200);
    const each = ((await server.rss()) - before) / c.units;
    return { all: each, main: each };
  } finally {
    await bench.load.do(workOf(bench, c, server, { kind: 'release' }));
    server.stop();
  }
}

/** How many sessions (in TLS 1.3: tickets) a server gives each client, counted on a few connections. */
async function countSessions(bench: Bench, c: Case, implementation: ImplementationName): Promise<number> {
  const server = await startServer(bench, c, implementation, 'serve');
  const { sessions } = await bench.load.do(workOf(bench, c, server, { kind: 'hold', connections: 8 }));
  await bench.load.do(workOf(bench, c, server, { kind: 'release' }));
  server.stop();
  return sessions / 8;
}

/**
 * Rounds that are not measured, for each side: a handshake runs through far more code than a transfer does. After 7
 * rounds of 1,024, Node 24 still spends 40 µs of each handshake on compiling; after 20, nothing.
 */
const warmUps = { handshakes: 20, data: 2 } as const;
/** Memory varies little, and filling it takes long. */
const memoryRounds = 3;

/** Measures one case: the subject against node:tls. */
export async function measure(
  bench: Bench,
  c: Case,
  implementation: ImplementationName,
  rounds: number,
): Promise<Measured> {
  const samples: { subject: Sample[]; baseline: Sample[] } = { subject: [], baseline: [] };
  const sides = { subject: implementation, baseline: 'node' } as const;
  const order = ['subject', 'baseline'] as const;
  const sessions = {
    subject: await countSessions(bench, c, sides.subject),
    baseline: await countSessions(bench, c, sides.baseline),
  };
  const take = async (round: (side: Side) => Promise<Sample>): Promise<void> => {
    for (let i = 0; i < rounds; i++)
      for (const side of i % 2 === 0 ? order : order.toReversed()) samples[side].push(await round(side));
  };
  if (c.measure === 'rss') {
    rounds = Math.min(rounds, memoryRounds);
    await take((side) => rssRound(bench, c, sides[side]));
    return { case: c, ...samples, sessions };
  }
  const servers = {
    subject: await startServer(bench, c, sides.subject),
    baseline: await startServer(bench, c, sides.baseline),
  };
  try {
    // Unmeasured at first: what runs hot is compiled then.
    for (let i = 0; i < warmUps[c.load.kind === 'handshakes' ? 'handshakes' : 'data']; i++)
      for (const side of order) await cpuRound(bench, c, servers[side]);
    await take((side) => cpuRound(bench, c, servers[side]));
  } finally {
    for (const side of order) servers[side].stop();
  }
  return { case: c, ...samples, sessions };
}
