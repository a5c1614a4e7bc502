import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What became of one of Node's tests. */
export interface Outcome {
  readonly kind: 'passed' | 'failed' | 'skipped' | 'timed out';
  readonly output: string;
}

/** Milliseconds that one test may take. */
const timeLimit = 30_000;

/** Runs a test file in a process of its own with the flags that it asks for, and `preload` before it. */
export function runTest(path: string, preload?: string): Promise<Outcome> {
  const flags = /^\/\/ Flags: (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1]?.split(/\s+/) ?? [];
  // By the environment, so that it reaches the processes that a test starts too.
  const env = { ...process.env, ...(preload !== undefined && { NODE_OPTIONS: `--import=${preload}` }) };
  // A group of its own: what a test leaves behind ends with it.
  const child = spawn(process.execPath, [...flags, path], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < 20_000) output += text;
    });
  }
  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(child.pid);
    }, timeLimit);
    child.on('exit', (code) => {
      clearTimeout(timer);
      endGroup(child.pid);
      const kind = timedOut
        ? 'timed out'
        : code !== 0
          ? 'failed'
          : /^1\.\.0 # Skipped/m.test(output)
            ? 'skipped'
            : 'passed';
      resolve({ kind, output });
    });
  });
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
