import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RedisClient, redisCommands } from './commands.ts';

/** A store that understands what we say, and remembers it. */
function fake(replies: Readonly<Record<string, unknown>> = {}) {
  const said: string[][] = [];
  const answer = async (args: string[]): Promise<unknown> => {
    said.push(args);
    const [command] = args as [string];
    if (command in replies) return replies[command];
    return { GET: 'value', GETDEL: 'value', SET: 'OK', TIME: ['1700000000', '123456'] }[command];
  };
  return { said, answer };
}

type Answer = (args: string[]) => Promise<unknown>;

/** Clients in the shapes of the real ones, and how they tell which server to ask. */
const clients: Readonly<Record<string, (answer: Answer, asked: unknown[]) => RedisClient>> = {
  'a function': (answer) => answer,
  'ioredis and iovalkey': (answer) => ({
    call: (...args: string[]) => answer(args),
    sendCommand: () => assert.fail('takes objects'),
  }),
  'node-redis': (answer) => ({ sendCommand: answer }),
  'a cluster of node-redis': (answer, asked) => ({
    sendCommand(firstKey, isReadonly, args) {
      asked.push([firstKey, isReadonly]);
      return answer(args);
    },
    getRandomNode() {},
  }),
  'Sentinel of node-redis': (answer, asked) => ({
    sendCommand(isReadonly: boolean, args: string[]) {
      asked.push(isReadonly);
      return answer(args);
    },
    getSentinelNode() {},
  }),
};

describe('commands', () => {
  for (const [name, make] of Object.entries(clients)) {
    it(`go through ${name}`, async () => {
      const asked: unknown[] = [];
      const { said, answer } = fake();
      const redis = redisCommands(make(answer, asked));
      assert.equal(await redis.get('a'), 'value');
      assert.equal(await redis.take('b'), 'value');
      await redis.set('c', 'v', 1500.5);
      assert.equal(await redis.add('d', 'w', 0), true);
      await redis.remove('e');
      assert.equal(await redis.time(), 1_700_000_000_123);
      assert.deepEqual(said, [
        ['GET', 'a'],
        ['GETDEL', 'b'],
        ['SET', 'c', 'v', 'PX', '1501'],
        ['SET', 'd', 'w', 'NX', 'PX', '1'],
        ['DEL', 'e'],
        ['TIME'],
      ]);
      if (name.startsWith('a cluster')) {
        const writing = ['a', 'b', 'c', 'd', 'e'].map((key) => [key, false]);
        assert.deepEqual(asked, [...writing, [undefined, true]]);
      }
      if (name.startsWith('Sentinel')) assert.deepEqual(asked, Array(6).fill(false));
    });
  }

  it('understand Buffers, and that nothing is there', async () => {
    const buffers = fake({ GET: Buffer.from('v'), SET: Buffer.from('OK'), TIME: [Buffer.from('1'), Buffer.from('0')] });
    const redis = redisCommands(buffers.answer);
    assert.equal(await redis.get('a'), 'v');
    assert.equal(await redis.add('a', 'v', 1), true);
    assert.equal(await redis.time(), 1000);
    const nothing = redisCommands(fake({ GET: null, GETDEL: null, SET: null }).answer);
    assert.equal(await nothing.get('a'), undefined);
    assert.equal(await nothing.take('a'), undefined);
    assert.equal(await nothing.add('a', 'v', 1), false);
    await assert.rejects(nothing.set('a', 'v', 1), TypeError);
  });

  it('take no nonsense', async () => {
    for (const nonsense of [7, {}, ['x'], true]) {
      const redis = redisCommands(fake({ GET: nonsense, SET: nonsense, TIME: nonsense }).answer);
      await assert.rejects(redis.get('a'), TypeError);
      await assert.rejects(redis.set('a', 'v', 1), TypeError);
      await assert.rejects(redis.time(), TypeError);
    }
    for (const client of [undefined, null, {}, 'redis://', { call: 1 }]) {
      assert.throws(() => redisCommands(client as never), TypeError);
    }
  });

  it('reject with what a client throws', async () => {
    const redis = redisCommands(() => {
      throw new Error('closed');
    });
    await assert.rejects(redis.get('a'), /closed/);
  });
});
