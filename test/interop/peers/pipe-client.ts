// Clients that carry standard input to the server and what comes back to standard output.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Exchange, payloadBytes, type Target } from '../model.ts';
import { type RunOptions, run, words } from '../process.ts';

/**
 * Runs one with a payload: `bin` is for clients that pass any byte on, `txt` for those that read lines. Some print
 * remarks of their own before the data, so the answer is looked for by its first bytes; and some go on after a chain
 * that they reject, so `verified` is what they must have said of it.
 */
export async function runPipeClient(
  program: string,
  args: readonly string[],
  sent: 'bin' | 'txt',
  target: Target,
  options: RunOptions & { readonly verified?: string } = {},
): Promise<Exchange> {
  const input = readFileSync(join(target.folder, `payload.${sent}`));
  const head = input.subarray(0, 64);
  const answer = (stdout: Buffer): Buffer => {
    const start = stdout.indexOf(head);
    return start < 0 ? Buffer.alloc(0) : stdout.subarray(start, start + payloadBytes);
  };
  const until = { bytes: payloadBytes, enough: (stdout: Buffer) => answer(stdout).length === payloadBytes };
  const result = await run(program, args, { input, until, ...options });
  const got = answer(result.stdout);
  if (got.length === 0) throw new Error(`no data came back (${result.code}): ${words(result)}`);
  const { verified } = options;
  if (verified !== undefined && !result.stdout.includes(verified))
    throw new Error(`the client does not say: ${verified}`);
  return { received: createHash('sha256').update(got).digest('hex'), sent };
}
