import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Serving } from './serve.ts';
import type { WorkerNews, WorkerOrder, WorkerSetup } from './worker.ts';

/** What a worker is told, how many there are to be, and who hears of them. */
export interface WorkersOptions {
  readonly setup: WorkerSetup;
  readonly count: number;
  /** A worker ended by itself; another takes its place in so many milliseconds. */
  onDeath?(how: string, delay: number): void;
  /** Nobody reads what a worker prints. */
  onUnheard?(): void;
}

/** Milliseconds until a worker is replaced: at first, and when one after the other dies soon. */
const [shortestDelay, longestDelay] = [100, 10_000];
/** Milliseconds after which a worker that dies is no reason for patience. */
const healthyAge = 30_000;

/**
 * Serves by `count` processes that listen at one address and share their ticket keys. Resolves once all of them listen.
 * Rejects with what the first of them to fail could not do.
 */
export async function startWorkers(options: WorkersOptions): Promise<Serving> {
  const workers = new Workers(options);
  try {
    return await workers.start();
  } catch (error) {
    workers.kill();
    throw error;
  }
}

class Workers {
  readonly #options: WorkersOptions;
  readonly #running = new Set<Worker>();
  #delay = shortestDelay;
  #isEnding = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
    // Otherwise the primary accepts every connection and passes it on, which costs 90 µs of its time, and 100 of a worker's.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)), args: [] });
  }

  async start(): Promise<Serving> {
    const places = Array.from({ length: this.#options.count }, () => this.#fork());
    const [address] = await Promise.all(places.map(({ listening }) => listening));
    for (const { worker } of places) this.#replaceAtDeath(worker);
    return { address: address!, close: (grace) => this.#close(grace) };
  }

  /** Starts a worker; `listening` resolves when it does, and rejects with what it says instead. */
  #fork(): { worker: Worker; listening: Promise<AddressInfo> } {
    const worker = cluster.fork();
    this.#running.add(worker);
    worker.once('exit', () => this.#running.delete(worker));
    const listening = new Promise<AddressInfo>((resolve, reject) => {
      worker.on('message', (news: WorkerNews) => {
        if (news.type === 'ready') tell(worker, { type: 'serve', setup: this.#options.setup });
        else if (news.type === 'listening') resolve(news.address);
        else if (news.type === 'failed') reject(Object.assign(new Error(news.message), { code: news.code }));
        else this.#options.onUnheard?.();
      });
      worker.once('exit', (code, signal) => reject(new Error(`a worker ended with ${signal ?? code}`)));
    });
    return { worker, listening };
  }

  #replaceAtDeath(worker: Worker): void {
    const born = performance.now();
    worker.once('exit', (code, signal) => {
      if (this.#isEnding) return;
      if (performance.now() - born > healthyAge) this.#delay = shortestDelay;
      this.#options.onDeath?.(signal ?? `exit code ${code}`, this.#delay);
      setTimeout(() => this.#replace(), this.#delay);
      this.#delay = Math.min(2 * this.#delay, longestDelay);
    });
  }

  #replace(): void {
    if (this.#isEnding) return;
    const { worker, listening } = this.#fork();
    this.#replaceAtDeath(worker);
    // One that cannot listen says why and ends, which is heard of above.
    listening.catch(() => {});
  }

  async #close(grace: number): Promise<void> {
    this.#isEnding = true;
    const running = [...this.#running];
    const ended = running.map((worker) => once(worker, 'exit'));
    for (const worker of running) tell(worker, { type: 'end', grace });
    await Promise.all(ended);
  }

  kill(): void {
    this.#isEnding = true;
    for (const worker of this.#running) worker.process.kill('SIGKILL');
  }
}

/** A worker that is gone meanwhile is told nothing. */
const tell = (worker: Worker, order: WorkerOrder): void => void worker.send(order, undefined, () => {});
