// Whether the time that a check takes tells where an input is wrong: `npm run timing`. After dudect (Reparaz, Balasch,
// Verbauwhede 2017): two classes of inputs in random order, and Welch's t-test of how long they take.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import { Random } from '../support/path-plans.ts';
import { type Subject, subjects } from './subjects.ts';
import { largestT, type Measurement } from './welch.ts';

const usage = `usage: npm run timing -- [options]
  --measurements N  of each check (200,000)
  --markdown FILE   write the table as Markdown
`;

/** Above it two classes certainly take different times; from 4.5 on it is likely. */
const certain = 10;
const likely = 4.5;

/** Calls in one measurement, since a single one is not much longer than a look at the clock. */
const calls = 4;

/** Times a check. Both classes are read from the same memory, filled before the clock starts. */
function measure({ inputs, check }: Subject, count: number): Measurement[] {
  const random = new Random(1);
  const input = new Uint8Array(inputs[0].length);
  const measurements: Measurement[] = [];
  const warmUp = count / 10;
  for (let i = -warmUp; i < count; i++) {
    const kind = random.below(2) as 0 | 1;
    input.set(inputs[kind]);
    const start = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) check(input);
    const nanoseconds = Number(process.hrtime.bigint() - start);
    if (i >= 0) measurements.push({ kind, nanoseconds });
  }
  return measurements;
}

function verdict(t: number, leaks: boolean): string {
  const isSeen = Math.abs(t) > certain;
  if (leaks) return isSeen ? 'seen, as it should be' : 'NOT SEEN: measure more';
  return isSeen ? 'LEAKS' : Math.abs(t) > likely ? 'measure again' : 'no difference';
}

function main(count: number, markdown: string | undefined): number {
  // What a failure costs is the same for both classes; its stack would only be noise.
  Error.stackTraceLimit = 0;
  const rows = [['check', 'measurements', 'median', 't', 'verdict']];
  let isGood = true;
  for (const subject of subjects(nodeCrypto)) {
    const measurements = measure(subject, count);
    const t = largestT(measurements);
    const sorted = measurements.map(({ nanoseconds }) => nanoseconds).sort((a, b) => a - b);
    const median = `${((sorted[count >> 1] ?? 0) / calls / 1000).toFixed(2)} µs`;
    rows.push([subject.name, count.toLocaleString('en'), median, t.toFixed(2), verdict(t, subject.leaks === true)]);
    isGood &&= Math.abs(t) > certain === (subject.leaks === true);
    console.log(rows[rows.length - 1]!.join('  '));
  }
  if (markdown !== undefined) {
    const [head, ...rest] = rows.map((row) => `| ${row.join(' | ')} |`);
    writeFileSync(markdown, `${[head, '| --- | --- | --- | --- | --- |', ...rest].join('\n')}\n`);
  }
  return isGood ? 0 : 1;
}

const { values } = parseArgs({
  options: { measurements: { type: 'string' }, markdown: { type: 'string' } },
  strict: false,
});
const count = Number(values.measurements ?? 200_000);
if (!Number.isInteger(count) || count < 1000) {
  console.error(usage);
  process.exit(2);
}
process.exitCode = main(count, values.markdown as string | undefined);
