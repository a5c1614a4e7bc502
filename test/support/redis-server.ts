import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
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

/** A real Redis or Valkey on a socket in a folder of its own, which keeps nothing on disk. */
export class RedisServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #clients: RespClient[] = [];
  #process: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts one, and waits until it answers. */
  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await mkdtemp(join(tmpdir(), 'tsls-redis-')));
    await server.restart();
    return server;
  }

  /** The path of its socket. */
  get path(): string {
    return join(this.#folder, 'socket');
  }

  /** A client of its own for whoever asks. */
  client(): RespClient {
    const client = new RespClient(this.path);
    this.#clients.push(client);
    return client;
  }

  /** Starts it again, empty, after `kill`. */
  async restart(): Promise<void> {
    const args = ['--port', '0', '--unixsocket', this.path, '--save', '', '--appendonly', 'no', '--dir', this.#folder];
    this.#process = spawn(program!, args, { stdio: 'ignore' });
    const client = this.client();
    for (let attempt = 0; ; attempt++) {
      const answer = await client.send(['PING']).catch((error: Error) => error);
      if (answer === 'PONG') break;
      if (attempt === 200) throw new Error(`the store does not start: ${answer}`);
      await sleep(50);
    }
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
