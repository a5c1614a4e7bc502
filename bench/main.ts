// The benchmark: CPU time and memory of the server process, tsls against node:tls of the same Node, in turns.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificates } from '../test/interop/certificates.ts';
import { type ImplementationName, implementationName } from '../test/interop/implementation.ts';
import { type Case, cases, type Provider, providers } from './cases.ts';
import { isInstalled } from './clients.ts';
import { measure } from './measure.ts';
import { type OwnResult, own } from './own.ts';
import { LoadGenerator, withoutTickets } from './processes.ts';
import { aligned, cells, headings, type Line, remarks, type Skipped, skippedCells, summarize } from './report.ts';
import { type Run, writeResults } from './results.ts';
import { missingRival } from './rivals.ts';

/** What takes long and changes seldom is measured only if it is named. */
const onlyIfNamed: ReadonlySet<string> = new Set(['validation']);
const names = [...cases.map((c) => c.name), ...Object.keys(own)];

const usage = `usage: npm run bench -- [options]
  --only NAMES                 measure these only, of: ${names.join(', ')}
  --implementation tsls|node   what is held against node:tls (tsls); node shows how far noise goes
  --earlier FOLDER             another checkout of tsls, compiled there, in place of node:tls: what a change is worth
  --node PATH                  the Node that runs the benchmark (this one)
  --provider openssl|node      where tsls has its cryptography from (openssl)
  --rounds N                   pairs of rounds (5)
  --write                      put the results into bench/: RESULTS.md, results.json, results.svg
  --json FILE                  write the results as JSON
  --strict                     end with 1 if a goal is missed
`;

interface Options {
  readonly only: readonly string[];
  readonly implementation: ImplementationName;
  readonly earlier: string | undefined;
  readonly node: string;
  readonly provider: Provider;
  readonly rounds: number;
  readonly write: boolean;
  readonly strict: boolean;
  readonly json: string | undefined;
}

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      ...{ only: text, implementation: text, earlier: text, node: text, provider: text, rounds: text, json: text },
      ...{ strict: flag, write: flag },
    },
  });
  const only = (values.only ?? '').split(',').filter((w) => w !== '');
  for (const name of only) if (!names.includes(name)) throw new Error(`there is no benchmark ${name}`);
  const rounds = Number(values.rounds ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1');
  const provider = providers.find((known) => known === (values.provider ?? 'openssl'));
  if (!provider) throw new Error(`--provider is ${providers.join(' or ')}`);
  const implementation = implementationName(values.implementation ?? 'tsls');
  const { earlier, write, strict, json, node = process.execPath } = values;
  if (earlier !== undefined && write) throw new Error('results are of node:tls and rivals, not of earlier versions');
  return { only, implementation, earlier, node, provider, rounds, write, strict, json };
}

/** Why a row cannot be measured here. */
const missing = (c: Case, load: LoadGenerator): string | undefined =>
  load.clients.missing(c.load) ?? (c.against && missingRival(c.against));

async function measureAll(options: Options, folder: string, load: LoadGenerator): Promise<Run> {
  const { node, provider, implementation, earlier, rounds, only } = options;
  const wanted = (name: string): boolean => (only.length === 0 ? !onlyIfNamed.has(name) : only.includes(name));
  const lines: Line[] = [];
  const skipped: Skipped[] = [];
  for (const c of cases.filter(({ name, against }) => wanted(name) && !(earlier && against))) {
    const reason = missing(c, load);
    if (reason !== undefined) {
      skipped.push({ name: c.name, what: c.what, reason });
      continue;
    }
    process.stderr.write(`${c.name} … `);
    const measured = await measure({ node, provider, earlier, folder, load }, c, implementation, rounds);
    const line = summarize(measured, provider, process.version);
    process.stderr.write(`${line.ratio.toFixed(2)} ${line.verdict}\n`);
    lines.push(line);
  }
  const results: Record<string, OwnResult> = {};
  for (const [name, benchmark] of Object.entries(own).filter(([name]) => wanted(name) && !earlier)) {
    process.stderr.write(`${name} … `);
    results[name] = await benchmark({ rounds, node, provider, folder, load });
    process.stderr.write(`${results[name].note}\n`);
  }
  return {
    ...{ node: process.version, provider, rounds, lines, skipped, own: results },
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()})`,
    others: versionsOf(lines),
    date: new Date().toISOString().slice(0, 10),
    clients: load.clients.names,
  };
}

/** The versions of the rivals that took part. */
function versionsOf(lines: readonly Line[]): string[] {
  const rivals = new Set(lines.map(({ against }) => against).filter((name) => name === 'nginx' || name === 'haproxy'));
  return [...rivals].filter(isInstalled).map((name) => {
    const { stdout, stderr } = spawnSync(name, ['-v'], { encoding: 'utf8' });
    const version = /\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`)?.[0];
    return `${name} ${version}`;
  });
}

function print(run: Run, subject: string): void {
  const { node, provider, machine, rounds, lines, skipped, clients } = run;
  console.log(`Node ${node}, cryptography by ${provider}, ${machine}, ${rounds} rounds each`);
  const rows = [headings(subject), ...lines.map(cells), ...skipped.map(skippedCells)];
  if (rows.length > 1) console.log(['', aligned(rows), '', ...remarks(lines, clients)].join('\n'));
  for (const { title, rows, note } of Object.values(run.own)) console.log(['', title, aligned(rows), note].join('\n'));
}

async function main(options: Options): Promise<number> {
  process.env.TSLS_CRYPTO = options.provider; // for what is measured in this process
  const folder = mkdtempSync(join(tmpdir(), 'tsls-bench-'));
  const load = new LoadGenerator(folder);
  try {
    await makeCertificates(folder);
    writeFileSync(join(folder, 'openssl.cnf'), withoutTickets);
    const run = await measureAll(options, folder, load);
    print(run, options.implementation === 'tsls' ? 'tsls' : 'node:tls again');
    if (options.json) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`);
    if (options.write) writeResults(run, names);
    const isGood = run.lines.every((l) => l.verdict !== 'missed') && Object.values(run.own).every((r) => r.isGood);
    return options.strict && !isGood ? 1 : 0;
  } finally {
    load.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All of it under another Node: what is measured in this process too. */
function runUnder(node: string): number {
  const args = process.argv.slice(2);
  const at = args.findIndex((arg) => arg === '--node' || arg.startsWith('--node='));
  args.splice(at, args[at] === '--node' ? 2 : 1);
  execFileSync(node, ['--version'], { stdio: 'ignore' });
  return spawnSync(node, [process.argv[1]!, ...args], { stdio: 'inherit' }).status ?? 1;
}

let options: Options;
try {
  options = readOptions();
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(2);
}
process.exitCode = options.node === process.execPath ? await main(options) : runUnder(options.node);
