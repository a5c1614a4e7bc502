/** Runs an application of `programs/` in a process of its own, on our server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ca, identity } from '../../../build/test/support/identities.js';

export { ca };

const here = fileURLToPath(new URL('..', import.meta.url));
const witness = new URL('witness.mjs', import.meta.url).href;

/**
 * The ways in which an application comes to have our server: with nothing changed but a flag, and with its imports
 * changed as the README says. Applications whose libraries import `node:tls` themselves have the first way only.
 */
export const ways = ['the flag --import tsls/register', 'changed imports'];

/** The file to run, and the flags to run it with. */
function prepare(name, way) {
  const program = join(here, 'programs', `${name}.mjs`);
  if (way === ways[0]) return ['--import', 'tsls/register', program];
  const source = readFileSync(program, 'utf8');
  const moved = source
    .replaceAll("from 'node:tls'", "from 'tsls'")
    .replace(/from 'node:(https|http2)'/g, "from 'tsls/$1'");
  assert.notEqual(moved, source, 'the program imports nothing that tsls has');
  const folder = join(here, 'node_modules/.moved'); // imports are looked for beside it, and no tool looks into it
  mkdirSync(folder, { recursive: true });
  const copy = join(folder, `${name}.mjs`);
  writeFileSync(copy, moved);
  return [copy];
}

/** An application that listens. */
class Application extends EventEmitter {
  #child;
  #folder;
  #output = '';
  /** What the witness said of handshakes that were done, and of those that failed. */
  handshakes = [];
  failures = [];

  constructor(child, folder) {
    super();
    this.#child = child;
    this.#folder = folder;
    child.on('message', (told) => {
      (told.outcome === 'end' ? this.handshakes : this.failures).push(told);
      this.emit('news');
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#output += text;
        this.emit('news');
      });
    }
    child.on('exit', () => this.emit('news'));
  }

  /** What the application printed so far. */
  get output() {
    return this.#output;
  }

  get port() {
    return Number(/^listening (\d+)$/m.exec(this.#output)?.[1]);
  }

  /** Waits until the application has said, or the witness has seen, what is asked for. */
  async until(isSo, what) {
    const signal = AbortSignal.timeout(20_000);
    while (!isSo(this)) {
      assert.equal(this.#child.exitCode ?? this.#child.signalCode, null, `the application ended:\n${this.#output}`);
      await once(this, 'news', { signal }).catch(() => {
        throw new Error(`waited in vain for ${what}; the application said:\n${this.#output}`);
      });
    }
  }

  /** The handshake number `index`, from 0, once it is done; asserts that it was one of our server's. */
  async handshake(index = this.handshakes.length) {
    await this.until(({ handshakes }) => handshakes.length > index, `handshake ${index}`);
    return this.#checked(this.handshakes[index]);
  }

  /** The handshake of the client at a port; those of clients before it may be told late. */
  async handshakeFrom(port) {
    const find = ({ handshakes }) => handshakes.findLast(({ peer }) => peer.port === port);
    await this.until((self) => find(self) !== undefined, `the handshake from port ${port}`);
    return this.#checked(find(this));
  }

  #checked(seen) {
    assert.equal(seen.isOurs, true);
    assert.equal(seen.stage, 'secure');
    assert.ok(seen.peer.port > 0 && seen.peer.address === '127.0.0.1', JSON.stringify(seen.peer));
    return seen;
  }

  /** Ends the application as an operator would; asserts that it ends by itself, in peace, and printed nothing odd. */
  async stop() {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    clearTimeout(timer);
    rmSync(this.#folder, { recursive: true, force: true });
    assert.deepEqual([this.#child.exitCode, this.#child.signalCode], [0, null], this.#output);
    assert.doesNotMatch(this.#output, /^\s+at .*:\d+:\d+|\bUncaught\b|MaxListenersExceeded/m);
  }
}

/** Starts `programs/NAME.mjs`, which finds its key and certificate where the environment says and prints its port. */
export async function start(name, way) {
  const folder = mkdtempSync(join(tmpdir(), 'tsls-apps-'));
  const { key, cert } = identity('p256');
  const environment = { ...process.env, NODE_NO_WARNINGS: '1' };
  for (const [name, content] of Object.entries({ TLS_KEY: key, TLS_CERT: cert, TLS_CA: ca })) {
    environment[name] = join(folder, name);
    writeFileSync(environment[name], content, { mode: 0o600 });
  }
  const child = spawn(process.execPath, ['--import', witness, ...prepare(name, way)], {
    cwd: here,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const application = new Application(child, folder);
  await application.until(({ port }) => port > 0, 'a port');
  return application;
}
