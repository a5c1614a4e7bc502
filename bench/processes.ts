// Starting the benchmark's processes, talking to them, and reading the CPU time of their threads.
import { type ChildProcess, execFile, execFileSync, fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Done, ServerAnswer, ServerSetup, Work } from './protocol.ts';

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Waits for the next message of a child. @throws when it ends or reports an error instead */
function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a process of the benchmark ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message: T | { error: string }) => {
      child.off('exit', ended);
      if (typeof message === 'object' && message !== null && 'error' in message) reject(new Error(message.error));
      else resolve(message as T);
    });
  });
}

/**
 * Both sides are to send no session tickets. node:tls sends two in TLS 1.3 whatever its options, but its OpenSSL can
 * be told in its configuration.
 */
export const withoutTickets = `nodejs_conf = nodejs_init
[nodejs_init]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
NumTickets = 0
`;

/** CPU time in nanoseconds: of the main thread, and of all threads together. */
export interface CpuTime {
  readonly main: number;
  readonly all: number;
}

export class BenchServer {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts one under the Node given. An OpenSSL configuration file says what node:tls has no option for. */
  static async start(
    node: string,
    opensslConfig: string | undefined,
    provider: string,
    setup: ServerSetup,
  ): Promise<BenchServer> {
    const execArgv = ['--expose-gc', ...(opensslConfig === undefined ? [] : [`--openssl-config=${opensslConfig}`])];
    const child = fork(program('./server.js'), [JSON.stringify(setup)], {
      ...{ execPath: node, execArgv, env: { ...process.env, TSLS_CRYPTO: provider } },
    });
    const answer = await next<ServerAnswer>(child);
    if (!('port' in answer)) throw new Error('the server does not say its port');
    return new BenchServer(child, answer.port);
  }

  /** Of this process alone; the first number of `schedstat` is the time spent on a CPU. */
  cpu(): CpuTime {
    const tasks = `/proc/${this.#child.pid}/task`;
    let all = 0;
    let main = 0;
    for (const id of readdirSync(tasks)) {
      const time = Number(readFileSync(`${tasks}/${id}/schedstat`, 'latin1').split(' ')[0]);
      all += time;
      if (id === `${this.#child.pid}`) main = time;
    }
    return { main, all };
  }

  /** Bytes of resident memory after a garbage collection. */
  async rss(): Promise<number> {
    this.#child.send({ ask: 'rss' });
    const answer = await next<ServerAnswer>(this.#child);
    return 'rss' in answer ? answer.rss : Number.NaN;
  }

  stop(): void {
    this.#child.removeAllListeners('exit');
    this.#child.disconnect();
  }
}

/**
 * Compiles the clients that make nothing but handshakes, in C with OpenSSL: those of node:tls take more time than a
 * server does. Returns the program, or `undefined` where there is no compiler or no headers of OpenSSL's.
 */
function compileClients(folder: string): string | undefined {
  const client = join(folder, 'handshakes');
  try {
    const source = program('../../bench/handshakes.c');
    execFileSync('cc', ['-O2', '-o', client, source, '-lssl', '-lcrypto'], { stdio: 'ignore' });
    return client;
  } catch {
    return undefined;
  }
}

export class LoadGenerator {
  readonly #child: ChildProcess = fork(program('./load.js'));
  readonly #client: string | undefined;

  /** `folder`: where the clients in C are compiled to. */
  constructor(folder: string) {
    this.#client = compileClients(folder);
  }

  /** What makes the handshakes, in words. */
  get handshakesBy(): string {
    return this.#client ? 'clients of OpenSSL in C' : 'clients of node:tls, for want of a C compiler and libssl-dev';
  }

  do(work: Work): Promise<Done> {
    if (work.kind === 'handshakes' && this.#client) return shakeHands(this.#client, work);
    const done = next<Done>(this.#child);
    this.#child.send(work);
    return done;
  }

  stop(): void {
    this.#child.removeAllListeners('exit');
    this.#child.disconnect();
  }
}

/** Makes handshakes by the clients in C. Throws unless those that are to be resumed were, and no others. */
async function shakeHands(client: string, work: Work & { kind: 'handshakes' }): Promise<Done> {
  const { version, suite, group } = work.tls;
  const how = work.resumes ? 'resumed' : 'full';
  const started = performance.now();
  const args = [work.port, work.count, work.atOnce, version, suite, group, how].map(String);
  const { stdout } = await promisify(execFile)(client, args);
  const { sessions, resumed } = JSON.parse(stdout) as { sessions: number; resumed: number };
  if (resumed !== (work.resumes ? work.count : 0)) throw new Error(`${resumed} of ${work.count} were resumed`);
  return { milliseconds: performance.now() - started, sessions };
}
