// BoGo, the exam of BoringSSL, against tsls: npm run bogo -- RUNNER [flags of the runner, such as -test 'GLOB;GLOB'].
// RUNNER is the folder ssl/test/runner of BoringSSL's source, or a binary made of it by `go test -c`.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// Compiled, this file is in build/test/bogo/; the configuration and the launcher's source are not compiled.
const folder = fileURLToPath(new URL('../../../test/bogo/', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'tsls-bogo-'));
const launcher = join(work, 'launcher');

function goBuild(cwd: string, ...args: readonly string[]): void {
  const { status, error } = spawnSync('go', args, { cwd, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`go ${args.join(' ')} failed in ${cwd}`);
}

function runnerBinary(path: string): string {
  if (!statSync(path).isDirectory()) return resolve(path);
  const binary = join(work, 'runner');
  goBuild(resolve(path), 'test', '-c', '-o', binary, '.');
  return binary;
}

async function startShim(environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const shim = spawn(process.execPath, ['--enable-source-maps', join(import.meta.dirname, 'shim.js')], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(shim.stdout!, 'data');
  return shim;
}

/** What the runner counts; the last of them is how many cases there are, run or not. */
const counts = /^(?<failed>\d+)\/(?<unimplemented>\d+)\/(?<done>\d+)\/\d+\/(?<total>\d+)$/;

/** Passes on what the runner says about failures; returns its last counts, which it writes one over the other. */
async function readReport(runner: ChildProcess): Promise<Record<string, number>> {
  let last: Record<string, string> = {};
  for await (const line of createInterface({ input: runner.stdout! })) {
    for (const text of line.split(/(?:[\b] [\b])+/)) {
      const match = counts.exec(text);
      if (match) last = match.groups!;
      else if (text !== '') console.log(text);
    }
  }
  return Object.fromEntries(Object.entries(last).map(([name, count]) => [name, Number(count)]));
}

async function main([path, ...more]: readonly string[]): Promise<number> {
  if (path === undefined) {
    console.error('usage: npm run bogo -- RUNNER [flags of the runner]');
    return 2;
  }
  const binary = runnerBinary(path);
  goBuild(join(folder, 'launcher'), 'build', '-o', launcher, '.');
  const environment = { ...process.env, TSLS_BOGO_SOCKET: join(work, 'socket') };
  const shim = await startShim(environment);
  const config = join(folder, 'config.json');
  const flags = [
    '-shim-path',
    launcher,
    '-shim-config',
    config,
    '-allow-unimplemented',
    '-pipe=false',
    '-num-workers',
    '2',
  ];
  const runner = spawn(binary, ['-test.timeout=60m', ...flags, ...more], {
    cwd: work,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const exit = once(runner, 'close');
    const { failed = 0, unimplemented = 0, done = 0, total = 0 } = await readReport(runner);
    const [code] = await exit;
    const others = more.some((flag) => /^--?(test|skip)\b/.test(flag)) ? 'disabled or left out' : 'disabled';
    const passed = done - failed - unimplemented;
    console.log(`${passed} passed, ${failed} failed, ${unimplemented} unimplemented, ${total - done} ${others}`);
    return code ?? 1;
  } finally {
    runner.kill();
    shim.kill();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} finally {
  rmSync(work, { recursive: true, force: true });
}
