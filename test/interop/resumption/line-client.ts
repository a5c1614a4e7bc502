// Clients that read a port from each line of their input, and print a line of JSON for each connection.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { serverName } from '../model.ts';
import { own } from '../process.ts';
import type { Seen, Target, Visitor } from './model.ts';

/** Starts one and makes its first visit. */
export async function runLineClient(
  [program, ...before]: readonly [string, ...string[]],
  target: Target,
): Promise<Visitor> {
  const args = [...before, '--name', serverName, '--ca', target.ca, '--version', target.version.slice('TLSv'.length)];
  const child = own(spawn(program, args, { stdio: 'pipe' }));
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const end = (): void => {
    clearTimeout(timer);
    child.kill('SIGKILL');
  };
  const again = async (port: number): Promise<Seen> => {
    child.stdin.write(`${port}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`the client ended: ${words.trim()}`);
    return JSON.parse(value) as Seen;
  };
  try {
    return { first: await again(target.port), again, end };
  } catch (error) {
    end();
    throw error;
  }
}
