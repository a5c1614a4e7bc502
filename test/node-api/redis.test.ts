import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisSessionOptions, redisSessions } from '../../src/redis/index.ts';
import { visit } from '../support/fleet.ts';
import { RedisServer, skipsRedis } from '../support/redis-server.ts';
import { type Listening, listen } from '../support/tls-pair.ts';

const secret = Buffer.alloc(32, 7);
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

function share(redis: RedisServer, options: Partial<RedisSessionOptions> = {}) {
  const client = redis.client();
  const store = redisSessions(client.send, { secret, ticketKeys: false, deadline: 1000, ...options });
  return Object.assign(store, { client, [Symbol.dispose]: () => store.close() });
}

/** A server that keeps sessions in the store under ids. */
const serve = (sessionStore: ReturnType<typeof share>): Promise<Listening> =>
  listen({ secureOptions: constants.SSL_OP_NO_TICKET, sessionStore }, (socket) => {
    socket.on('data', () => socket.write('1'));
  });

/** Comes twice; both connections must work, whatever the store does. Whether the second one was resumed. */
async function comesBack(server: Listening, maxVersion: (typeof versions)[number], between?: () => unknown) {
  const { session } = await visit(server.port, { maxVersion });
  await between?.();
  const back = await visit(server.port, { maxVersion, session });
  assert.deepEqual(server.errors, []);
  return back.reused;
}

