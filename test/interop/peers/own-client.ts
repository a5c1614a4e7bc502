// The clients written for this table (test/interop/clients) share one command line and one line of JSON as answer.

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cell, type Exchange, payloadBytes, serverName, type Target } from '../model.ts';
import { must } from '../process.ts';

/** The repository's root, seen from build/test/interop/peers. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url));
const cache = join(root, '.cache', 'build-clients');

export const clientSource = (path: string): string => join(root, 'test', 'interop', 'clients', path);

/** A folder to build a client in, with its sources copied there; `fresh` says whether the build is up to date. */
export function buildFolder(
  client: string,
  files: readonly string[],
): { folder: string; fresh: boolean; done(): void } {
  const folder = join(cache, client);
  const hash = createHash('sha256');
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    hash.update(readFileSync(clientSource(join(client, file))));
    cpSync(clientSource(join(client, file)), join(folder, file));
  }
  const digest = hash.digest('hex');
  const stamp = join(folder, '.stamp');
  const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  return { folder, fresh, done: () => writeFileSync(stamp, digest) };
}

/** The command line of a cell: `--key value` pairs, of which those that the cell leaves open are absent. */
function clientArguments(cell: Cell, target: Target): string[] {
  const args = {
    port: `${target.port}`,
    name: serverName,
    ca: target.ca,
    payload: join(target.folder, 'payload.bin'),
    bytes: `${payloadBytes}`,
    version: cell.suite.version === 'TLSv1.3' ? '1.3' : '1.2',
    suite: cell.suite.iana,
    openssl: cell.suite.openssl,
    group: cell.groupBy === 'client' ? cell.group : undefined,
    alpn: cell.alpn,
  };
  return Object.entries(args).flatMap(([key, value]) => (value === undefined ? [] : [`--${key}`, value]));
}

/** Runs such a client and reads its answer. */
export async function runOwnClient(
  command: readonly [string, ...string[]],
  cell: Cell,
  target: Target,
  env: NodeJS.ProcessEnv = {},
): Promise<Exchange> {
  const [program, ...before] = command;
  const result = await must(program, [...before, ...clientArguments(cell, target)], { env });
  const answer = JSON.parse(result.stdout.toString('utf8')) as Omit<Exchange, 'sent'>;
  return { ...answer, sent: 'bin' };
}
