import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type * as tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { FleetAnswer, FleetOrder, FleetServerOptions } from './fleet-server.ts';
import { identity } from './identities.ts';
import { client } from './tls-pair.ts';

/** What a client saw of one connection. */
export interface Visit {
  readonly reused: boolean;
  /** The session to come back with. */
  readonly session: Buffer;
  /** The process that served it. */
  readonly pid: number;
}

/** Milliseconds that a connection may be silent. */
const silence = 60_000;

/** One connection, with a word back and forth so that tickets arrive. */
export async function visit(port: number, options: tls.ConnectionOptions): Promise<Visit> {
  const socket = client(port, options);
  let session: Buffer | undefined;
  let isAnswered = false;
  socket.on('session', (data: Buffer) => {
    session = data;
  });
  socket.setTimeout(silence, () => socket.destroy(new Error('the server is silent')));
  socket.once('end', () => {
    if (!isAnswered) socket.destroy(new Error('the server ended without an answer'));
  });
  await once(socket, 'secureConnect');
  socket.write('x');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  isAnswered = true;
  const reused = socket.isSessionReused();
  session ??= socket.getSession();
  socket.end();
  await once(socket, 'close');
  assert.ok(session);
  const { pid } = JSON.parse(answer.toString()) as FleetAnswer;
  return { reused, session, pid };
}

/** A server in a process of its own. */
export interface FleetServer {
  readonly pid: number;
  readonly port: number;
  /** A port at which this one answers and no other worker of its cluster. */
  readonly ownPort: number;
  /** Sets its clock ahead by so many milliseconds. */
  setClock(ahead: number): Promise<void>;
  /** Lets its clock stand still at an instant, and makes a ticket key current. */
  stopClock(instant: number, ticketKey?: string): Promise<void>;
  /** Kills its process. */
  kill(): Promise<void>;
}

/** Comes until it is a certain worker that answers: the primary deals connections out in turn. */
export async function visitWorker({ port, pid }: FleetServer, options: tls.ConnectionOptions): Promise<Visit> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const seen = await visit(port, options);
    if (seen.pid === pid) return seen;
  }
  throw new Error(`worker ${pid} never answered`);
}

type Where = Pick<FleetServer, 'port' | 'ownPort' | 'pid'>;
export type FleetOptions = Omit<FleetServerOptions, 'key' | 'cert'>;

function environment(options: FleetOptions): NodeJS.ProcessEnv {
  const { key, cert } = identity('p256');
  const { NODE_OPTIONS: _, ...env } = process.env;
  return { ...env, FLEET_SERVER: JSON.stringify({ key, cert, ...options }) };
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const clockOf = (send: (order: FleetOrder) => Promise<void>): Pick<FleetServer, 'setClock' | 'stopClock'> => ({
  setClock: (ahead) => send({ ahead }),
  stopClock: (instant, ticketKey) => send({ instant, ticketKey }),
});

/** Starts a server alone. */
export async function startServer(options: FleetOptions): Promise<FleetServer> {
  const child = fork(script('fleet-server.js'), { env: environment(options), execArgv: [] });
  const [where] = (await once(child, 'message')) as [Where];
  return {
    ...where,
    ...clockOf(async (order) => {
      child.send(order);
      await once(child, 'message');
    }),
    kill: () => kill(child),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A cluster whose primary does nothing but fork. */
export class Cluster implements AsyncDisposable {
  readonly #primary: ChildProcess;
  readonly #messages = new EventEmitter();
  #forked = 0;

  constructor(options: FleetOptions) {
    this.#primary = fork(script('fleet-primary.js'), { env: environment(options), execArgv: [] });
    this.#primary.on('message', ({ id, message }: { id: number; message: unknown }) => {
      this.#messages.emit(`${id}`, message);
    });
  }

  /** Starts another worker. */
  async fork(): Promise<FleetServer> {
    const id = ++this.#forked;
    this.#primary.send({});
    const where = await this.#answer<Where>(id);
    return {
      ...where,
      ...clockOf(async (message) => {
        this.#primary.send({ id, message });
        await this.#answer(id);
      }),
      kill: async () => {
        this.#primary.send({ id, message: 'kill' });
        await this.#answer(id);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await kill(this.#primary);
  }

  async #answer<T>(id: number): Promise<T> {
    const [answer] = await once(this.#messages, `${id}`);
    return answer as T;
  }
}
