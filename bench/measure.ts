// Rounds of A and B: both implementations in turn, the order changed every round, on servers of their own.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImplementationName } from '../test/interop/implementation.ts';
import type { Case, Load } from './cases.ts';
import { BenchServer, type LoadGenerator, type RunningServer } from './processes.ts';
import type { Done, Work } from './protocol.ts';
import { startRival } from './rivals.ts';

/** One round of one side, in the case's unit. */
export interface Sample {
  readonly value: number;
  /** Beside it: of CPU time that of the main thread, of requests those per second of wall time, of pings the median. */
  readonly aside: number;
}
/** What stands on either side of a row; `earlier` is another checkout of tsls. */
type OwnSide = ImplementationName | 'earlier';
type SideName = OwnSide | 'nginx' | 'haproxy';
type Side = 'subject' | 'baseline';

/** The two sides' samples, one pair a round. */
export interface Measured {
  readonly case: Case;
  /** The other side's name. */
  readonly against: SideName;
  readonly subject: readonly Sample[];
  readonly baseline: readonly Sample[];
  /** Sessions that a client is given per connection, by either side. */
  readonly sessions: Readonly<Record<Side, number>>;
}

export interface Bench {
  readonly node: string;
  /** Where tsls has its cryptography from. */
  readonly provider: string;
  /** Another checkout of tsls, compiled, that stands where node:tls would. */
  readonly earlier?: string | undefined;
  readonly folder: string;
  readonly load: LoadGenerator;
}

const startServer = (bench: Bench, c: Case, side: SideName): Promise<RunningServer> =>
  side === 'nginx' || side === 'haproxy' ? startRival(side, { ...bench, ...c }) : startOwn(bench, c, side);

const startOwn = (
  bench: Bench,
  c: Case,
  side: OwnSide,
  mode = c.mode,
  flags: readonly string[] = [],
): Promise<BenchServer> =>
  BenchServer.start(
    { ...bench, checkout: side === 'earlier' ? bench.earlier : undefined },
    c.resumes ? undefined : join(bench.folder, 'openssl.cnf'),
    {
      implementation: side === 'node' ? 'node' : 'tsls',
      key: join(bench.folder, `${c.credential}.key`),
      cert: join(bench.folder, `${c.credential}.pem`),
      tls: c.tls,
      mode,
      givesTickets: c.resumes === true,
    },
    flags,
  );

const workOf = (bench: Bench, c: Case, server: RunningServer, load: Load = c.load): Work =>
  ({ ...load, port: server.port, ca: join(bench.folder, 'ca.pem'), tls: c.tls, resumes: c.resumes }) as Work;

const second = 1e9;
const scale: Readonly<Record<Case['unit'], number>> = { µs: 1e3, 's/GiB': second, KiB: 1024, '/s': 1, ms: 1 };

/** What became of a round; `all` and `main` are nanoseconds of CPU. */
function sampleOf(c: Case, done: Done, all: number, main: number): Sample {
  switch (c.measure) {
    case 'requests': {
      const { requests = Number.NaN, milliseconds } = done;
      return { value: requests / (all / second), aside: requests / (milliseconds / 1000) };
    }
    case 'p99':
      return { value: done.latency?.p99 ?? Number.NaN, aside: done.latency?.median ?? Number.NaN };
    default: {
      const [whole, own] = [all, main].map((time) => time / c.units / scale[c.unit]) as [number, number];
      return c.thread === 'main' ? { value: own, aside: whole } : { value: whole, aside: own };
    }
  }
}

async function loadRound(bench: Bench, c: Case, server: RunningServer): Promise<Sample> {
  const before = server.cpu();
  const done = await bench.load.do(workOf(bench, c, server));
  // What trails behind (closing sockets) belongs to the work.
  await sleep(30);
  const after = server.cpu();
  return sampleOf(c, done, after.all - before.all, after.main - before.main);
}

/**
 * V8's young generation grows to its full size while many connections come that stay, once for all of them: 64 MiB on Node
 * 24. Here it has one size from the beginning, on both sides.
 */
const fixedYoungHeap = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

