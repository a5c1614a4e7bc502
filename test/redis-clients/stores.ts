// Real stores: one server, a pair under Sentinel, a Cluster of three.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../support/redis-server.ts';
import type { Connected, Library } from './clients.ts';

/** A store of one or more servers, with what may befall it. */
export interface Store extends AsyncDisposable {
  connect(library: Library): Promise<Connected>;
  /** The servers that take sessions, at first. */
  readonly servers: readonly RedisServer[];
}

const given = new Set<number>();

/**
 * A port that nobody has. It is below those that systems give to connections: one of these, once its server was killed,
 * could go to a client, even to the very client that tries to reach the server there.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    if (given.has(port)) continue;
    const server = net.createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    given.add(port);
    return port;
  }
}

const dispose = async (all: readonly RedisServer[]): Promise<void> => {
  await Promise.all(all.map((server) => server[Symbol.asyncDispose]()));
};

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await isSo().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`in vain waited until ${what}`);
}

export async function startSingle(): Promise<Store> {
  const server = await RedisServer.start({ port: await freePort() });
  return {
    servers: [server],
    connect: (library) => library.single(server.port),
    [Symbol.asyncDispose]: () => dispose([server]),
  };
}

const group = 'sessions';

/** A primary and its replica, watched by three Sentinels, which act half a second after the primary fell silent. */
export async function startSentinel(): Promise<Store> {
  const primary = await RedisServer.start({ port: await freePort() });
  const replica = await RedisServer.start({
    port: await freePort(),
    args: ['--replicaof', '127.0.0.1', `${primary.port}`],
  });
  const watch = [
    `sentinel monitor ${group} 127.0.0.1 ${primary.port} 2`,
    `sentinel down-after-milliseconds ${group} 500`,
    `sentinel failover-timeout ${group} 3000`,
  ].join('\n');
  const sentinels: RedisServer[] = [];
  for (let i = 0; i < 3; i++) sentinels.push(await RedisServer.start({ port: await freePort(), sentinel: watch }));
  await until('the Sentinels know each other and the replica', async () => {
    const known = await Promise.all(
      sentinels.map(async (sentinel) => {
        const facts = (await sentinel.client().send(['SENTINEL', 'MASTER', group])) as string[];
        const fact = (name: string): string | undefined => facts[facts.indexOf(name) + 1];
        return fact('num-other-sentinels') === '2' && fact('num-slaves') === '1';
      }),
    );
    return known.every(Boolean);
  });
  await until('the replica is in step', async () =>
    `${await replica.client().send(['INFO', 'replication'])}`.includes('master_link_status:up'),
  );
  return {
    servers: [primary],
    connect: (library) =>
      library.sentinel!(
        sentinels.map(({ port }) => port),
        group,
      ),
    [Symbol.asyncDispose]: () => dispose([...sentinels, primary, replica]),
  };
}

/** Three servers, each with a third of the slots. */
export async function startCluster(): Promise<Store> {
  const servers: RedisServer[] = [];
  const buses = [await freePort(), await freePort(), await freePort()];
  for (const bus of buses) {
    const args = ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--cluster-node-timeout', '1000'];
    servers.push(await RedisServer.start({ port: await freePort(), args }));
  }
  const slots = [0, 5461, 10923, 16384];
  for (const [i, server] of servers.entries()) {
    const { send } = server.client();
    await send(['CLUSTER', 'ADDSLOTSRANGE', `${slots[i]}`, `${slots[i + 1]! - 1}`]);
    if (i > 0) await send(['CLUSTER', 'MEET', '127.0.0.1', `${servers[0]!.port}`, `${buses[0]}`]);
  }
  await until('the Cluster has formed', async () => {
    const states = await Promise.all(servers.map((server) => server.client().send(['CLUSTER', 'INFO'])));
    return states.every((state) => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(`${state}`));
  });
  return {
    servers,
    connect: (library) => library.cluster!(servers.map(({ port }) => port)),
    [Symbol.asyncDispose]: () => dispose(servers),
  };
}
