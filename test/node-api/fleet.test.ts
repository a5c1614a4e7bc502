import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { keyPeriod } from '../../src/session/ticket-key-source.ts';
import { Cluster, type FleetServer, startServer, type Visit, visit, visitWorker } from '../support/fleet.ts';
import { RedisServer, skipsRedis } from '../support/redis-server.ts';

// Where a session goes on: what was left by which server, resumed by which, around the moment when ticket keys change.

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const near = 25_000;

/** The moments, in milliseconds from the end of a day, at which a session is made and resumed. */
const moments = {
  'before the keys change': [-near, -near],
  'made where the clock is ahead, so that the keys have changed there only': [near, -near],
  'after the keys changed': [-near, near],
} as const;

/** Whether a session goes on: one in a ticket, and one that the server keeps under an id. */
const places = {
  'the same process': { ticket: true, id: true },
  'the process restarted': { ticket: false, id: false },
  'another worker of the cluster': { ticket: true, id: false },
  'the process restarted, with Redis': { ticket: true, id: true },
  'another process, with Redis': { ticket: true, id: true },
} as const;
type Place = keyof typeof places;

type Visitor = (server: FleetServer, options: tls.ConnectionOptions) => Promise<Visit>;
const visitServer: Visitor = ({ port }, options) => visit(port, options);

/** A server that made a session, and what becomes of it: the one at which the client comes back. */
interface Pair {
  readonly maker: FleetServer;
  readonly taker: (ahead: number) => Promise<FleetServer>;
  readonly visit: Visitor;
  end(): Promise<void>;
}

describe('a session', () => {
  let redis: RedisServer | undefined;
  before(async () => {
    if (!skipsRedis) redis = await RedisServer.start();
  });
  after(() => redis?.[Symbol.asyncDispose]());

  /** Servers that were started a day before the keys change. */
  async function start(place: Place, usesTickets: boolean, ahead: number): Promise<Pair> {
    const options = { usesTickets, ahead, ...(place.endsWith('Redis') && { redis: redis!.path }) };
    if (place === 'another worker of the cluster') {
      const cluster = new Cluster(options);
      const [maker, taker] = [await cluster.fork(), await cluster.fork()];
      return { maker, taker: async () => taker, visit: visitWorker, end: () => cluster[Symbol.asyncDispose]() };
    }
    const maker = await startServer(options);
    let taker = maker;
    if (place === 'another process, with Redis') taker = await startServer(options);
    return {
      maker,
      async taker(now) {
        if (!place.startsWith('the process restarted')) return taker;
        await maker.kill();
        taker = await startServer({ ...options, ahead: now });
        return taker;
      },
      visit: visitServer,
      async end() {
        await maker.kill();
        await taker.kill();
      },
    };
  }

  for (const [moment, [madeAt, resumedAt]] of Object.entries(moments)) {
    for (const [place, expected] of Object.entries(places)) {
      for (const kind of ['ticket', 'id'] as const) {
        const outcome = expected[kind] ? 'goes on' : 'does not go on';
        const title = `${kind === 'id' ? 'kept under an id' : 'in a ticket'}, ${moment}: ${outcome} in ${place}`;
        it(title, { skip: place.endsWith('Redis') && skipsRedis }, async () => {
          const change = Math.ceil(Date.now() / keyPeriod + 2) * keyPeriod - Date.now();
          const pair = await start(place as Place, kind === 'ticket', change - keyPeriod);
          try {
            await pair.maker.setClock(change + madeAt);
            const made: Visit[] = [];
            for (const maxVersion of versions) made.push(await pair.visit(pair.maker, { maxVersion }));
            const taker = await pair.taker(change + resumedAt);
            await taker.setClock(change + resumedAt);
            for (const [i, maxVersion] of versions.entries()) {
              const { session, reused } = made[i]!;
              assert.equal(reused, false);
              const back = await pair.visit(taker, { maxVersion, session });
              assert.equal(back.reused, expected[kind], maxVersion);
            }
          } finally {
            await pair.end();
          }
        });
      }
    }
  }
});
