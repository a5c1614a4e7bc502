// The interop table: real clients against the server under test, on the loopback address.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookAtPage } from './browser-page.ts';
import { makeCertificates, makePayload } from './certificates.ts';
import { carryOut, type Digests, type Result, sha256 } from './check.ts';
import type { Cell, Peer } from './model.ts';
import { type Options, readOptions, usage } from './options.ts';
import { peers } from './peers/index.ts';
import { root } from './peers/own-client.ts';
import { plan } from './plan.ts';
import { count, markdown, type Row, type Table, terminal } from './report.ts';
import { Servers } from './servers.ts';

interface Job {
  readonly peer: Peer;
  readonly cell: Cell;
}

/** Tells the server under test by name and version, with the OpenSSL below it. */
function describeServer(options: Options): { text: string; openssl: string } {
  const print = 'process.stdout.write(process.versions.node + " " + process.versions.openssl)';
  const [version = '', openssl = ''] = execFileSync(options.node, ['-e', print], { encoding: 'utf8' }).split(' ');
  const own = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
  const name = options.implementation === 'tsls' ? `tsls ${own}` : 'node:tls (a stand-in, not tsls)';
  const where = options.remoteKey ? ', its keys in other processes' : '';
  return { text: `${name} on Node ${version}${where}`, openssl };
}

/** node:tls on OpenSSL before 3.5 has no hybrid group; that is no fault of the harness. */
const lacking = (options: Options, openssl: string, cell: Cell): boolean =>
  options.implementation === 'node' && cell.group === 'X25519MLKEM768' && Number.parseFloat(openssl) < 3.5;

/** Looks for the clients (and builds ours) one after the other. */
async function findPeers(options: Options): Promise<Map<string, string | undefined>> {
  const versions = new Map<string, string | undefined>();
  for (const [name, peer] of Object.entries(peers)) {
    if (options.only.length > 0 && !options.only.includes(name)) continue;
    try {
      versions.set(name, await peer.find());
    } catch (error) {
      // A client that cannot be built here (an old toolchain, say) is missing, and the table says so.
      console.error(`${peer.name} cannot be had: ${(error as Error).message}`);
      versions.set(name, undefined);
    }
  }
  return versions;
}

/** Works the jobs off, a few at a time, each worker with servers of its own. */
async function work(jobs: Job[], options: Options, folder: string, digests: Digests): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...jobs];
  const worker = async (): Promise<void> => {
    const servers = new Servers(options.implementation, options.node, folder, options.remoteKey);
    for (let job = queue.shift(); job; job = queue.shift()) {
      const result = await carryOut(job.peer, job.cell, servers, folder, digests);
      process.stderr.write(result.outcome === 'ok' ? '.' : 'F');
      results.push(result);
    }
    servers.stop();
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  process.stderr.write('\n');
  return results;
}

async function pageResult(options: Options, folder: string): Promise<Result> {
  const started = performance.now();
  const base = { peer: peers.chromium?.name ?? '', column: 'page' };
  const scratch = mkdtempSync(join(folder, 'page-'));
  const milliseconds = (): number => Math.round(performance.now() - started);
  try {
    await lookAtPage(options.node, folder, scratch, options.screenshot ?? '');
    return { ...base, outcome: 'ok', milliseconds: milliseconds() };
  } catch (error) {
    return { ...base, outcome: 'failed', milliseconds: milliseconds(), reason: (error as Error).message };
  }
}

async function main(options: Options): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tsls-interop-'));
  try {
    await makeCertificates(folder);
    const payload = makePayload();
    writeFileSync(join(folder, 'payload.bin'), payload.bin);
    writeFileSync(join(folder, 'payload.txt'), payload.txt);
    const digests = { bin: sha256(payload.bin), txt: sha256(payload.txt) };
    const { text, openssl } = describeServer(options);
    const versions = await findPeers(options);

    const jobs: Job[] = [];
    const results: Result[] = [];
    for (const [name, version] of versions) {
      const peer = peers[name];
      if (!peer || version === undefined) continue;
      for (const cell of plan(peer)) {
        if (options.columns.length > 0 && !options.columns.includes(cell.column)) continue;
        if (!lacking(options, openssl, cell)) jobs.push({ peer, cell });
        else {
          const reason = 'the stand-in has no such group';
          results.push({ peer: peer.name, column: cell.column, cell, outcome: 'skipped', milliseconds: 0, reason });
        }
      }
    }
    results.push(...(await work(jobs, options, folder, digests)));
    if (options.screenshot !== undefined && versions.get('chromium')) results.push(await pageResult(options, folder));

    const rows = [...versions].map(([name, version]): Row => {
      const peer = peers[name]?.name ?? name;
      return { name: peer, version, results: results.filter((r) => r.peer === peer) };
    });
    return conclude({ server: text, rows }, versions, options);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Prints and writes the table; the exit code. */
function conclude(table: Table, versions: Map<string, string | undefined>, options: Options): number {
  console.log(terminal(table));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(table, null, 2)}\n`);
  if (options.markdown !== undefined) writeFileSync(options.markdown, markdown(table));
  const absent = options.require.filter((name) => versions.get(name) === undefined);
  if (absent.length > 0) console.error(`required clients are missing: ${absent.join(', ')}`);
  const { ok, failed } = count(table);
  if (ok === 0) console.error('no cell passed');
  return failed > 0 || absent.length > 0 || ok === 0 ? 1 : 0;
}

let options: Options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(2);
}
process.exit(await main(options));
