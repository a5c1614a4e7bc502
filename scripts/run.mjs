// One door to every task of the project. It needs nothing but Node: whatever a task uses is installed
// (`npm ci`) and compiled on the way, and not again while nothing changed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** Runs a command with our standard streams; ends the whole task with its exit code when it fails. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/**
 * Runs a command that starts servers. It and all that it started are a process group, of which nothing is left when the
 * command ends, its time is over, or somebody ends us.
 */
async function runGroup(minutes, command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const killAll = () => {
    try {
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  };
  const late = setTimeout(() => {
    console.error(`tsls: not done after ${minutes} minutes`);
    killAll();
  }, minutes * 60_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, killAll);
  const [code] = await once(child, 'exit');
  clearTimeout(late);
  killAll();
  if (code !== 0) process.exit(code ?? 1);
}

/** The packages of a folder, as its lock file has them; returns whether they had to be installed. */
function installIn(folder, what) {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(folder, 'node_modules/.tsls-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return false;
  console.error(`tsls: installing ${what} (npm ci) …`);
  const npm = process.env.npm_execpath;
  const options = { cwd: folder, stdio: ['ignore', 2, 2] };
  if (npm?.endsWith('.js')) run(process.execPath, [npm, 'ci', '--no-audit', '--no-fund'], options);
  else run('npm', ['ci', '--no-audit', '--no-fund'], { ...options, shell: process.platform === 'win32' });
  writeFileSync(stamp, lock);
  return true;
}

/** The clients of Redis that its tests use, in a folder of their own. */
function installRedisClients() {
  const folder = '.cache/redis-clients';
  const lock = readFileSync('test/redis-clients/npm/package-lock.json', 'utf8');
  const stamp = join(folder, '.lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json'])
    writeFileSync(join(folder, name), readFileSync(join('test/redis-clients/npm', name)));
  run('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], { shell: process.platform === 'win32' });
  writeFileSync(stamp, lock);
}

const install = () => installIn('.', 'the development tools');

/** The applications of `test/apps`, which find us as the package that they would install. */
function installApps() {
  if (installIn('test/apps', 'applications')) symlinkSync('../../..', 'test/apps/node_modules/tsls', 'junction');
}

/** All files below the folders, except installed ones. */
function filesBelow(...folders) {
  return folders
    .flatMap((folder) =>
      existsSync(folder)
        ? readdirSync(folder, { recursive: true, withFileTypes: true })
            .filter((e) => e.isFile())
            .map((e) => join(e.parentPath ?? e.path, e.name))
            .filter((file) => !file.includes('node_modules'))
        : [],
    )
    .sort();
}

/** Compiles with the TypeScript project file unless its output is newer than every source. */
function compile(project, out, ...folders) {
  const hash = createHash('sha256').update(readFileSync(project)).update(readFileSync('tsconfig.json'));
  for (const file of filesBelow(...folders)) hash.update(file).update('\0').update(readFileSync(file));
  const stamp = join('node_modules', `.tsls-${out}`);
  const digest = hash.digest('hex');
  if (existsSync(out) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  rmSync(out, { recursive: true, force: true });
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project]);
  mkdirSync(out, { recursive: true });
  writeFileSync(stamp, digest);
}

const build = () => compile('tsconfig.build.json', 'dist', 'src');
const buildAll = () => compile('tsconfig.json', 'build', 'src', 'test', 'bench');
/** Many tests wait more than they compute: one file at a time, as Node does with two cores, would take twice as long. */
const concurrency = `--test-concurrency=${Math.max(3, availableParallelism())}`;
const bin = (name) => join('node_modules', '.bin', name);
/** The node binary that runs tests and benchmarks: TSLS_NODE (NODE would not do: npm sets it to its own) or this one. */
const node = process.env.TSLS_NODE || process.env.NODE || process.execPath;

/** The compiled test files, or those whose path contains one of the words given. */
function testFiles(words) {
  return filesBelow('build/src', 'build/test')
    .filter((f) => f.endsWith('.test.js'))
    .filter((f) => words.length === 0 || words.some((w) => f.includes(w)));
}

const tasks = {
  setup: () => install(),
  build() {
    install();
    build();
  },
  async start(args) {
    const parent = process.ppid;
    install();
    build();
    // In this process, so that signals reach the server and no other process stands between.
    process.argv = [process.execPath, join(root, 'dist/cli/main.js'), ...args];
    await import('../dist/cli/main.js');
    // A signal to npm ends npm and the shell that it put between, and would leave us alone with the port.
    const watch = () => process.ppid !== parent && process.kill(process.pid, 'SIGTERM');
    if (process.env.npm_lifecycle_event === 'start') setInterval(watch, 500).unref();
  },
  test(args) {
    install();
    buildAll();
    const files = testFiles(args);
    if (files.length === 0) throw new Error(`no test file matches ${args.join(' ')}`);
    run(node, [
      '--enable-source-maps',
      '--test',
      concurrency,
      '--test-reporter',
      process.env.TEST_REPORTER ?? 'dot',
      '--test-reporter-destination',
      'stdout',
      ...files,
    ]);
  },
  check() {
    install();
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit']);
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noEmit']);
    run(bin('biome'), ['check', '--error-on-warnings', '.']);
  },
  coverage() {
    install();
    buildAll();
    run(bin('c8'), [
      '--all',
      '--src',
      'src',
      '--include',
      'src/**',
      '--exclude',
      '**/*.test.ts',
      '--exclude',
      'src/cli/**',
      '--exclude-after-remap',
      '--reporter',
      'json-summary',
      '--reporter',
      'text-summary',
      node,
      '--test',
      concurrency,
      '--test-reporter',
      'dot',
      ...testFiles([]),
    ]);
    const summary = JSON.parse(readFileSync('coverage/coverage-summary.json', 'utf8'));
    const files = Object.entries(summary)
      .filter(([name]) => name !== 'total')
      .sort((a, b) => a[1].lines.pct - b[1].lines.pct);
    console.log(
      `coverage of src/: ${summary.total.lines.pct} % of lines, ${summary.total.branches.pct} % of branches; least covered:`,
    );
    for (const [name, figure] of files.slice(0, 8))
      console.log(`  ${String(figure.lines.pct).padStart(6)} %  ${name.slice(root.length + 1)}`);
  },
  bench(args) {
    install();
    buildAll();
    run(node, ['build/bench/main.js', ...args]);
  },
  apps(args) {
    install();
    build();
    buildAll();
    installApps();
    const files = filesBelow('test/apps')
      .filter((file) => file.endsWith('.test.mjs'))
      .filter((file) => args.length === 0 || args.some((word) => file.includes(word)));
    run(node, ['--test', '--test-timeout', '120000', '--test-reporter', process.env.TEST_REPORTER ?? 'spec', ...files]);
  },
  flood(args) {
    install();
    buildAll();
    run(node, ['build/bench/flood.js', ...args]);
  },
  soak(args) {
    install();
    buildAll();
    run(node, ['build/bench/soak.js', ...args]);
  },
  interop(args) {
    install();
    buildAll();
    run(process.execPath, ['build/test/interop/main.js', ...args]);
  },
  resumption(args) {
    install();
    buildAll();
    run(node, ['build/test/interop/resumption/main.js', ...args]);
  },
  async redis(args) {
    install();
    buildAll();
    installRedisClients();
    const names = args.length > 0 ? args : ['node-redis', 'node-redis-pool', 'ioredis', 'iovalkey'];
    const files = names.map((name) => join('build/test/redis-clients', `${name}.js`));
    const options = ['--enable-source-maps', '--test', '--test-concurrency=4', '--test-reporter=spec'];
    // A closed client may leave connections open for good: the pool of node-redis forgets those that it was making.
    await runGroup(30, node, [...options, '--test-force-exit', `--test-timeout=${20 * 60_000}`, ...files]);
  },
  fuzz(args) {
    install();
    buildAll();
    run(node, ['--enable-source-maps', '--expose-gc', 'build/test/fuzz/main.js', ...args]);
  },
  timing(args) {
    install();
    buildAll();
    run(node, ['--enable-source-maps', 'build/test/timing/main.js', ...args]);
  },
  'mutate-chains'(args) {
    install();
    buildAll();
    run(node, ['--enable-source-maps', 'build/test/x509/mutate-chains.js', ...args]);
  },
  bogo(args) {
    install();
    buildAll();
    run(node, ['build/test/bogo/main.js', ...args]);
  },
  'node-compat'(args) {
    install();
    build();
    buildAll();
    run(node, ['build/test/node-compat/main.js', ...args]);
  },
};

const [name, ...args] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
if (!task) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(tasks).join('|')} [arguments]`);
  process.exit(2);
}
await task(args);
