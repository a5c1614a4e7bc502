// The benchmark's processes: servers, of which the CPU time is read by thread, and the load generator.
import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Clients } from './clients.ts';
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
 * All sides are to send no session tickets. node:tls, nginx and HAProxy send some in TLS 1.3 whatever their options, but
 * their OpenSSL can be told in its configuration.
 */
export const withoutTickets = `nodejs_conf = init
openssl_conf = init
[init]
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

/** Of one process alone; the first number of `schedstat` is the time spent on a CPU. */
export function cpuOf(pid: number): CpuTime {
  const tasks = `/proc/${pid}/task`;
  let all = 0;
  let main = 0;
  for (const id of readdirSync(tasks)) {
    const time = Number(readFileSync(`${tasks}/${id}/schedstat`, 'latin1').split(' ')[0]);
    all += time;
    if (id === `${pid}`) main = time;
  }
  return { main, all };
}

/** A server that is measured. */
export interface RunningServer {
  readonly port: number;
  cpu(): CpuTime;
  stop(): void;
}

/** What runs a server: a Node, where tsls has its cryptography from there, and another checkout of it if not this one. */
export interface ServerPlace {
  readonly node: string;
  readonly provider: string;
  readonly checkout?: string | undefined;
}

/** tsls or node:tls. */
export class BenchServer implements RunningServer {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts one. An OpenSSL configuration file says what node:tls has no option for. */
  static async start(
    { node, provider, checkout }: ServerPlace,
    opensslConfig: string | undefined,
    setup: ServerSetup,
    flags: readonly string[] = [],
  ): Promise<BenchServer> {
    const execArgv = [
      '--expose-gc',
      ...(opensslConfig === undefined ? [] : [`--openssl-config=${opensslConfig}`]),
      ...flags,
    ];
    const file = checkout === undefined ? program('./server.js') : join(checkout, 'build/bench/server.js');
    const child = fork(file, [JSON.stringify(setup)], {
      ...{ execPath: node, execArgv, env: { ...process.env, TSLS_CRYPTO: provider } },
    });
    const answer = await next<ServerAnswer>(child);
    if (!('port' in answer)) throw new Error('the server does not say its port');
    return new BenchServer(child, answer.port);
  }

  cpu(): CpuTime {
    return cpuOf(this.#child.pid!);
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

export class LoadGenerator {
  readonly clients: Clients;
  readonly #child: ChildProcess = fork(program('./load.js'));

  /** `folder`: where the clients in C are compiled to. */
  constructor(folder: string) {
    this.clients = new Clients(folder);
  }

  do(work: Work): Promise<Done> {
    const done = this.clients.do(work);
    if (done) return done;
    const answer = next<Done>(this.#child);
    this.#child.send(work);
    return answer;
  }

  stop(): void {
    this.#child.removeAllListeners('exit');
    this.#child.disconnect();
  }
}
