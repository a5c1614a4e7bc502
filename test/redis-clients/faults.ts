// What becomes of handshakes while a real store, used through a real client, fails in each way that stores fail.
import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisErrorMessage, type RedisSessions, redisSessions } from '../../src/redis/index.ts';
import { visit } from '../support/fleet.ts';
import { type RedisServer, skipsRedis } from '../support/redis-server.ts';
import { type Listening, listen } from '../support/tls-pair.ts';
import { type Library, type LibraryName, library } from './clients.ts';
import { type Store, startCluster, startSentinel, startSingle } from './stores.ts';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const maxPending = 32;

/** What befalls a store. */
interface Fault {
  readonly name: string;
  /** Brings it about. */
  hit(servers: readonly RedisServer[]): unknown;
  /** Ends it, where it does not end by itself. */
  heal?(servers: readonly RedisServer[]): unknown;
  /** What must have been counted. */
  readonly counts: readonly ('failed' | 'late' | 'skipped' | 'forged' | 'missing')[];
  /** Whether all sessions made before are out of reach while it lasts. */
  readonly isTotal: boolean;
}

const onEach = (servers: readonly RedisServer[], act: (server: RedisServer) => Promise<unknown>): Promise<unknown> =>
  Promise.all(servers.map(act));

const commandEach = (servers: readonly RedisServer[], ...args: string[]): Promise<unknown> =>
  onEach(servers, (server) => server.client().send(args));

const killed: Fault = {
  name: 'killed, and started again empty',
  hit: (servers) => onEach(servers, (server) => server.kill()),
  heal: (servers) => onEach(servers, (server) => server.restart()),
  counts: ['failed', 'late', 'skipped'],
  isTotal: true,
};

const paused: Fault = {
  name: 'standing still',
  hit: (servers) => servers.forEach((server) => void server.pause()),
  heal: (servers) => servers.forEach((server) => void server.resume()),
  counts: ['late', 'skipped'],
  isTotal: true,
};

const slow = (): Fault => {
  let isOver = false;
  return {
    name: 'slow: nearly a second for most answers',
    hit(servers) {
      const stutter = async (): Promise<void> => {
        while (!isOver) {
          for (const server of servers) server.pause();
          await sleep(800, undefined, { ref: false });
          for (const server of servers) server.resume();
          await sleep(20, undefined, { ref: false });
        }
      };
      void stutter();
    },
    async heal() {
      isOver = true;
      await sleep(900);
    },
    counts: ['late'],
    isTotal: false,
  };
};

