// The benchmark: CPU time and memory of the server process, tsls against node:tls of the same Node, in turns.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificates } from '../test/interop/certificates.ts';
import { implementationName } from '../test/interop/implementation.ts';
import { cases } from './cases.ts';
import { measure } from './measure.ts';
import { measureNames } from './names.ts';
import { LoadGenerator, withoutTickets } from './processes.ts';
import { aligned, cells, headings, type Line, markdownTable, summarize } from './report.ts';
import { measureValidation, type OwnBenchmark } from './validation.ts';

/** What is measured in this process, and only if it is named. */
const own: Readonly<Record<string, OwnBenchmark>> = { validation: measureValidation, names: measureNames };
const names = [...cases.map((c) => c.name), ...Object.keys(own)];

const usage = `usage: npm run bench -- [options]
  --only NAMES                 measure these only: ${names.join(', ')}
  --implementation tsls|node   what is held against node:tls (tsls); node shows how far noise goes
  --node PATH                  the Node that runs the servers (this one)
  --provider node|openssl      where tsls has its cryptography from (openssl)
  --rounds N                   pairs of rounds (7)
  --json FILE                  write the results as JSON
  --markdown FILE              write the table as Markdown
  --strict                     end with 1 if a goal is missed
`;

function readOptions() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ only: text, implementation: text, node: text, provider: text, rounds: text, json: text, markdown: text },
      strict: { type: 'boolean' },
    },
  });
  const only = (values.only ?? '').split(',').filter((w) => w !== '');
  for (const name of only) if (!names.includes(name)) throw new Error(`there is no benchmark ${name}`);
  const rounds = Number(values.rounds ?? 7);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1');
  const implementation = implementationName(values.implementation ?? 'tsls');
  return {
    ...values,
    implementation,
    rounds,
    node: values.node ?? process.execPath,
    provider: values.provider ?? 'openssl',
    only,
  };
}

function remarks(lines: readonly Line[], subject: string): string[] {
  const sessions = new Map<string, string[]>();
  for (const { name, sessions: pair } of lines) {
    const key = pair.join(' / ');
    sessions.set(key, [...(sessions.get(key) ?? []), name]);
  }
  const counted = [...sessions].map(([pair, names]) => `${pair} (${names.join(', ')})`).join('; ');
  const missed = lines.filter((l) => l.verdict === 'missed').map((l) => l.name);
  return [
    "Ratio: median of the rounds' ratios, all threads of the server process; below 1 is less than node:tls.",
    `Sessions (TLS 1.3: tickets) given to each client, ${subject} / node:tls: ${counted}.`,
    missed.length > 0 ? `Goals missed: ${missed.join(', ')}.` : 'No goal missed.',
  ];
}

async function main(options: ReturnType<typeof readOptions>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tsls-bench-'));
  const load = new LoadGenerator(folder);
  try {
    await makeCertificates(folder);
    writeFileSync(join(folder, 'openssl.cnf'), withoutTickets);
    const version = execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim();
    const subject = options.implementation === 'tsls' ? 'tsls' : 'node:tls again';
    const title = `Node ${version}, cryptography by ${options.provider}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${options.rounds} rounds each`;
    const lines: Line[] = [];
    for (const c of cases.filter((c) => options.only.length === 0 || options.only.includes(c.name))) {
      process.stderr.write(`${c.name} … `);
      const measured = await measure(
        { node: options.node, provider: options.provider, folder, load },
        c,
        options.implementation,
        options.rounds,
      );
      const line = summarize(measured);
      process.stderr.write(`${line.ratio.toFixed(2)}\n`);
      lines.push(line);
    }
    const rows = [headings(subject), ...lines.map(cells)];
    const notes = [...remarks(lines, subject), `Handshakes are made by ${load.handshakesBy}.`];
    console.log([title, '', aligned(rows), '', ...notes].join('\n'));
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ node: version, lines }, null, 2)}\n`);
    if (options.markdown)
      writeFileSync(options.markdown, `${[title, '', markdownTable(rows), '', ...notes].join('\n')}\n`);
    return options.strict && lines.some((l) => l.verdict === 'missed') ? 1 : 0;
  } finally {
    load.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those benchmarks that need no servers; the exit code. */
async function measureOwn(options: ReturnType<typeof readOptions>): Promise<number> {
  const found = [];
  for (const name of options.only) {
    if (own[name] === undefined) throw new Error(`${name} is measured apart from ${Object.keys(own).join(' and ')}`);
    found.push(await own[name](options.rounds));
  }
  console.log(found.map(({ text }) => text).join('\n\n'));
  if (options.markdown) writeFileSync(options.markdown, found.map(({ markdown }) => markdown).join('\n'));
  return options.strict && found.some(({ isGood }) => !isGood) ? 1 : 0;
}

let options: ReturnType<typeof readOptions>;
try {
  options = readOptions();
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(2);
}
process.exitCode = await (options.only.some((name) => name in own) ? measureOwn(options) : main(options));
