import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RespClient } from './resp-client.ts';

const program = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Why tests that need a real store are skipped, or `false`. */
export const skipsRedis: string | false =
  program === undefined ? 'no redis-server or valkey-server is installed' : false;

export interface RedisOptions {
  /** A port of the loopback address; without it, a socket in a folder of its own. */
  readonly port?: number;
  /** More of its command line. */
  readonly args?: readonly string[];
  /** What it watches as a Sentinel, in the language of its configuration, if it is one. */
  readonly sentinel?: string;
}

/** Milliseconds in which a server has to start. */
const startTime = 30_000;

/** Those that run, none of which may outlive the tests, however these end. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A real Redis or Valkey, which keeps nothing on disk that it would need. */
export class RedisServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: RedisOptions;
  readonly #clients: RespClient[] = [];
  #process: ChildProcess | undefined;

  private constructor(folder: string, options: RedisOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Starts one, and waits until it answers. */
  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await mkdtemp(join(tmpdir(), 'tsls-redis-')), options);
    await server.restart();
    return server;
  }

  /** The path of its socket, if it has no port. */
  get path(): string {
    return join(this.#folder, 'socket');
  }

  get port(): number {
    return this.#options.port ?? 0;
  }

  /** A client of its own for whoever asks. */
  client(): RespClient {
    const client = new RespClient(this.#options.port ?? this.path);
    this.#clients.push(client);
    return client;
  }

  /** Starts it again, empty, after `kill`. */
  async restart(): Promise<void> {
    const child = spawn(program!, await this.#arguments(), { stdio: 'ignore' });
    this.#process = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const client = this.client();
    const end = performance.now() + startTime;
    for (;;) {
      const answer = await client.send(['PING']).catch((error: Error) => error);
      // Somebody else may answer at the port that this one did not get.
      if (child.exitCode !== null) throw new Error(`the store ended at once, with ${child.exitCode}`);
      if (answer === 'PONG') break;
      if (performance.now() > end) throw new Error(`the store does not start: ${answer}`);
      await sleep(50);
    }
  }

  async #arguments(): Promise<string[]> {
    const { port, args = [], sentinel } = this.#options;
    const where = [
      '--port',
      `${port ?? 0}`,
      ...(port === undefined ? ['--unixsocket', this.path] : ['--bind', '127.0.0.1']),
    ];
    if (sentinel === undefined) return [...where, '--save', '', '--appendonly', 'no', '--dir', this.#folder, ...args];
    // A Sentinel writes what it learns into its configuration.
    const file = join(this.#folder, 'sentinel.conf');
    await writeFile(file, `${sentinel}\n`);
    return [file, '--sentinel', ...where, '--dir', this.#folder];
  }

  /** Its process stands still, and connections to it with it. */
  pause(): void {
    this.#process!.kill('SIGSTOP');
  }

  resume(): void {
    this.#process!.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(this.path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
