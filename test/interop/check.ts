// Carrying out one cell, and judging it: what was asked for must be what both ends say happened.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, type Exchange, type Peer, payloadBytes, serverName } from './model.ts';
import type { ConnectionReport, Report } from './server.ts';
import type { Servers } from './servers.ts';

type Outcome = 'ok' | 'failed' | 'skipped';
export interface Result {
  readonly peer: string;
  readonly column: string;
  readonly cell?: Cell;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** Why it failed or was not run. */
  readonly reason?: string;
}

export type Digests = Readonly<Record<'bin' | 'txt', string>>;
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Everything that is not as asked for, in words; empty if all is well. */
export function faults(
  cell: Cell,
  exchange: Exchange,
  report: ConnectionReport | undefined,
  digests: Digests,
): string[] {
  const found: string[] = [];
  const expect = (what: string, is: unknown, wanted: unknown): void => {
    if (is !== wanted) found.push(`${what} is ${is}, not ${wanted}`);
  };
  const digest = digests[exchange.sent];
  expect('the hash of what the client received', exchange.received, digest);
  if (exchange.protocol !== undefined) expect("the client's protocol", exchange.protocol, cell.suite.version);
  if (exchange.suite !== undefined) expect("the client's suite", exchange.suite, cell.suite.iana);
  if (!report) return [...found, 'the server reports no such connection'];
  expect("the server's protocol", report.protocol, cell.suite.version);
  expect("the server's suite", report.cipher, cell.suite.openssl);
  expect('the server name', report.servername, serverName);
  expect('the number of bytes received', report.bytes, payloadBytes);
  expect('the hash of what the server received', report.sha256, digest);
  if (cell.alpn) expect('the ALPN protocol', report.alpn, cell.alpn);
  if (report.error !== undefined) found.push(`the server's socket failed: ${report.error}`);
  return found;
}

const serverWords = (reports: readonly Report[]): string =>
  reports.flatMap((r) => (r.event === 'failed' ? [` [server: ${r.message.trim()}]`] : [])).join('');

/** Makes the one connection of a cell. */
export async function carryOut(
  peer: Peer,
  cell: Cell,
  servers: Servers,
  folder: string,
  digests: Digests,
): Promise<Result> {
  const started = performance.now();
  const scratch = mkdtempSync(join(folder, 'cell-'));
  const server = servers.for(cell, peer.mode);
  const result = (outcome: Outcome, reason?: string): Result => ({
    ...{ peer: peer.name, column: cell.column, cell, outcome, milliseconds: Math.round(performance.now() - started) },
    ...(reason === undefined ? {} : { reason }),
  });
  try {
    mkdirSync(scratch, { recursive: true });
    const port = await server.port;
    server.forget();
    const exchange = await peer.run(cell, { port, ca: join(folder, 'ca.pem'), folder, scratch });
    const reports = await server.reports(5000);
    const report = reports.find((r) => r.event === 'connection' && r.bytes > 0) as ConnectionReport | undefined;
    const found = faults(cell, exchange, report, digests);
    return found.length === 0 ? result('ok') : result('failed', found.join('; ') + serverWords(reports));
  } catch (error) {
    return result('failed', (error as Error).message + serverWords(await server.reports(server.alive ? 200 : 0)));
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