const full: Fault = {
  name: 'full',
  hit: async (servers) => {
    await commandEach(servers, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await commandEach(servers, 'CONFIG', 'SET', 'maxmemory', '1');
  },
  heal: (servers) => commandEach(servers, 'CONFIG', 'SET', 'maxmemory', '0'),
  counts: ['failed'],
  isTotal: false,
};

const garbled: Fault = {
  name: 'full of values that nobody wrote',
  hit: (servers) =>
    onEach(servers, async (server) => {
      const { send } = server.client();
      const names = (await send(['KEYS', '*'])) as string[];
      const values = ['', 'garbage', 'A'.repeat(5000)];
      await Promise.all(names.map((name, i) => send(['SET', name, values[i % values.length]!])));
    }),
  counts: ['forged'],
  isTotal: true,
};

const emptied: Fault = {
  name: 'emptied',
  hit: (servers) => commandEach(servers, 'FLUSHALL'),
  counts: ['missing'],
  isTotal: true,
};

const failedOver: Fault = {
  name: 'failing over, the primary killed',
  hit: (servers) => servers[0]!.kill(),
  counts: ['failed', 'late', 'skipped'],
  isTotal: false,
};

const failedOverFromPaused: Fault = {
  name: 'failing over, the primary standing still',
  hit: (servers) => void servers[0]!.pause(),
  heal: (servers) => void servers[0]!.resume(),
  counts: ['late'],
  isTotal: false,
};

const oneKilled: Fault = {
  name: 'with one server killed',
  hit: (servers) => servers[0]!.kill(),
  heal: (servers) => servers[0]!.restart(),
  counts: ['failed', 'late', 'skipped'],
  isTotal: false,
};

const onePaused: Fault = {
  ...paused,
  name: 'with one server standing still',
  hit: ([first]) => void first!.pause(),
  heal: ([first]) => void first!.resume(),
  counts: ['late'],
  isTotal: false,
};

/** A server that keeps sessions in the store, and the clients that come to it. */
class World implements AsyncDisposable {
  readonly sessions: RedisSessions;
  readonly told: RedisErrorMessage[] = [];
  readonly #listening: Listening;
  readonly #close: () => Promise<void>;
  readonly #hear = (message: unknown): void => void this.told.push(message as RedisErrorMessage);

  private constructor(sessions: RedisSessions, listening: Listening, close: () => Promise<void>) {
    this.sessions = sessions;
    this.#listening = listening;
    this.#close = close;
    subscribe('tsls:redis:error', this.#hear);
  }

  static async start(store: Store, by: Library): Promise<World> {
    const { client, close } = await store.connect(by);
    const sessions = redisSessions(client, { secret: 'known to the servers of these tests', maxPending });
    await sessions.ready;
    const options = { secureOptions: constants.SSL_OP_NO_TICKET, sessionStore: sessions };
    const listening = await listen(options, (socket) => {
      socket.on('data', () => socket.write('1'));
    });
    return new World(sessions, listening, close);
  }

  /** Sessions of clients that came once each. */
  async make(count: number): Promise<{ readonly maxVersion: (typeof versions)[number]; readonly session: Buffer }[]> {
    const made = Array.from({ length: count }, async (_, i) => {
      const maxVersion = versions[i % 2]!;
      const { session } = await visit(this.#listening.port, { maxVersion });
      return { maxVersion, session };
    });
    return Promise.all(made);
  }

  /** How many go on of the clients that come back. All handshakes must succeed. */
  async comeBack(clients: Awaited<ReturnType<World['make']>>): Promise<number> {
    const seen = await Promise.all(clients.map((client) => visit(this.#listening.port, client)));
    assert.deepEqual(this.#listening.errors, []);
    return seen.filter(({ reused }) => reused).length;
  }

  /** Clients come and come back until they all go on. */
  async recover(): Promise<void> {
    const end = performance.now() + 90_000;
    for (;;) {
      const clients = await this.make(4);
      await this.settle();
      if ((await this.comeBack(clients)) === clients.length) break;
      assert.ok(performance.now() < end, `no recovery: ${JSON.stringify(this.sessions.stats)}`);
      await sleep(200);
    }
  }

  /** Waits until sessions are kept, if they can be. */
  async settle(): Promise<void> {
    for (let attempt = 0; attempt < 20 && this.sessions.stats.pending > 0; attempt++) await sleep(10);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    unsubscribe('tsls:redis:error', this.#hear);
    await this.#listening[Symbol.asyncDispose]();
    this.sessions.close();
    await this.#close();
  }
}

async function endure(store: Store, by: Library, fault: Fault): Promise<void> {
  await using world = await World.start(store, by);
  await world.recover();
  const earlier = await world.make(8);
  await world.settle();
  const { stats: before } = world.sessions;
  await fault.hit(store.servers);
  try {
    const resumed = await world.comeBack(earlier);
    if (fault.isTotal) assert.equal(resumed, 0);
    for (let round = 0; round < 6; round++) {
      await world.comeBack(await world.make(16));
      assert.ok(world.sessions.stats.pending <= maxPending);
    }
    const { stats } = world.sessions;
    const counted = fault.counts.reduce((sum, name) => sum + stats[name] - before[name], 0);
    assert.ok(counted > 0, `nothing is counted: ${JSON.stringify(stats)}`);
    const isReported = stats.failed + stats.late + stats.forged > before.failed + before.late + before.forged;
    assert.equal(world.told.length > 0, isReported);
  } finally {
    await fault.heal?.(store.servers);
  }
  await world.recover();
  assert.equal(world.sessions.stats.isPaused, false);
}

/** The tests of one library. */
export function testFaults(name: LibraryName): void {
  const by = library(name);
  const on = (what: string, start: () => Promise<Store>, ...faults: Fault[]): void => {
    describe(`no handshake fails, with ${by.name} and ${what}`, { skip: skipsRedis }, () => {
      let store: Store;
      before(
        async () => {
          store = await start();
        },
        { timeout: 120_000 },
      );
      after(() => store?.[Symbol.asyncDispose](), { timeout: 60_000 });
      for (const fault of faults) it(fault.name, { timeout: 180_000 }, () => endure(store, by, fault));
    });
  };
  on('one server', startSingle, killed, paused, slow(), full, garbled, emptied);
  if (by.sentinel) {
    // A failover is not undone: each has a pair of its own.
    for (const fault of [failedOver, failedOverFromPaused]) on('a pair under Sentinel', startSentinel, fault);
  }
  if (by.cluster) on('a Cluster of three', startCluster, oneKilled, onePaused, full, garbled, killed);
}
