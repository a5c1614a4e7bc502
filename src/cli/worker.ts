// A worker of `tsls --workers`: a process that serves as its primary says, and prints a line per connection itself.
import type { AddressInfo } from 'node:net';
import { printConnections } from './print-connections.ts';
import { type ListenOptions, type Serving, serve } from './serve.ts';
import { terminalStyle } from './terminal.ts';

/** What the server of a worker is made of. */
export interface WorkerSetup extends ListenOptions {
  readonly cert: string;
  readonly key: string;
  /** Whether lines are styled for a terminal. */
  readonly isStyled: boolean;
}

/** What the primary tells a worker. */
export type WorkerOrder =
  | { readonly type: 'serve'; readonly setup: WorkerSetup }
  | { readonly type: 'end'; readonly grace: number };

/** What a worker tells the primary. */
export type WorkerNews =
  /** It hears what it is told: what was said before is lost. */
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly address: AddressInfo }
  | { readonly type: 'failed'; readonly message: string; readonly code: string | undefined }
  /** Nobody reads what it prints. */
  | { readonly type: 'unheard' };

const tell = (news: WorkerNews): void => void process.send?.(news);

let serving: Serving | undefined;

async function start({ isStyled, ...setup }: WorkerSetup): Promise<void> {
  try {
    serving = await serve({ ...setup, ...printConnections(terminalStyle(isStyled)) });
    tell({ type: 'listening', address: serving.address });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    process.send?.({ type: 'failed', message, code } satisfies WorkerNews, () => process.exit(1));
  }
}

async function end(grace: number): Promise<void> {
  await serving?.close(grace);
  process.exit(0);
}

process.stdout.on('error', () => tell({ type: 'unheard' }));
// Ctrl-C reaches all processes of a terminal: it is the primary's to say what comes of it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => void end(3000));
process.on('message', (order: WorkerOrder) => {
  if (order.type === 'serve') void start(order.setup);
  else void end(order.grace);
});
tell({ type: 'ready' });
