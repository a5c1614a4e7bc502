/**
 * Runs Node's own tests of TLS, HTTPS and HTTP/2 servers with `tsls/register` before them, and holds the outcome
 * against the table in docs/NODE_COMPATIBILITY.md: `npm run node-compat -- DIR [words]`, where DIR is a checkout of
 * Node's repository, or of a copy of its `test` folder. Nothing of it is kept here.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Outcome, runTest } from './run-test.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const register = pathToFileURL(join(root, 'dist/register/index.js')).href;
const document = join(root, 'docs/NODE_COMPATIBILITY.md');

/** Test files that make a secure server, by their names. */
function findTests(folder: string, words: readonly string[]): string[] {
  const makesServer =
    /createSecureServer|\b(?:tls|https|http2)\s*\.\s*(?:createServer|Server|createSecureServer)\b|isServer: true|tls-connect/;
  return readdirSync(folder)
    .filter((name) => /^test-(?:tls|https|http2)-.*\.m?js$/.test(name))
    .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
    .filter((name) => {
      const source = readFileSync(join(folder, name), 'utf8');
      return makesServer.test(source) && (!name.startsWith('test-http2-') || /createSecureServer/.test(source));
    })
    .sort();
}

/** The files that the document explains: the first column of its table. */
function readExplained(): Set<string> {
  if (!existsSync(document)) return new Set();
  return new Set(Array.from(readFileSync(document, 'utf8').matchAll(/^\| `(test-[^`]+)` \|/gm), ([, name]) => name!));
}

/** What became of each test without us, which does not change from run to run. */
class Baseline {
  readonly #file: string;
  readonly #known: Record<string, Outcome['kind']>;

  constructor(folder: string) {
    mkdirSync(join(root, 'build'), { recursive: true });
    const place = Buffer.from(folder).toString('base64url').slice(-24);
    this.#file = join(root, `build/node-compat-${process.version}-${place}.json`);
    this.#known = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : {};
  }

  async of(path: string, name: string): Promise<Outcome['kind']> {
    this.#known[name] ??= (await runTest(path)).kind;
    return this.#known[name];
  }

  save(): void {
    writeFileSync(this.#file, JSON.stringify(this.#known, null, 1));
  }
}

interface Result {
  readonly name: string;
  readonly native: Outcome['kind'];
  readonly ours: Outcome | undefined;
}

async function runAll(folder: string, names: readonly string[]): Promise<Result[]> {
  const baseline = new Baseline(folder);
  const results: Result[] = [];
  const queue = [...names];
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const path = join(folder, name);
      const native = await baseline.of(path, name);
      const ours = native === 'passed' ? await runTest(path, register) : undefined;
      results.push({ name, native, ours });
      if (ours && ours.kind !== 'passed') console.log(`${ours.kind}  ${name}\n${indent(ours.output)}`);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(2, availableParallelism())) }, work));
  baseline.save();
  return results;
}

const indent = (text: string): string =>
  text
    .trim()
    .split('\n')
    .slice(0, 14)
    .map((line) => `        ${line.slice(0, 180)}`)
    .join('\n');

/** Prints the counts; returns whether every failure is explained. */
function report(results: readonly Result[], explained: ReadonlySet<string>): boolean {
  const count = (test: (result: Result) => boolean): number => results.filter(test).length;
  const failed = results.filter(({ ours }) => ours && ours.kind !== 'passed').map(({ name }) => name);
  const unexplained = failed.filter((name) => !explained.has(name));
  const better = results.filter(({ name, ours }) => ours?.kind === 'passed' && explained.has(name));
  console.log(
    `Node ${process.version}: ${results.length} tests make a secure server; ` +
      `${count(({ native }) => native === 'failed' || native === 'timed out')} fail and ` +
      `${count(({ native }) => native === 'skipped')} skip themselves without tsls.\n` +
      `Of the other ${count(({ native }) => native === 'passed')}, ` +
      `${count(({ ours }) => ours?.kind === 'passed')} pass with tsls, ${failed.length} do not.`,
  );
  if (better.length > 0) console.log(`explained, but passing: ${better.map(({ name }) => name).join(', ')}`);
  if (unexplained.length > 0) console.log(`not explained in docs/NODE_COMPATIBILITY.md: ${unexplained.join(', ')}`);
  return unexplained.length === 0;
}

const [place, ...words] = process.argv.slice(2);
const folder = place === undefined ? undefined : ['test/parallel', 'parallel', '.'].map((part) => resolve(place, part));
const parallel = folder?.find((candidate) => existsSync(join(candidate, '../common/index.js')));
if (parallel === undefined) {
  console.error("usage: npm run node-compat -- DIR [words]   DIR: a checkout of Node's repository");
  process.exit(2);
}
const results = await runAll(parallel, findTests(parallel, words));
process.exitCode = report(results, readExplained()) ? 0 : 1;
