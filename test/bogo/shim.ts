// The shim's process: one for all cases. It listens on the socket in TSLS_BOGO_SOCKET for the launcher, whose
// arguments are the runner's, and answers with exit code, standard output and standard error.
import { createServer, type Socket } from 'node:net';
import { runCase } from './shim-case.ts';
import { type Flags, readFlags, Unimplemented } from './shim-flags.ts';

interface Answer {
  readonly code: number;
  readonly out?: string;
  readonly err?: string;
}

/** The runner's exit codes: a flag that is not known, and a failure that nothing can expect. */
const unimplemented = 89;
const impossible = 90;

/** What escaped all callbacks: an error that in a server would have ended the process. */
const running = new Set<(answer: Answer) => void>();
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    const err = `${event}: ${error instanceof Error ? error.stack : error}\n`;
    for (const answer of running) answer({ code: impossible, err });
  });
}

createServer({ allowHalfOpen: true }, (launcher) => {
  let text = '';
  launcher.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const [count, ...args] = text.split('\0');
    if (args.length > Number(count)) void serve(launcher, args.slice(0, -1));
  });
}).listen(process.env.TSLS_BOGO_SOCKET, () => process.stdout.write('ready\n'));

async function serve(launcher: Socket, args: readonly string[]): Promise<void> {
  const abandoned = new AbortController();
  launcher.on('error', () => {}).on('close', () => abandoned.abort());
  launcher.on('end', () => launcher.destroy());
  const answer = await new Promise<Answer>((resolve) => {
    running.add(resolve);
    examine(args, abandoned.signal)
      .then(resolve, (error) => resolve({ code: impossible, err: `${error.stack}\n` }))
      .finally(() => running.delete(resolve));
  });
  launcher.end([answer.code, answer.out ?? '', answer.err ?? '', ''].join('\0'));
}

async function examine(args: readonly string[], signal: AbortSignal): Promise<Answer> {
  if (args.includes('-is-handshaker-supported')) return { code: 0, out: 'No\n' };
  try {
    const flags: Flags = readFlags(args);
    if (!flags.initial.has('-server')) throw new Unimplemented('clients');
    await runCase(flags, signal);
    return { code: 0 };
  } catch (error) {
    if (error instanceof Unimplemented) return { code: unimplemented, err: `${error.message}\n` };
    return { code: 1, err: `${describe(error as Error)}\n` };
  }
}

/** The code between colons, as BoringSSL prints its own, then everything that is known. */
function describe(error: Error): string {
  const { code = '', alert, alertDirection, stage } = error as Partial<Record<string, string>> & Error;
  const found = code === '' ? (error.stack ?? error.message) : `:${code.replace(/^ERR_SSL_/, '')}: ${error.message}`;
  return alert === undefined ? found : `${found} (${alert} ${alertDirection} at ${stage})`;
}
