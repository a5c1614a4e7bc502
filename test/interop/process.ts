// Running other programs: always with a time limit, always ended by their own process id.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Uint8Array;
  /**
   * Keeps standard input open until so many bytes came out and this says that they will do; without it the input
   * ends at once. The bytes are put together only when asked for: some programs write them one by one.
   */
  readonly until?: { readonly bytes: number; enough(stdout: Buffer): boolean };
  /** Milliseconds; 20 s unless said otherwise. */
  readonly timeout?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Sees to it that a child ends no later than this process. */
export function own<C extends ChildProcess>(child: C): C {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a program to its end. Throws only when it cannot be started or does not end in time. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const { cwd, env } = options;
    const child = own(
      spawn(command, args, {
        stdio: 'pipe',
        ...(cwd ? { cwd } : {}),
        ...(env ? { env: { ...process.env, ...env } } : {}),
      }),
    );
    const out: Buffer[] = [];
    let err = '';
    let length = 0;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, options.timeout ?? 20_000);
    child.stdout.on('data', (chunk: Buffer) => {
      out.push(chunk);
      length += chunk.length;
      if (options.until && length >= options.until.bytes && options.until.enough(Buffer.concat(out))) child.stdin.end();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (err.length < 100_000) err += chunk;
    });
    // A program that ends before it read everything is judged by its exit code and output, not by EPIPE.
    child.stdin.on('error', () => {});
    if (options.input) child.stdin.write(options.input);
    if (!options.until) child.stdin.end();
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      const stdout = Buffer.concat(out);
      if (late) reject(new Error(`${command} did not end in time: ${tail(err) || tail(stdout.toString('latin1'))}`));
      else resolve({ code, stdout, stderr: err });
    });
  });
}

/** Runs a program and throws with its own words unless it ended with 0. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const result = await run(command, args, options);
  if (result.code !== 0) throw new Error(`${command} ended with ${result.code}: ${words(result)}`);
  return result;
}

/** The last of what a program said, on one line. */
export function words(result: Finished): string {
  return tail(result.stderr) || tail(result.stdout.toString('latin1')) || 'no output';
}

const tail = (text: string): string => {
  const flat = text
    .replace(/[^\x20-\x7e\n]/g, '')
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '');
  return flat.slice(-4).join(' | ').slice(-400);
};

/** The path of a program, if it is there to be run. */
export function which(program: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** The first line of a program's output that the pattern matches, or undefined when it is not installed. */
export async function versionOf(
  program: string,
  args: readonly string[],
  pattern: RegExp,
): Promise<string | undefined> {
  const path = which(program);
  if (!path) return undefined;
  const { stdout, stderr } = await run(path, args);
  const text = `${stdout.toString('utf8')}\n${stderr}`;
  return pattern.exec(text)?.[1] ?? 'unknown version';
}