/**
 * What each connection adds to those that are open already. Memory does not shrink again, so every round has a server of
 * its own, and those that were there before stay, lest others use again what they leave behind.
 */
async function rssRound(bench: Bench, c: Case, side: OwnSide): Promise<Sample> {
  const server = await startOwn(bench, c, side, c.mode, fixedYoungHeap);
  try {
    await bench.load.do(workOf(bench, c, server, { kind: 'hold', connections: 3000 }));
    await sleep(100);
    const before = await server.rss();
    await bench.load.do(workOf(bench, c, server));
    await sleep(200);
    const each = ((await server.rss()) - before) / c.units / scale.KiB;
    return { value: each, aside: each };
  } finally {
    await bench.load.do(workOf(bench, c, server, { kind: 'release' }));
    server.stop();
  }
}

/**
 * How many sessions (in TLS 1.3: tickets) a server gives each client, counted on a few connections: those that resume
 * where that is what is measured.
 */
async function countSessions(bench: Bench, c: Case, name: OwnSide): Promise<number> {
  const server = await startOwn(bench, c, name, c.resumes ? c.mode : 'serve');
  if (c.resumes) {
    const { sessions } = await bench.load.do(workOf(bench, c, server, { kind: 'handshakes', count: 8, atOnce: 8 }));
    server.stop();
    return sessions / 8;
  }
  const { sessions } = await bench.load.do(workOf(bench, c, server, { kind: 'hold', connections: 8 }));
  await bench.load.do(workOf(bench, c, server, { kind: 'release' }));
  server.stop();
  return sessions / 8;
}

/** Unmeasured work, since what runs hot is compiled then: a handshake runs through far more code than a transfer does. */
async function warmUp(bench: Bench, c: Case, server: RunningServer): Promise<void> {
  // After 7,000 handshakes Node 24 still spends 40 µs of each on compiling; after 20,000, nothing.
  const shakesHands = c.load.kind === 'handshakes' || c.load.kind === 'burst';
  // Other work is that of a server which has been up for a while: V8's young generation is small until clients have come.
  const count = shakesHands ? 20_480 : 5120;
  await bench.load.do(workOf(bench, c, server, { kind: 'handshakes', count, atOnce: 64, leaves: c.mode !== 'end' }));
  if (c.load.kind === 'burst') await bench.load.do(workOf(bench, c, server, { ...c.load, bursts: 10 }));
  else if (!shakesHands) for (let i = 0; i < 2; i++) await bench.load.do(workOf(bench, c, server));
}

/** Measures one case: the subject against node:tls, or a rival. */
export async function measure(
  bench: Bench,
  c: Case,
  implementation: ImplementationName,
  rounds: number,
): Promise<Measured> {
  const samples: { subject: Sample[]; baseline: Sample[] } = { subject: [], baseline: [] };
  const baseline = bench.earlier === undefined ? 'node' : 'earlier';
  const sides = { subject: implementation, baseline: c.against ?? baseline } as const;
  const order = ['subject', 'baseline'] as const;
  const count = (side: SideName): Promise<number> | number =>
    side === 'nginx' || side === 'haproxy' || c.against ? 0 : countSessions(bench, c, side);
  const sessions = { subject: await count(sides.subject), baseline: await count(sides.baseline) };
  const take = async (round: (side: Side) => Promise<Sample>): Promise<void> => {
    for (let i = 0; i < Math.min(rounds, c.mostRounds ?? rounds); i++)
      for (const side of i % 2 === 0 ? order : order.toReversed()) samples[side].push(await round(side));
  };
  if (c.measure === 'rss') {
    await take((side) => rssRound(bench, c, side === 'subject' ? implementation : baseline));
    return { case: c, against: sides.baseline, ...samples, sessions };
  }
  const servers: Partial<Record<Side, RunningServer>> = {};
  try {
    for (const side of order) servers[side] = await startServer(bench, c, sides[side]);
    for (const side of order) await warmUp(bench, c, servers[side]!);
    await take((side) => loadRound(bench, c, servers[side]!));
  } finally {
    for (const side of order) servers[side]?.stop();
  }
  return { case: c, against: sides.baseline, ...samples, sessions };
}
