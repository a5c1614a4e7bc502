// The clients of Redis and Valkey that applications use, each connected to one server, by way of Sentinel, or to a Cluster.
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RedisClient } from '../../src/redis/index.ts';

/** A client as an application has it. */
export interface Connected {
  readonly client: RedisClient;
  close(): Promise<void>;
}

export interface Library {
  readonly name: string;
  single(port: number): Promise<Connected>;
  sentinel?(ports: readonly number[], group: string): Promise<Connected>;
  cluster?(ports: readonly number[]): Promise<Connected>;
}

/** The repository's root, seen from build/test/redis-clients. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const load = createRequire(`${root}.cache/redis-clients/package.json`);

const host = '127.0.0.1';

/** What we need of a client object, whichever library made it. Its errors are the application's to hear. */
type Made = EventEmitter & {
  connect(): Promise<unknown>;
  close?(): Promise<unknown>;
  destroy?(): void;
  disconnect?(): void;
};

function connected(client: Made): Connected {
  client.on('error', () => {});
  return {
    client: client as unknown as RedisClient,
    async close() {
      try {
        // A pool that is destroyed forgets, and leaves open, what is connecting in it.
        if (client.close) await Promise.race([client.close(), sleep(2000, undefined, { ref: false })]);
        if (client.destroy) client.destroy();
        else client.disconnect?.();
      } catch {
        // It was closed already.
      }
    },
  };
}

/** Milliseconds in which a client has to connect; node-redis would try for ever. */
const connectTime = 20_000;

async function opened(client: Made): Promise<Connected> {
  const made = connected(client);
  const stop = new AbortController();
  const isLate = sleep(connectTime, 'late', { signal: stop.signal }).catch(() => 'stopped');
  try {
    if ((await Promise.race([client.connect(), isLate])) === 'late') throw new Error('the client does not connect');
    return made;
  } catch (error) {
    await made.close();
    throw error;
  } finally {
    stop.abort();
  }
}

type Make = (options: object) => Made;
const nodeRedis = load('redis') as Record<
  'createClient' | 'createClientPool' | 'createSentinel' | 'createCluster',
  Make
>;
const at = (port: number): object => ({ host, port });
const socket = (port: number): object => ({ socket: { host, port } });

const redis: Library = {
  name: 'node-redis',
  single: (port) => opened(nodeRedis.createClient(socket(port))),
  sentinel: (ports, name) => opened(nodeRedis.createSentinel({ name, sentinelRootNodes: ports.map(at) })),
  cluster: (ports) => opened(nodeRedis.createCluster({ rootNodes: ports.map(socket) })),
};

/** The pool of node-redis; for Sentinel and Cluster there is none. */
const redisPool: Library = {
  name: 'the pool of node-redis',
  single: (port) => opened(nodeRedis.createClientPool(socket(port))),
};

type Ctor = (new (options: object) => Made) & { readonly Cluster: new (nodes: readonly object[]) => Made };

/** ioredis, and iovalkey, which is made of it. They connect by themselves. */
function ioredis(name: 'ioredis' | 'iovalkey'): Library {
  const Redis = load(name) as Ctor;
  return {
    name,
    single: async (port) => connected(new Redis({ host, port })),
    sentinel: async (ports, group) => connected(new Redis({ name: group, sentinels: ports.map(at) })),
    cluster: async (ports) => connected(new Redis.Cluster(ports.map(at))),
  };
}

export type LibraryName = 'node-redis' | 'node-redis-pool' | 'ioredis' | 'iovalkey';

/** A library by its name. Throws where it is not installed. */
export function library(name: LibraryName): Library {
  if (name === 'node-redis') return redis;
  return name === 'node-redis-pool' ? redisPool : ioredis(name);
}
