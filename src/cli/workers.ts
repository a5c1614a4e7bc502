import cluster, { type Worker } from 'node:cluster';
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
/** Milliseconds beyond its grace after which a worker that was told to end is killed: it hangs, or stands still. */
const patience = 1000;

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

/** One of the processes. */
interface Place {
  /** Resolves when it listens; rejects with what it says instead. */
  readonly listening: Promise<AddressInfo>;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
}

class Workers {
  readonly #options: WorkersOptions;
  /** With what they end with, once they do. */
  readonly #running = new Map<Worker, Promise<string>>();
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
    for (const place of places) this.#replaceAtDeath(place);
    return { address: address!, close: (grace) => this.#close(grace) };
  }

  #fork(): Place {
    const worker = cluster.fork();
    const ended = new Promise<string>((resolve) => {
      worker.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      // The system could not start it.
      worker.on('error', ({ message }) => resolve(message));
    });
    this.#running.set(worker, ended);
    void ended.then(() => this.#running.delete(worker));
    const listening = new Promise<AddressInfo>((resolve, reject) => {
      worker.on('message', (news: WorkerNews) => {
        if (news.type === 'ready') tell(worker, this.#firstOrder());
        else if (news.type === 'listening') resolve(news.address);
        else if (news.type === 'failed') reject(Object.assign(new Error(news.message), { code: news.code }));
        else this.#options.onUnheard?.();
      });
      void ended.then((how) => reject(new Error(`a worker ended (${how})`)));
    });
    return { listening, ended };
  }

  /** We may have been asked to end while it started. */
  #firstOrder(): WorkerOrder {
    return this.#isEnding ? { type: 'end', grace: 0 } : { type: 'serve', setup: this.#options.setup };
  }

  #replaceAtDeath({ ended }: Place): void {
    const born = performance.now();
    void ended.then((how) => {
      if (this.#isEnding) return;
      if (performance.now() - born > healthyAge) this.#delay = shortestDelay;
      this.#options.onDeath?.(how, this.#delay);
      setTimeout(() => this.#replace(), this.#delay);
      this.#delay = Math.min(2 * this.#delay, longestDelay);
    });
  }

  #replace(): void {
    if (this.#isEnding) return;
    const place = this.#fork();
    this.#replaceAtDeath(place);
    // One that cannot listen says why and ends, which is heard of above.
    place.listening.catch(() => {});
  }

  async #close(grace: number): Promise<void> {
    this.#isEnding = true;
    for (const worker of this.#running.keys()) tell(worker, { type: 'end', grace });
    const late = setTimeout(() => this.kill(), grace + patience);
    await Promise.all(this.#running.values());
    clearTimeout(late);
  }

  kill(): void {
    this.#isEnding = true;
    for (const worker of this.#running.keys()) worker.process.kill('SIGKILL');
  }
}

/** A worker that is gone meanwhile is told nothing. */
const tell = (worker: Worker, order: WorkerOrder): void => void worker.send(order, undefined, () => {});
