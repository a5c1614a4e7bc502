// The table of resumption, for the terminal and as Markdown.
import type { Result } from './matrix.ts';
import {
  type Client,
  type KindName,
  kinds,
  type Moment,
  moments,
  type Place,
  type PlaceName,
  places,
} from './model.ts';

export interface Table {
  /** The clients that were asked for, with their versions; without one, the client is missing. */
  readonly clients: readonly { readonly client: Client; readonly version: string | undefined }[];
  readonly results: readonly Result[];
}

export const failures = (table: Table): Result[] => table.results.filter(({ faults }) => faults.length > 0);

const kindNames = Object.keys(kinds) as KindName[];
const columns = [...kindNames, 'early data'] as const;
type Column = (typeof columns)[number];

const isOf = (column: Column, { kind, withEarlyData }: Result): boolean =>
  column === 'early data' ? withEarlyData : kind === column && !withEarlyData;

/** What the table has for a place and a column at a moment. */
function wanted(place: Place, column: Column, moment: Moment): boolean {
  if (column === 'early data') return place.earlyData[moment];
  return place[kinds[column].isTicket ? 'ticket' : 'id'][moment];
}

/** How a place looked to some clients, at the three moments: `yes` is resumed, `no` is a full handshake. */
function cell(results: readonly Result[], place: PlaceName, column: Column): string {
  const found = Object.keys(moments).map((moment) => {
    const those = results.filter((r) => r.place === place && r.moment === moment && isOf(column, r));
    if (those.length === 0) return '-';
    if (those.some(({ faults }) => faults.length > 0)) return 'FAILED';
    return wanted(places[place], column, moment as Moment) ? 'yes' : 'no';
  });
  return new Set(found).size === 1 ? found[0]! : found.join(' ');
}

function rows(table: Table): string[][] {
  return table.clients.flatMap(({ client, version }) => {
    const own = table.results.filter((result) => result.client === client.name);
    const title = version === undefined ? client.name : `${client.name} ${version}`;
    return (Object.keys(places) as PlaceName[]).map((place) => [
      title,
      place,
      ...columns.map((column) => (version === undefined ? 'missing' : cell(own, place, column))),
    ]);
  });
}

function notes(table: Table): string[] {
  const bad = failures(table);
  const missing = table.clients.filter(({ version }) => version === undefined).map(({ client }) => client.name);
  return [
    'yes: resumed before, while and after the ticket keys change, say client and server; no: a full handshake each time;',
    'three words: one for each moment. Early data: whether it was taken, and then not taken again. -: not known to the client.',
    '',
    `${table.results.length - bad.length} came back as the table has it, ${bad.length} did not`,
    ...(missing.length > 0 ? [`missing, not run: ${missing.join(', ')}`] : []),
    ...bad.map((r) => {
      const what = `${r.client}, ${r.place}, ${r.kind}${r.withEarlyData ? ' with early data' : ''}, ${r.moment}`;
      return `failed: ${what}: ${oneLine(r.faults.join('; '))}`;
    }),
  ];
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 400);

export function terminal(table: Table): string {
  const all = [['client', 'comes back to', ...columns], ...rows(table)];
  const width = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const lines = all.map((row) =>
    row
      .map((text, i) => text.padEnd(width[i]!))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', ...notes(table)].join('\n');
}

/** One row for each place, of what all clients saw, and who they were. */
export function markdown(table: Table): string {
  const lines = [
    `| comes back to | ${columns.join(' | ')} |`,
    `| --- |${columns.map(() => ' :-: |').join('')}`,
    ...(Object.keys(places) as PlaceName[]).map(
      (place) => `| ${place} | ${columns.map((column) => cell(table.results, place, column)).join(' | ')} |`,
    ),
  ];
  const names = table.clients.filter(({ version }) => version !== undefined);
  const who = names.map(({ client, version }) => `${client.name} ${version}`).join(', ');
  return `${[...lines, '', `Clients: ${who}.`, '', ...notes(table)].join('\n')}\n`;
}
