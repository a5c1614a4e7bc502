// What several workers cost and give: full handshakes with `tsls --workers`, one and as many as there are cores.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OwnBenchmark } from './own.ts';
import { cpuOf } from './processes.ts';
import { median } from './report.ts';

const tls = { version: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519' } as const;
const handshakes = 2048;
const warmUp = 20_480;

interface Fleet {
  readonly process: ChildProcess;
  readonly port: number;
  readonly workers: number;
}

/** Starts the command, whose lines about connections nobody reads. */
async function start(node: string, provider: string, folder: string, workers: number): Promise<Fleet> {
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  const files = ['--cert', join(folder, 'p256.pem'), '--key', join(folder, 'p256.key')];
  const args = [main, '--port', '0', '--host', '127.0.0.1', '--workers', String(workers), ...files];
  const child = spawn(node, args, {
    env: { ...process.env, TSLS_CRYPTO: provider },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!said.includes('Connections:')) said += text;
  });
  while (!said.includes('Connections:')) {
    if (child.exitCode !== null) throw new Error(`the command ended with ${child.exitCode}`);
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  }
  return { process: child, port: Number(/:(\d+)\//.exec(said)?.[1]), workers };
}

/** Nanoseconds of CPU of all of its processes. */
function cpuOfAll({ process: { pid } }: Fleet): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean);
  return [pid!, ...children.map(Number)].reduce((sum, id) => sum + cpuOf(id).all, 0);
}

/** Handshakes in a second, and CPU of each, with one worker and with one for each core, in turns. */
export const measureWorkers: OwnBenchmark = async ({ rounds, node, provider, folder, load }) => {
  const cores = availableParallelism();
  const work = { ca: join(folder, 'ca.pem'), tls, kind: 'handshakes', leaves: true } as const;
  const fleets: Fleet[] = [];
  const cpu: number[][] = [[], []];
  const rate: number[][] = [[], []];
  try {
    for (const workers of [1, Math.max(2, cores)]) fleets.push(await start(node, provider, folder, workers));
    const shake = ({ port, workers }: Fleet, each: number) =>
      load.do({ ...work, port, count: each * workers, atOnce: 64 * workers });
    for (const fleet of fleets) await shake(fleet, warmUp);
    for (let round = 0; round < rounds; round++) {
      for (const [i, fleet] of fleets.entries()) {
        const before = cpuOfAll(fleet);
        const { milliseconds } = await shake(fleet, handshakes);
        cpu[i]!.push((cpuOfAll(fleet) - before) / (handshakes * fleet.workers) / 1000);
        rate[i]!.push((handshakes * fleet.workers) / (milliseconds / 1000));
      }
    }
  } finally {
    for (const fleet of fleets) fleet.process.kill();
  }
  const efficiency = median(cpu[0]!.map((one, round) => one / cpu[1]![round]!));
  return {
    title: `Workers (${cores} cores, which the clients share)`,
    rows: [
      ['workers', 'CPU per handshake, all processes', 'handshakes in a second'],
      ...fleets.map(({ workers }, i) => [
        String(workers),
        `${median(cpu[i]!).toFixed(0)} µs`,
        median(rate[i]!).toFixed(0),
      ]),
    ],
    note:
      `By CPU time, ${fleets[1]!.workers} workers would do ${(fleets[1]!.workers * efficiency).toFixed(2)} times the work of one ` +
      `where cores are free (goal: ${(0.9 * fleets[1]!.workers).toFixed(1)}). Handshakes in a second cannot show it where ` +
      'the clients, who work about as much as the server, need the same cores.',
    isGood: efficiency >= 0.9,
  };
};
