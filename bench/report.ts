// Medians, the verdict on each goal, and the tables.
import type { Case, Provider } from './cases.ts';
import { goalOf } from './goals.ts';
import type { Measured, Sample } from './measure.ts';

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** What one side took, over the rounds. */
export interface Figures {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** Median of what is told beside it (`Sample.aside`). */
  readonly aside: number;
}

export interface Line {
  readonly name: string;
  readonly what: string;
  readonly unit: Case['unit'];
  /** The other side: `node:tls`, `earlier`, `nginx`, `haproxy`. */
  readonly against: string;
  readonly subject: Figures;
  readonly baseline: Figures;
  /** Median of the rounds' ratios subject / baseline, and the smallest and largest of them. */
  readonly ratio: number;
  readonly range: readonly [number, number];
  /** Whether more is better: requests in a second. */
  readonly isRate: boolean;
  readonly goal?: number;
  readonly verdict: 'met' | 'missed' | 'no goal';
  /** Sessions given to a client per connection, subject and baseline. */
  readonly sessions: readonly [number, number];
}

/** A row that could not be measured, and why. */
export interface Skipped {
  readonly name: string;
  readonly what: string;
  readonly reason: string;
}

function figuresOf(samples: readonly Sample[]): Figures {
  const values = samples.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return { median: median(values), least, most, aside: median(samples.map(({ aside }) => aside)) };
}

/** The medians of one case, and whether its goal is met by this provider on this version of Node. */
export function summarize(measured: Measured, provider: Provider, node: string): Line {
  const { case: c, against, subject, baseline, sessions } = measured;
  const isRate = c.measure === 'requests';
  const goal = against !== 'earlier' && c.goal ? goalOf(c.goal, provider, node, isRate) : undefined;
  const ratios = subject.map(({ value }, i) => value / (baseline[i]?.value ?? Number.NaN));
  const ratio = median(ratios);
  const isMet = goal !== undefined && (isRate ? ratio >= goal : ratio <= goal);
  return {
    ...{ name: c.name, what: c.what, unit: c.unit, against: against === 'node' ? 'node:tls' : against },
    ...{ subject: figuresOf(subject), baseline: figuresOf(baseline) },
    ...{ ratio, range: [Math.min(...ratios), Math.max(...ratios)], isRate },
    ...(goal !== undefined && { goal }),
    verdict: goal === undefined ? 'no goal' : isMet ? 'met' : 'missed',
    sessions: [sessions.subject, sessions.baseline],
  };
}

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));

/** The first row of the table. */
export const headings = (subject: string): string[] => [
  'row',
  subject,
  'from - to',
  'other side',
  'from - to',
  'unit',
  'ratio',
  'from - to',
  'goal',
  'verdict',
];

/** One row of the table. */
export function cells(line: Line): string[] {
  const side = ({ median, aside, least, most }: Figures): string[] => [
    line.unit === 'KiB' ? figure(median) : `${figure(median)} (${figure(aside)})`,
    `${figure(least)} - ${figure(most)}`,
  ];
  const [other, range] = side(line.baseline);
  return [
    line.against === 'node:tls' ? line.what : `${line.what} [${line.against}]`,
    ...side(line.subject),
    ...[other!, range!],
    line.isRate ? 'per CPU-s' : line.unit,
    line.ratio.toFixed(2),
    `${line.range[0].toFixed(2)} - ${line.range[1].toFixed(2)}`,
    line.goal === undefined ? '-' : `${line.isRate ? '>=' : '<='} ${Number(line.goal.toFixed(2))}`,
    line.verdict === 'missed' ? 'MISSED' : line.verdict,
  ];
}

/** The row of what was not measured. */
export const skippedCells = ({ what, reason }: Skipped): string[] => [
  ...[what, ...Array.from({ length: 8 }, () => '-')],
  `skipped: ${reason}`,
];

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

/** What is to be said of all lines together; `clients`: who made handshakes, transfers and pings. */
export function remarks(lines: readonly Line[], clients: string): string[] {
  const sessions = new Map<string, string[]>();
  for (const { name, against, sessions: pair } of lines) {
    if (against !== 'node:tls') continue;
    const key = pair.join(' / ');
    sessions.set(key, [...(sessions.get(key) ?? []), name]);
  }
  const counted = [...sessions].map(([pair, names]) => `${pair} (${names.join(', ')})`).join('; ');
  const missed = lines.filter((line) => line.verdict === 'missed').map(({ name }) => name);
  return [
    ...(counted === '' ? [] : [`Sessions (TLS 1.3: tickets) given to each client, tsls / node:tls: ${counted}.`]),
    `Handshakes, transfers and pings are made by ${clients}.`,
    missed.length > 0 ? `Goals missed: ${missed.join(', ')}.` : 'No goal missed.',
  ];
}
