// The fuzzer: `npm run fuzz -- --minutes 10`. It ends with 1 if anything was found, and writes that to build/fuzz/.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Random } from '../support/path-plans.ts';
import { recordCorpus } from './record.ts';
import { fuzz, fuzzPlans } from './runner.ts';
import type { Tally, Target } from './target.ts';
import { targets } from './targets/index.ts';

const usage = `usage: npm run fuzz -- [options]
  --minutes N     how long, all targets together (10)
  --only NAMES    these targets only: ${targets.map(({ name }) => name).join(', ')}
  --seed N        other inputs (1)
  --replay FILE   feeds a target, named by --only, with the bytes in a file, in hexadecimal
  --record        records what the clients on this machine send, for the corpus
  --markdown FILE write the table as Markdown
`;

/** No input may take longer, in milliseconds. */
const longestExecution = 100;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

function readOptions() {
  const { values } = parseArgs({
    options: { minutes: text, only: text, seed: text, replay: text, markdown: text, record: flag, help: flag },
  });
  const words = (values.only ?? '').split(',').filter((word) => word !== '');
  for (const word of words)
    if (!targets.some(({ name }) => name === word)) throw new Error(`there is no target ${word}`);
  const [minutes, seed] = [Number(values.minutes ?? 10), Number(values.seed ?? 1)];
  if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes and --seed are numbers');
  return { ...values, minutes, seed, only: targets.filter(({ name }) => words.length === 0 || words.includes(name)) };
}

const headings = ['target', 'what is fed', 'executions', 'per second', 'ways', 'slowest', 'heap', 'found'];

/** One row of the table. */
function cells({ target, executions, milliseconds, outcomes, slowest, growth, findings }: Tally): string[] {
  return [
    target.name,
    target.what,
    executions.toLocaleString('en'),
    Math.round(executions / (milliseconds / 1000)).toLocaleString('en'),
    `${outcomes}`,
    `${slowest.toFixed(slowest < 10 ? 1 : 0)} ms`,
    growth === undefined ? '-' : `${growth < 0 ? '-' : '+'}${Math.abs(growth / 2 ** 20).toFixed(1)} MiB`,
    `${findings.length}`,
  ];
}

function writeFindings({ target, findings }: Tally): void {
  for (const [index, { input, error }] of findings.entries()) {
    mkdirSync('build/fuzz', { recursive: true });
    const file = `build/fuzz/${target.name}-${index}.txt`;
    writeFileSync(
      file,
      `${Buffer.from(input)
        .toString('hex')
        .replace(/.{1,120}/g, '$&\n')}`,
    );
    console.log(`${target.name}: ${error.stack}\n  npm run fuzz -- --only ${target.name} --replay ${file}`);
  }
}

async function replay(target: Target, file: string): Promise<void> {
  const input = new Uint8Array(Buffer.from(readFileSync(file, 'latin1').replace(/\s+/g, ''), 'hex'));
  for (let seed = 0; seed < 20; seed++) {
    const start = performance.now();
    const outcome = await Promise.resolve()
      .then(() => target.run(Uint8Array.from(input), new Random(seed)))
      .catch((error: unknown) => error);
    console.log(outcome, `${(performance.now() - start).toFixed(2)} ms`);
  }
}

async function main(options: ReturnType<typeof readOptions>): Promise<number> {
  if (options.record) {
    await recordCorpus();
    return 0;
  }
  if (options.replay !== undefined) {
    const [target] = options.only;
    if (target === undefined || 'check' in target) throw new Error('only bytes are fed again; plans have a seed');
    await replay(target, options.replay);
    return 0;
  }
  const weights = options.only.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const tallies: Tally[] = [];
  for (const target of options.only) {
    const milliseconds = (options.minutes * 60_000 * (target.weight ?? 1)) / weights;
    const budget = {
      seed: options.seed,
      executions: Number.POSITIVE_INFINITY,
      milliseconds,
      longest: longestExecution,
    };
    const tally = 'check' in target ? await fuzzPlans(target, budget) : await fuzz(target, budget);
    console.log(cells(tally).join('  '));
    writeFindings(tally);
    tallies.push(tally);
  }
  const sum = tallies.reduce((total, { executions }) => total + executions, 0);
  const found = tallies.reduce((total, { findings }) => total + findings.length, 0);
  const total = `${sum.toLocaleString('en')} executions on Node ${process.versions.node}, seed ${options.seed}: ${found} found. None may take more than ${longestExecution} ms.`;
  console.log(`\n${total}`);
  if (options.markdown !== undefined) {
    const rows = [headings, headings.map(() => '---'), ...tallies.map(cells)].map((row) => `| ${row.join(' | ')} |`);
    writeFileSync(options.markdown, `${rows.join('\n')}\n\n${total}\n`);
  }
  return found > 0 ? 1 : 0;
}

let options: ReturnType<typeof readOptions>;
try {
  options = readOptions();
  if (options.help) throw new Error('npm run fuzz');
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(2);
}
process.exit(await main(options));
