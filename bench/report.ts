// Medians, the verdict on each goal, and the tables.
import type { Case } from './cases.ts';
import type { Measured, Sample } from './measure.ts';

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

export interface Line {
  readonly name: string;
  readonly what: string;
  readonly unit: Case['unit'];
  /** Medians over the rounds, in the unit: all threads, and the main thread alone. */
  readonly subject: number;
  readonly baseline: number;
  readonly subjectMain: number;
  readonly baselineMain: number;
  /** Median of the rounds' ratios subject / baseline, and the smallest and largest of them. */
  readonly ratio: number;
  readonly range: readonly [number, number];
  readonly goal?: number;
  readonly verdict: 'met' | 'missed' | 'no goal';
  /** Sessions given to a client per connection, subject and baseline. */
  readonly sessions: readonly [number, number];
}

const scale: Readonly<Record<Case['unit'], number>> = { µs: 1e3, 's/GiB': 1e9, KiB: 1024 };

/** The medians of one case, and whether its goal is met. */
export function summarize(measured: Measured): Line {
  const { case: c, subject, baseline } = measured;
  const of = (samples: readonly Sample[], kind: 'all' | 'main'): number =>
    median(samples.map((s) => s[kind])) / scale[c.unit];
  const ratios = subject.map((s, i) => s.all / (baseline[i]?.all ?? Number.NaN));
  const ratio = median(ratios);
  return {
    ...{ name: c.name, what: c.what, unit: c.unit, ratio, range: [Math.min(...ratios), Math.max(...ratios)] },
    ...{ subject: of(subject, 'all'), baseline: of(baseline, 'all') },
    ...{ subjectMain: of(subject, 'main'), baselineMain: of(baseline, 'main') },
    ...(c.goal === undefined ? {} : { goal: c.goal }),
    verdict: c.goal === undefined ? 'no goal' : ratio <= c.goal ? 'met' : 'missed',
    sessions: [measured.sessions.subject, measured.sessions.baseline],
  };
}

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));
/** The first row of the table. */
export const headings = (subject: string): string[] => [
  'per unit, all threads (main thread)',
  subject,
  'node:tls',
  'unit',
  'ratio',
  'from - to',
  'goal',
  'verdict',
];

/** One row of the table. */
export function cells(line: Line): string[] {
  const both = (all: number, main: number): string =>
    line.unit === 'KiB' ? figure(all) : `${figure(all)} (${figure(main)})`;
  return [
    line.what,
    both(line.subject, line.subjectMain),
    both(line.baseline, line.baselineMain),
    line.unit,
    line.ratio.toFixed(2),
    `${line.range[0].toFixed(2)} - ${line.range[1].toFixed(2)}`,
    line.goal === undefined ? '-' : `<= ${line.goal}`,
    line.verdict === 'missed' ? 'MISSED' : line.verdict,
  ];
}

/** Columns side by side. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const width = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => (r[i] ?? '').length)));
  return rows
    .map((r) =>
      r
        .map((c, i) => c.padEnd(width[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The same rows as a Markdown table. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows.map((r) => `| ${r.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...rest].join('\n');
}
