// Two servers of a place: the one at which a session is made, and the one at which the client comes back.
import { randomBytes } from 'node:crypto';
import { keyPeriod } from '../../../src/session/ticket-key-source.ts';
import { Cluster, type FleetOptions, type FleetServer, startServer } from '../../support/fleet.ts';
import { type Moment, moments, type Place } from './model.ts';

export interface Pair {
  /** Where sessions are made; its clock stands at the first instant of the moment. */
  readonly maker: FleetServer;
  /** Where clients come back, with its clock at the second instant of the moment. Maybe the maker, or after its end. */
  taker(): Promise<FleetServer>;
  end(): Promise<void>;
}

const newKey = (): string => randomBytes(48).toString('hex');

/** Starts the servers of a place, a day before the keys change. `redis`: the socket of a real store. */
export async function startPair(place: Place, isTicket: boolean, moment: Moment, redis: string): Promise<Pair> {
  const [madeAt, resumedAt] = moments[moment];
  const change = Math.ceil(Date.now() / keyPeriod + 2) * keyPeriod;
  const [oldKey, laterKey] = [newKey(), newKey()];
  const isKeyed = place.shares === 'ticketKeys';
  const options: FleetOptions = {
    usesTickets: isTicket,
    ahead: change - keyPeriod - Date.now(),
    maxEarlyData: 16_384,
    ...(place.shares === 'redis' && { redis }),
    ...(isKeyed && { ticketKeys: [oldKey] }),
  };
  /** Lets the clock of a server stand still at an instant around the change of keys. */
  const stopClock = (server: FleetServer, at: number): Promise<void> =>
    server.stopClock(change + at, isKeyed && at >= 0 ? laterKey : undefined);

  const cluster = place.how === 'worker' ? new Cluster(options) : undefined;
  const start = (): Promise<FleetServer> => (cluster ? cluster.fork() : startServer(options));
  const maker = await start();
  let taker = place.how === 'worker' || place.how === 'other' ? await start() : maker;
  await stopClock(maker, madeAt);
  return {
    maker,
    async taker() {
      if (place.how === 'restarted') {
        await maker.kill();
        taker = await startServer({ ...options, ahead: change + resumedAt - Date.now() });
      }
      await stopClock(taker, resumedAt);
      return taker;
    },
    async end() {
      if (cluster) return cluster[Symbol.asyncDispose]();
      await maker.kill();
      await taker.kill();
    },
  };
}
