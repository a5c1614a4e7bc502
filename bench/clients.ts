// Clients that are no Node: OpenSSL's in C, wrk and h2load. Those of node:tls take more time than the server does.
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Done, mebibyte, type Work } from './protocol.ts';

const run = promisify(execFile);
type WorkOf<K extends Work['kind']> = Extract<Work, { readonly kind: K }>;

/** Compiles a client in C with OpenSSL; `undefined` where there is no compiler or no headers of OpenSSL's. */
function compile(name: string, folder: string): string | undefined {
  const program = join(folder, name);
  try {
    const source = fileURLToPath(new URL(`../../bench/${name}.c`, import.meta.url));
    execFileSync('cc', ['-O2', '-o', program, source, '-lssl', '-lcrypto'], { stdio: 'ignore' });
    return program;
  } catch {
    return undefined;
  }
}

/** Whether a program can be started; what it says then does not matter. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

const noCompiler = 'no C compiler or no libssl-dev';

export class Clients {
  readonly #handshakes: string | undefined;
  readonly #transfer: string | undefined;
  readonly #burst: string | undefined;
  readonly #missing: Partial<Record<Work['kind'], string>> = {};

  /** `folder`: where those in C are compiled to. */
  constructor(folder: string) {
    this.#handshakes = compile('handshakes', folder);
    this.#transfer = compile('transfer', folder);
    this.#burst = compile('burst', folder);
    if (!this.#burst) this.#missing.burst = noCompiler;
    if (!isInstalled('wrk')) this.#missing.https = 'wrk is not installed (apt: wrk)';
    if (!isInstalled('h2load')) this.#missing.http2 = 'h2load is not installed (apt: nghttp2-client)';
  }

  /** Why work of a kind cannot be done here. */
  missing(work: Pick<Work, 'kind'> & { readonly leaves?: boolean | undefined }): string | undefined {
    if (work.leaves && !this.#handshakes) return noCompiler;
    return this.#missing[work.kind];
  }

  /** What shakes hands, moves data and pings, in words. */
  get names(): string {
    return this.#handshakes && this.#transfer
      ? 'clients of OpenSSL in C'
      : 'clients of node:tls, for want of a C compiler and libssl-dev';
  }

  /** Does the work, or leaves it (`undefined`) to clients of node:tls. */
  do(work: Work): Promise<Done> | undefined {
    switch (work.kind) {
      case 'handshakes':
        return this.#handshakes ? shakeHands(this.#handshakes, work) : undefined;
      case 'download':
      case 'upload':
      case 'get':
        return this.#transfer ? transfer(this.#transfer, work, work.mebibytes * mebibyte) : undefined;
      case 'ping':
        return this.#transfer ? transfer(this.#transfer, work, work.count, work.connections) : undefined;
      case 'burst':
        return burst(this.#burst!, work);
      case 'https':
        return wrk(work);
      case 'http2':
        return h2load(work);
      default:
        return undefined;
    }
  }
}

/** Makes handshakes. Throws unless those that are to be resumed were, and no others. */
async function shakeHands(program: string, work: WorkOf<'handshakes'>): Promise<Done> {
  const { version, suite, group } = work.tls;
  const how = work.resumes ? 'resumed' : work.leaves ? 'brief' : 'full';
  const args = [work.port, work.count, work.atOnce, version, suite, group, how].map(String);
  const { stdout } = await run(program, args);
  const { sessions, resumed, seconds } = JSON.parse(stdout) as Record<'sessions' | 'resumed' | 'seconds', number>;
  if (resumed !== (work.resumes ? work.count : 0)) throw new Error(`${resumed} of ${work.count} were resumed`);
  return { milliseconds: 1000 * seconds, sessions };
}

/** Moves bytes, or pings; `amounts`: the program's last arguments. Throws unless all came that was to come. */
async function transfer(program: string, { port, tls, kind }: Work, ...amounts: number[]): Promise<Done> {
  const { stdout } = await run(program, [port, tls.suite, tls.group, kind, ...amounts].map(String));
  const { seconds } = JSON.parse(stdout) as { readonly seconds: number };
  return { milliseconds: 1000 * seconds, sessions: 0 };
}

interface Latency {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
}

async function burst(program: string, { port, bursts, atOnce, tls }: WorkOf<'burst'>): Promise<Done> {
  const { stdout } = await run(program, [port, bursts, atOnce, tls.suite, tls.group].map(String));
  const { within, lasted } = JSON.parse(stdout) as Record<'within' | 'lasted', Latency>;
  if (within.count < bursts) throw new Error(`only ${within.count} pings met ${bursts} bursts`);
  return { milliseconds: lasted.median * bursts, sessions: 0, latency: within };
}

/** HTTP/1.1 on 32 connections, a request at a time on each. Throws unless all of them are answered well. */
async function wrk({ port, bytes, seconds }: WorkOf<'https' | 'http2'>): Promise<Done> {
  const url = `https://127.0.0.1:${port}/${bytes}`;
  const { stdout } = await run('wrk', ['-t1', '-c32', `-d${Math.ceil(seconds)}s`, url]);
  const [, count, time, unit] = /(\d+) requests in ([\d.]+)(ms|s)/.exec(stdout) ?? [];
  if (!count || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk: ${stdout}`);
  return { milliseconds: Number(time) * (unit === 's' ? 1000 : 1), sessions: 0, requests: Number(count) };
}

/** HTTP/2 on 4 connections with 8 streams each. Throws unless all requests are answered well. */
async function h2load({ port, bytes, seconds }: WorkOf<'https' | 'http2'>): Promise<Done> {
  const url = `https://127.0.0.1:${port}/${bytes}`;
  const { stdout } = await run('h2load', ['-t1', '-c4', '-m8', '-D', String(Math.ceil(seconds)), url]);
  const [, time, unit] = /finished in ([\d.]+)(ms|s)/.exec(stdout) ?? [];
  const [, succeeded, failed] = /(\d+) succeeded, (\d+) failed/.exec(stdout) ?? [];
  if (!time || failed !== '0' || !Number(succeeded)) throw new Error(`h2load: ${stdout}`);
  return { milliseconds: Number(time) * (unit === 's' ? 1000 : 1), sessions: 0, requests: Number(succeeded) };
}
