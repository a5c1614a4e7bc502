// The flood: what a connection that is there, and clients that want in, notice of attacks; tsls and node:tls in turns.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeCertificates } from '../test/interop/certificates.ts';
import type { ImplementationName } from '../test/interop/implementation.ts';
import { Child } from './child.ts';
import type { FloodDone, FloodWork } from './flood-protocol.ts';
import { BenchServer, withoutTickets } from './processes.ts';
import { aligned, markdownTable } from './report.ts';

type WithoutPlace<W> = W extends unknown ? Omit<W, 'port' | 'ca' | 'milliseconds'> : never;
/** Milliseconds for what runs hot to be compiled: thousands of handshakes. */
const warmUp = 15_000;

type Attack = WithoutPlace<FloodWork>;

const attacks: Readonly<Record<string, { what: string; credential: 'p256' | 'rsa'; attack: Attack }>> = {
  'half-open': {
    what: '10,000 half-open handshakes',
    credential: 'p256',
    attack: { kind: 'halfOpen', connections: 10_000 },
  },
  garbage: {
    what: 'garbage at line rate, 8 connections at once',
    credential: 'p256',
    attack: { kind: 'garbage', connections: 8, stays: true },
  },
  'brief-garbage': {
    what: '1 KiB of garbage, 8 connections at once that come again with the answer',
    credential: 'p256',
    attack: { kind: 'garbage', connections: 8, stays: false },
  },
  burst: { what: 'bursts of 64 full handshakes, P-256', credential: 'p256', attack: { kind: 'burst', atOnce: 64 } },
  'burst-rsa': {
    what: 'bursts of 64 full handshakes, RSA-2048',
    credential: 'rsa',
    attack: { kind: 'burst', atOnce: 64 },
  },
};

const usage = `usage: npm run flood -- [options]
  --only NAMES       these attacks only: ${Object.keys(attacks).join(', ')}
  --rounds N         rounds of each, tsls and node:tls in turns (3)
  --seconds N        how long each attack lasts, and the quiet before it (5)
  --node PATH        the Node that runs the servers (this one)
  --provider NAME    where tsls has its cryptography from: node or openssl (openssl)
  --markdown FILE    write the table as Markdown
`;

function readOptions() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { only: text, rounds: text, seconds: text, node: text, provider: text, markdown: text },
  });
  const only = values.only?.split(',') ?? Object.keys(attacks);
  for (const name of only) if (!(name in attacks)) throw new Error(`there is no attack ${name}`);
  return {
    ...{ only, markdown: values.markdown, node: values.node ?? process.execPath },
    provider: values.provider ?? 'openssl',
    rounds: Number(values.rounds ?? 3),
    milliseconds: 1000 * Number(values.seconds ?? 5),
  };
}
type Options = ReturnType<typeof readOptions>;

/** What was noticed in one round. */
interface Round {
  readonly quiet: readonly number[];
  readonly attacked: readonly number[];
  readonly entered: readonly number[];
  readonly failed: number;
  readonly count: number;
}

async function round(options: Options, folder: string, side: ImplementationName, name: string): Promise<Round> {
  const { credential, attack } = attacks[name]!;
  const server = await BenchServer.start(options, join(folder, 'openssl.cnf'), {
    implementation: side,
    key: join(folder, `${credential}.key`),
    cert: join(folder, `${credential}.pem`),
    tls: { version: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519' },
    ...{ mode: 'serve', givesTickets: false },
  });
  const [pinger, client, attacker] = Array.from({ length: 3 }, () => new Child('./flood-load.js'));
  try {
    const { milliseconds } = options;
    const place = { port: server.port, ca: join(folder, 'ca.pem'), milliseconds };
    await client!.ask<FloodDone>({ ...place, milliseconds: warmUp, kind: 'burst', atOnce: 64 } satisfies FloodWork);
    // The same twice, so that nothing but the attack is different.
    const usual = () =>
      Promise.all([
        pinger!.ask<FloodDone>({ ...place, kind: 'ping' } satisfies FloodWork),
        sleep(100).then(() => client!.ask<FloodDone>({ ...place, kind: 'newcomers' } satisfies FloodWork)),
      ]);
    const [quiet] = await usual();
    const [hit, [attacked, entered]] = await Promise.all([
      attacker!.ask<FloodDone>({ ...place, ...attack } as FloodWork),
      usual(),
    ]);
    const { times, failed } = entered;
    return { quiet: quiet.times, attacked: attacked.times, entered: times, failed, count: hit.count };
  } finally {
    for (const child of [pinger, client, attacker]) child?.stop();
    server.stop();
  }
}

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;

const headings = [
  'attack',
  'server',
  'median ping, ms: quiet',
  'attacked',
  'p99, ms: quiet',
  'attacked',
  'attacks',
  'clients in',
  'kept out',
  'median, ms',
];

function row(name: string, side: ImplementationName, rounds: readonly Round[]): string[] {
  const all = (kind: 'quiet' | 'attacked' | 'entered'): number[] => rounds.flatMap((r) => [...r[kind]]);
  const [quiet, attacked, entered] = [all('quiet'), all('attacked'), all('entered')];
  const against = (q: number): string[] => {
    const [before, after] = [quantile(quiet, q), quantile(attacked, q)];
    return [before.toFixed(2), `${after.toFixed(2)} (${(after / before).toFixed(1)} x)`];
  };
  const sum = (kind: 'failed' | 'count'): string => String(rounds.reduce((total, r) => total + r[kind], 0));
  return [
    ...[attacks[name]!.what, side === 'node' ? 'node:tls' : side, ...against(0.5), ...against(0.99)],
    ...[sum('count'), String(entered.length), sum('failed'), quantile(entered, 0.5).toFixed(1)],
  ];
}

async function flood(options: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tsls-flood-'));
  try {
    await makeCertificates(folder);
    writeFileSync(join(folder, 'openssl.cnf'), withoutTickets);
    const version = execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim();
    const title = `Node ${version}, cryptography by ${options.provider}, ${options.rounds} rounds of ${options.milliseconds / 1000} s`;
    const rows = [headings];
    for (const name of options.only) {
      const rounds: Record<ImplementationName, Round[]> = { tsls: [], node: [] };
      for (let i = 0; i < options.rounds; i++)
        for (const side of ['tsls', 'node'] as const) rounds[side].push(await round(options, folder, side, name));
      for (const side of ['tsls', 'node'] as const) rows.push(row(name, side, rounds[side]));
      process.stderr.write(
        `${rows
          .slice(-2)
          .map((cells) => cells.join('  '))
          .join('\n')}\n`,
      );
    }
    console.log(`${title}\n\n${aligned(rows)}`);
    if (options.markdown) writeFileSync(options.markdown, `${title}\n\n${markdownTable(rows)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let options: Options;
try {
  options = readOptions();
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(2);
}
await flood(options);
