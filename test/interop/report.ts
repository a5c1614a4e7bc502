// The table, for the terminal and as Markdown.
import type { Result } from './check.ts';
import { otherColumns, suiteColumns } from './plan.ts';

/** What is known of one client: its version, or undefined if it is missing; and its cells. */
export interface Row {
  readonly name: string;
  readonly version: string | undefined;
  readonly results: readonly Result[];
}

export interface Table {
  readonly server: string;
  readonly rows: readonly Row[];
}

const sections: readonly [string, readonly string[]][] = [
  ['Versions and cipher suites', suiteColumns],
  ['Groups, HelloRetryRequest, credentials, ALPN', otherColumns],
];

/** One word for a cell: a client that is missing never looks as if it had passed. */
function mark(row: Row, column: string): string {
  if (row.version === undefined) return 'missing';
  const result = row.results.find((r) => r.column === column);
  if (!result) return '-';
  if (result.outcome !== 'ok') return result.outcome === 'failed' ? 'FAILED' : 'skipped';
  const narrowed = result.cell && (result.cell.groupBy ?? result.cell.suiteBy) === 'server' && column !== 'retry';
  return narrowed ? 'ok*' : 'ok';
}

const title = (row: Row): string => (row.version === undefined ? row.name : `${row.name} ${row.version}`);

export function count(table: Table): { ok: number; failed: number; skipped: number; missing: string[] } {
  const all = table.rows.flatMap((r) => r.results);
  const of = (outcome: Result['outcome']): number => all.filter((r) => r.outcome === outcome).length;
  const missing = table.rows.filter((r) => r.version === undefined).map((r) => r.name);
  return { ok: of('ok'), failed: of('failed'), skipped: of('skipped'), missing };
}

/** The rows of text of one section: a heading and one line a client. */
function grid(table: Table, columns: readonly string[]): string[][] {
  return [['client', ...columns], ...table.rows.map((row) => [title(row), ...columns.map((c) => mark(row, c))])];
}

/** Columns side by side, with headings broken at their spaces. */
export function terminal(table: Table): string {
  const lines: string[] = [`server: ${table.server}`];
  for (const [heading, columns] of sections) {
    const [first = [], ...rest] = grid(table, columns);
    const broken = first.map((h) => h.split(' '));
    const height = Math.max(...broken.map((b) => b.length));
    const heads = Array.from({ length: height }, (_, i) => broken.map((b) => b[i - (height - b.length)] ?? ''));
    const width = first.map((_, i) => Math.max(...[...heads, ...rest].map((r) => (r[i] ?? '').length)));
    lines.push('', heading, '');
    for (const row of [...heads, ...rest])
      lines.push(
        row
          .map((c, i) => c.padEnd(width[i] ?? 0))
          .join('  ')
          .trimEnd(),
      );
  }
  return [...lines, '', ...notes(table)].join('\n');
}

/** The same as Markdown tables. */
export function markdown(table: Table): string {
  const lines: string[] = [`Server: ${table.server}.`];
  for (const [heading, columns] of sections) {
    const [first = [], ...rest] = grid(table, columns);
    const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    lines.push('', `## ${heading}`, '', row(first), row(first.map((_, i) => (i === 0 ? '---' : ':-:'))));
    for (const cells of rest) lines.push(row(cells));
  }
  return `${[...lines, '', ...notes(table)].join('\n')}\n`;
}

function notes(table: Table): string[] {
  const { ok, failed, skipped, missing } = count(table);
  const lines = [
    'ok: the handshake was completed as asked for, and 1 MiB went each way with the same SHA-256 at both ends.',
    'ok*: the same, with the server narrowed to that choice, because the client has no switch for it.',
    '-: not known to that client.   retry: the server has P-384 alone and has to send a HelloRetryRequest.',
    '',
    `${ok} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  ];
  if (missing.length > 0) lines.push('', `missing, not run: ${missing.join(', ')}`);
  const reasons = table.rows.flatMap((r) => r.results).filter((r) => r.outcome !== 'ok');
  if (reasons.length > 0) lines.push('');
  for (const r of reasons) lines.push(`${r.outcome}: ${r.peer}, ${r.column}: ${r.reason ?? ''}`);
  return lines;
}
