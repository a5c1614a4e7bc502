// What was measured last on each Node with each provider: kept as JSON, and told as Markdown and as a chart.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawChart } from './chart.ts';
import type { OwnResult } from './own.ts';
import { cells, headings, type Line, markdownTable, remarks, type Skipped, skippedCells } from './report.ts';

/** One run of the benchmark. */
export interface Run {
  /** Node's version, as `v24.1.0`. */
  readonly node: string;
  readonly provider: string;
  readonly machine: string;
  /** The other programs that took part, with their versions. */
  readonly others: readonly string[];
  /** The day, in UTC. */
  readonly date: string;
  readonly rounds: number;
  readonly lines: readonly Line[];
  readonly skipped: readonly Skipped[];
  readonly own: Readonly<Record<string, OwnResult>>;
  /** Who made handshakes, transfers and pings, in words. */
  readonly clients: string;
}

const place = (name: string): string => fileURLToPath(new URL(`../../bench/${name}`, import.meta.url));
const keyOf = ({ node, provider }: Run): string => `${node.split('.')[0]} ${provider}`;

/** Lines of a run that measured only some stand in for those of the last, and leave the others. */
function merge(before: Run | undefined, run: Run): Run {
  if (before === undefined || before.node !== run.node) return run;
  const names = new Set([...run.lines, ...run.skipped].map(({ name }) => name));
  const kept = <T extends { readonly name: string }>(rows: readonly T[]): T[] =>
    rows.filter(({ name }) => !names.has(name));
  return {
    ...run,
    lines: [...kept(before.lines), ...run.lines],
    skipped: [...kept(before.skipped), ...run.skipped],
    own: { ...before.own, ...run.own },
    clients: run.lines.length > 0 ? run.clients : before.clients,
  };
}

function section(run: Run, order: readonly string[]): string {
  const place = ({ name }: { readonly name: string }): number => order.indexOf(name);
  const lines = run.lines.toSorted((a, b) => place(a) - place(b));
  const rows = [headings('tsls'), ...lines.map(cells), ...run.skipped.map(skippedCells)];
  const tables = Object.values(run.own).flatMap(({ title, rows, note }) => [`### ${title}`, markdownTable(rows), note]);
  const others = run.others.length > 0 ? `; ${run.others.join(', ')}` : '';
  return [
    `## Node ${run.node}, cryptography by \`${run.provider}\``,
    `${run.date}, ${run.machine}, ${run.rounds} rounds${others}.`,
    markdownTable(rows),
    ...remarks(lines, run.clients).map((note) => `- ${note}`),
    ...tables,
  ].join('\n\n');
}

const head = `# Results

Written by \`npm run bench -- --write\`; [docs/BENCHMARKS.md](../docs/BENCHMARKS.md) says how to read them. Figures are medians
of the rounds, with the CPU time of the main thread (of requests: those in a second of wall time; of pings: their median)
in parentheses, and the smallest and largest beside them. Ratios are tsls / the other side, round by round.

![Ratios by row](results.svg)`;

/** Adds a run to what is kept in \`bench/\`, and writes all of it anew. \`order\`: names of rows as they are to stand. */
export function writeResults(run: Run, order: readonly string[]): void {
  const json = place('results.json');
  const kept = existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as Run[]) : [];
  const before = kept.find((other) => keyOf(other) === keyOf(run));
  const runs = [...kept.filter((other) => other !== before), merge(before, run)];
  runs.sort(
    (a, b) => a.provider.localeCompare(b.provider) * -1 || a.node.localeCompare(b.node, 'en', { numeric: true }),
  );
  writeFileSync(json, `${JSON.stringify(runs, null, 1)}\n`);
  writeFileSync(place('RESULTS.md'), `${[head, ...runs.map((r) => section(r, order))].join('\n\n')}\n`);
  writeFileSync(place('results.svg'), drawChart(runs, order));
}