describe('sessions in a real Redis', { skip: skipsRedis }, () => {
  it('are resumed, and unreadable to whoever runs it', async () => {
    await using redis = await RedisServer.start();
    using store = share(redis);
    await using server = await serve(store);
    // A handshake does not wait until its session is kept.
    const kept = async (): Promise<void> => {
      while (store.stats.pending > 0) await sleep(5);
    };
    for (const version of versions) assert.equal(await comesBack(server, version, kept), true, version);
    await kept();
    assert.equal(store.stats.forged, 0);
    assert.ok(store.stats.found === 2 && store.stats.kept >= 4);
    const session = Buffer.from('a session with a secret');
    await store.set('cafe', session, 60);
    const names = (await store.client.send(['KEYS', '*'])) as string[];
    for (const name of names) {
      assert.ok(name.startsWith('tsls:session:') && !name.includes('cafe'), name);
      const value = (await store.client.send(['GET', name])) as string;
      assert.equal(Buffer.from(value, 'base64url').includes(session), false);
      const left = (await store.client.send(['PTTL', name])) as number;
      assert.ok(left > 0 && left <= 7_200_000, `${left} ms`);
    }
    assert.deepEqual(Buffer.from((await store.get('cafe'))!), session);
  });

  it('are nothing under another secret, under another name, and changed', async () => {
    await using redis = await RedisServer.start();
    using store = share(redis);
    using stranger = share(redis, { secret: Buffer.alloc(32, 8) });
    await store.set('one', Buffer.from('1'), 60);
    const [name] = (await store.client.send(['KEYS', '*'])) as [string];
    const value = (await store.client.send(['GET', name])) as string;
    assert.equal(await stranger.get('one'), undefined);
    assert.equal(stranger.stats.missing, 1);
    await store.set('two', Buffer.from('2'), 60);
    const other = ((await store.client.send(['KEYS', '*'])) as string[]).find((found) => found !== name)!;
    await store.client.send(['SET', other, value]);
    assert.equal(await store.get('two'), undefined);
    for (const garbage of ['', 'x', 'garbage'.repeat(50), 'A'.repeat(400_000), `${value.slice(0, -3)}AAA`]) {
      await store.client.send(['SET', name, garbage]);
      assert.equal(await store.get('one'), undefined);
    }
    assert.equal(store.stats.forged, 6);
    await store.client.send(['DEL', name]);
    await store.client.send(['LPUSH', name, 'a list']);
    assert.equal(await store.get('one'), undefined);
    assert.deepEqual([store.stats.forged, store.stats.failed], [7, 0]);
  });

  it('are resumed once where that is wanted', async () => {
    await using redis = await RedisServer.start();
    using store = share(redis, { singleUse: true });
    await using server = await serve(store);
    const { session } = await visit(server.port, {});
    assert.equal((await visit(server.port, { session })).reused, true);
    assert.equal((await visit(server.port, { session })).reused, false);
  });

  it('are forgotten where their connection failed, if the store is there to hear of it', async () => {
    await using redis = await RedisServer.start();
    using store = share(redis);
    await store.set('one', Buffer.from('1'), 60);
    await store.set('two', Buffer.from('2'), 60);
    await store.delete('one');
    assert.equal(await store.get('one'), undefined);
    assert.deepEqual(Buffer.from((await store.get('two'))!), Buffer.from('2'));
    await redis.kill();
    await store.delete('two');
    assert.equal(store.stats.failed + store.stats.late, 1);
  });

  it('admit a name once', async () => {
    await using redis = await RedisServer.start();
    using one = share(redis);
    using two = share(redis);
    const answers = await Promise.all([one, two, one, two].map((store) => store.admit('a ticket', 60)));
    assert.equal(answers.filter(Boolean).length, 1);
    assert.equal(await two.admit('another', 60), true);
  });

  for (const version of versions) {
    it(`cost a full handshake when it is killed, and are back with it, ${version}`, async () => {
      await using redis = await RedisServer.start();
      using store = share(redis);
      await using server = await serve(store);
      assert.equal(await comesBack(server, version, () => redis.kill()), false);
      assert.ok(store.stats.failed > 0);
      await redis.restart();
      // Left alone after many failures, it is asked again within a second or two.
      for (let attempt = 0; attempt < 100 && store.stats.isPaused; attempt++) {
        await sleep(50);
        await visit(server.port, {});
      }
      assert.equal(await comesBack(server, version), true);
    });

    it(`cost a full handshake when it stands still, ${version}`, async () => {
      await using redis = await RedisServer.start();
      using store = share(redis, { deadline: 50 });
      await using server = await serve(store);
      assert.equal(await comesBack(server, version, () => redis.pause()), false);
      assert.ok(store.stats.late > 0);
      redis.resume();
    });

    it(`are not kept when it is full, ${version}`, async () => {
      await using redis = await RedisServer.start();
      using store = share(redis);
      await store.client.send(['CONFIG', 'SET', 'maxmemory-policy', 'noeviction']);
      await store.client.send(['CONFIG', 'SET', 'maxmemory', '1']);
      await using server = await serve(store);
      assert.equal(await comesBack(server, version), false);
      assert.ok(store.stats.failed > 0);
      assert.equal(store.stats.kept, 0);
    });

    it(`are gone when it was restarted empty, ${version}`, async () => {
      await using redis = await RedisServer.start();
      using store = share(redis);
      await using server = await serve(store);
      const empty = async (): Promise<void> => {
        await redis.kill();
        await redis.restart();
      };
      assert.equal(await comesBack(server, version, empty), false);
      assert.equal(await comesBack(server, version), true);
    });
  }

  it('do not pile up before one that stands still', async () => {
    await using redis = await RedisServer.start();
    using store = share(redis, { deadline: 20, maxPending: 8 });
    const told: unknown[] = [];
    const listener = (message: unknown): unknown => told.push(message);
    subscribe('tsls:redis:error', listener);
    redis.pause();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => store.get(`${i}`)));
    assert.ok(answers.every((answer) => answer === undefined));
    assert.deepEqual(
      [store.stats.pending, store.stats.late, store.stats.skipped, store.stats.isPaused],
      [8, 8, 92, true],
    );
    assert.equal(await store.get('later'), undefined);
    assert.equal(store.stats.skipped, 93);
    redis.resume();
    unsubscribe('tsls:redis:error', listener);
    assert.equal(told.length, 8);
  });
});

