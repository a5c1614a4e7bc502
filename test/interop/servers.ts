// The server processes that the cells connect to: one for every distinct configuration, started when first needed.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ImplementationName } from './implementation.ts';
import { type Cell, groups, payloadBytes, suites } from './model.ts';
import { own } from './process.ts';
import type { Report, ServerOptions } from './server.ts';

const allSuites = suites.map((s) => s.openssl).join(':');
/** What a server offers unless the cell is about a group: hybrid groups are asked for by name. */
const plainGroups = groups.filter((g) => g !== 'X25519MLKEM768').join(':');

/** Options of the server for a cell: it accepts everything, except where it is the server that has to choose. */
function tlsOptions(cell: Cell): ServerOptions['tls'] {
  const chooses = cell.suiteBy === 'server';
  const named = cell.group === 'X25519MLKEM768' ? `X25519MLKEM768:${plainGroups}` : plainGroups;
  return {
    minVersion: chooses ? cell.suite.version : 'TLSv1.2',
    maxVersion: chooses ? cell.suite.version : 'TLSv1.3',
    ciphers: chooses ? cell.suite.openssl : allSuites,
    ecdhCurve: cell.group && cell.groupBy === 'server' ? cell.group : named,
    ALPNProtocols: ['h2', 'http/1.1'],
  };
}

/** One server process. */
export class TestServer {
  readonly port: Promise<number>;
  readonly #child: ChildProcessWithoutNullStreams;
  #reports: Report[] = [];
  #wake: (() => void) | undefined;
  #stderr = '';

  constructor(node: string, options: ServerOptions) {
    const program = fileURLToPath(new URL('./server.js', import.meta.url));
    this.#child = own(spawn(node, ['--enable-source-maps', program, JSON.stringify(options)], { stdio: 'pipe' }));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    this.port = new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        const report = JSON.parse(line) as Report;
        if (report.event === 'listening') resolve(report.port);
        else this.#reports.push(report);
        this.#wake?.();
      });
      this.#child.once('error', reject);
      this.#child.once('exit', (code, signal) => {
        this.#reports.push({ event: 'failed', message: `server ended (${code ?? signal}): ${this.#fault()}` });
        this.#wake?.();
        reject(new Error(`the server does not start: ${this.#fault()}`));
      });
    });
    this.port.catch(() => {});
  }

  /** What went wrong in the server process: from the line that names the error, with the top of its stack. */
  #fault(): string {
    const lines = this.#stderr.split('\n').map((l) => l.trim());
    const at = lines.findIndex((l) => /Error/.test(l));
    const told = at < 0 ? lines.filter((l) => l !== '').slice(-1) : lines.slice(at, at + 8);
    return told.join(' | ') || 'it said nothing';
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Forgets what was reported so far. */
  forget(): void {
    this.#reports = [];
  }

  /** What was reported since, once there is anything or the milliseconds have passed. */
  async reports(milliseconds: number): Promise<readonly Report[]> {
    if (this.#reports.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    return this.#reports;
  }

  stop(): void {
    this.#child.kill();
  }
}

/** The servers of one worker; no two cells use one of them at the same time. */
export class Servers {
  readonly #running = new Map<string, TestServer>();
  readonly #implementation: ImplementationName;
  readonly #node: string;
  readonly #folder: string;
  readonly #remoteKey: boolean;

  constructor(implementation: ImplementationName, node: string, folder: string, remoteKey: boolean) {
    this.#implementation = implementation;
    this.#node = node;
    this.#folder = folder;
    this.#remoteKey = remoteKey;
  }

  /** The server for a cell of a peer, started unless it runs already. */
  for(cell: Cell, mode: ServerOptions['mode']): TestServer {
    const options: ServerOptions = {
      implementation: this.#implementation,
      mode,
      remoteKey: this.#remoteKey,
      key: join(this.#folder, `${cell.credential}.key`),
      cert: join(this.#folder, `${cell.credential}.pem`),
      payload: join(this.#folder, 'payload.bin'),
      bytes: payloadBytes,
      tls: tlsOptions(cell),
    };
    const key = JSON.stringify(options);
    const found = this.#running.get(key);
    if (found?.alive) return found;
    const server = new TestServer(this.#node, options);
    this.#running.set(key, server);
    return server;
  }

  stop(): void {
    for (const server of this.#running.values()) server.stop();
  }
}
