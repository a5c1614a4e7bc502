// A process of the benchmark's, and what it answers, one message at a time.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  /** The Node that runs it; this one by default. */
  readonly node?: string;
  /** Where tsls has its cryptography from. */
  readonly provider?: string;
}

export class Child {
  readonly #process: ChildProcess;

  /** Starts a program of this folder, such as `./soak-load.js`. */
  constructor(name: string, args: readonly string[] = [], { node = process.execPath, provider }: ChildOptions = {}) {
    const env = { ...process.env, ...(provider && { TSLS_CRYPTO: provider }) };
    const program = fileURLToPath(new URL(name, import.meta.url));
    this.#process = fork(program, args, { execPath: node, env, execArgv: ['--expose-gc'] });
  }

  /** The next message; rejects when the process ends, or reports an error, instead. */
  next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a process of the benchmark ended with ${code}`));
      this.#process.once('exit', ended);
      this.#process.once('message', (message: T | { error: string }) => {
        this.#process.off('exit', ended);
        if (typeof message === 'object' && message !== null && 'error' in message) reject(new Error(message.error));
        else resolve(message as T);
      });
    });
  }

  ask<T>(question: object): Promise<T> {
    const answer = this.next<T>();
    this.#process.send(question);
    return answer;
  }

  stop(): void {
    this.#process.removeAllListeners('exit');
    this.#process.disconnect();
  }
}