describe('ticket keys in a real Redis', { skip: skipsRedis }, () => {
  const hour = 3600 * 1000;

  it('are the same for all who know the secret, whoever was first', async () => {
    await using redis = await RedisServer.start();
    const all = Array.from({ length: 8 }, () => share(redis, { ticketKeys: true, deadline: 1000 }));
    await Promise.all(all.map(({ ready }) => ready));
    const [first, ...others] = all.map(({ ticketKeys }) => ticketKeys!.keys(hour)!);
    assert.equal(first!.current.length, 48);
    assert.equal(first!.next.length, 1);
    for (const keys of others) assert.deepEqual(keys, { ...first, previous: keys.previous });
    using stranger = share(redis, { ticketKeys: true, secret: Buffer.alloc(32, 8) });
    await stranger.ready;
    assert.notDeepEqual(stranger.ticketKeys!.keys(hour)!.current, first!.current);
    assert.equal(stranger.stats.forged, 0);
    for (const store of all) store.close();
  });

  for (const [garbage, command] of [
    ['text', 'SET'],
    ['a list', 'RPUSH'],
  ] as const) {
    it(`are replaced where they are garbage: ${garbage}`, async () => {
      await using redis = await RedisServer.start();
      using one = share(redis, { ticketKeys: true });
      await one.ready;
      for (const name of (await one.client.send(['KEYS', '*'])) as string[]) {
        await one.client.send(['DEL', name]);
        await one.client.send([command, name, 'x']);
      }
      using two = share(redis, { ticketKeys: true });
      await two.ready;
      using three = share(redis, { ticketKeys: true });
      await three.ready;
      assert.ok(two.stats.forged > 0);
      assert.ok(two.ticketKeys!.keys(hour));
      assert.deepEqual(three.ticketKeys!.keys(hour), two.ticketKeys!.keys(hour));
    });
  }

  it('come back to one that lost them from whoever knows them', async (t) => {
    await using redis = await RedisServer.start();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using one = share(redis, { ticketKeys: true });
    await one.ready;
    const known = one.ticketKeys!.keys(hour);
    await one.client.send(['FLUSHALL']);
    t.mock.timers.tick(60_000);
    for (let attempt = 0; attempt < 10_000 && (await one.client.send(['DBSIZE'])) !== 2; attempt++);
    using two = share(redis, { ticketKeys: true });
    await two.ready;
    assert.deepEqual(two.ticketKeys!.keys(hour)!.current, known!.current);
    assert.deepEqual(two.ticketKeys!.keys(hour)!.next, known!.next);
  });

  it('are not there when it is down, which stops nobody', async () => {
    await using redis = await RedisServer.start();
    await redis.kill();
    using store = share(redis, { ticketKeys: true });
    await store.ready;
    assert.equal(store.ticketKeys!.keys(hour), undefined);
    await using server = await listen({ sessionStore: store }, (socket) => socket.on('data', () => socket.write('1')));
    assert.equal(await comesBack(server, 'TLSv1.3'), true, 'by a key of its own');
  });

  it('go by its clock, unless that is far out or not known', async () => {
    await using redis = await RedisServer.start();
    const { send } = redis.client();
    for (const [ahead, believed] of [
      [-600, -600],
      [600, 600],
      [7200, undefined],
    ] as const) {
      const answer = async (args: string[]) =>
        args[0] === 'TIME' ? [`${Math.floor(Date.now() / 1000) + ahead}`, '0'] : send(args);
      const store = redisSessions(answer, { secret });
      assert.equal(store.now(), undefined);
      await store.ready;
      const now = store.now();
      assert.equal(now && Math.round((now - Date.now()) / 30_000) * 30, believed);
      store.close();
    }
    using store = share(redis);
    assert.equal(store.now(), undefined);
  });

  it('go on by its clock while ours is set back, which they hear of later', async (t) => {
    await using redis = await RedisServer.start();
    using store = share(redis, { ticketKeys: true });
    await store.ready;
    const before = store.now()!;
    const real = Date.now;
    t.mock.method(Date, 'now', () => real() - 1_800_000);
    const difference = store.now()! - before;
    assert.ok(difference > -1000 && difference < 60_000, `${difference} ms`);
  });
});
