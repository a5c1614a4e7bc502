// Every client comes to every place at every moment, and comes back; what both ends say is held against the table.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Client,
  type KindName,
  kinds,
  type Moment,
  moments,
  type Place,
  type PlaceName,
  places,
  type Seen,
  type Visitor,
} from './model.ts';
import { type Pair, startPair } from './servers.ts';

export interface Result {
  readonly client: string;
  readonly place: PlaceName;
  readonly kind: KindName;
  readonly moment: Moment;
  readonly withEarlyData: boolean;
  /** What is not as the table has it; empty if all is well. */
  readonly faults: readonly string[];
}

export interface World {
  /** The socket of a real Redis or Valkey. */
  readonly redis: string;
  /** PEM of the authority that the servers' certificates are of. */
  readonly ca: string;
  readonly earlyData: string;
  readonly folder: string;
}

/** One client in one cell, between its first visit and the ones after. */
interface Guest {
  readonly client: Client;
  readonly kind: KindName;
  readonly withEarlyData: boolean;
  readonly visitor: Visitor | Error;
}

/** All visits to the servers of one place, one moment, and one way of keeping sessions. */
export async function carryOut(
  clients: readonly Client[],
  placeName: PlaceName,
  moment: Moment,
  isTicket: boolean,
  world: World,
): Promise<Result[]> {
  const place: Place = places[placeName];
  const pair = await startPair(place, isTicket, moment, world.redis);
  const guests: Guest[] = [];
  const results: Result[] = [];
  try {
    for (const [client, kind, withEarlyData] of plan(clients, isTicket)) {
      guests.push({ client, kind, withEarlyData, visitor: await come(client, kind, withEarlyData, pair, world) });
    }
    const goesOn = place[isTicket ? 'ticket' : 'id'][moment];
    const taker = await pair.taker();
    for (const { client, kind, withEarlyData, visitor } of guests) {
      const faults: string[] = [];
      const expect = (what: string, is: unknown, wanted: unknown): void => {
        if (is !== wanted) faults.push(`${what}: ${is}, not ${wanted}`);
      };
      const check = (
        visit: string,
        { reused, answer }: Seen,
        server: { readonly pid: number },
        isResumed: boolean,
      ): void => {
        expect(`${visit}, resumed to the client`, reused, isResumed);
        expect(`${visit}, resumed to the server`, answer.reused, isResumed);
        expect(`${visit}, process`, answer.pid, server.pid);
        expect(`${visit}, version`, answer.protocol, kinds[kind].version);
      };
      try {
        if (visitor instanceof Error) throw visitor;
        if (visitor.first) check('first visit', visitor.first, pair.maker, false);
        const back = await visitor.again(taker.ownPort);
        check('second visit', back, taker, goesOn);
        const isTaken = goesOn && withEarlyData && place.earlyData[moment];
        if (withEarlyData) expect('early data taken', isEarly(back), isTaken);
        // Whoever records it can send it again, to any server of the fleet.
        if (isTaken && client.replays && place.how !== 'worker') {
          const again = await visitor.again(pair.maker.ownPort);
          check('replay', again, pair.maker, true);
          expect('early data of the replay taken', isEarly(again), false);
        }
      } catch (error) {
        faults.push((error as Error).message);
      }
      results.push({ client: client.name, place: placeName, kind, moment, withEarlyData, faults });
    }
  } finally {
    for (const { visitor } of guests) if (!(visitor instanceof Error)) visitor.end();
    await pair.end();
  }
  return results;
}

const isEarly = ({ answer }: Seen): boolean => answer.earlyData === 'accepted' || answer.earlyData === 'confirmed';

/** What the clients do at one pair of servers: each kind once, and those of TLS 1.3 once more with early data. */
function* plan(clients: readonly Client[], isTicket: boolean): Generator<[Client, KindName, boolean]> {
  for (const client of clients) {
    for (const kind of client.kinds) {
      if (kinds[kind].isTicket !== isTicket) continue;
      yield [client, kind, false];
      if (client.sendsEarlyData && kinds[kind].version === 'TLSv1.3') yield [client, kind, true];
    }
  }
}

async function come(
  client: Client,
  kind: KindName,
  withEarlyData: boolean,
  pair: Pair,
  { ca, earlyData, folder }: World,
): Promise<Visitor | Error> {
  const scratch = mkdtempSync(join(folder, 'client-'));
  const target = { port: pair.maker.ownPort, version: kinds[kind].version, ca, scratch };
  return client.come({ ...target, earlyData: withEarlyData ? earlyData : undefined }).catch((error: Error) => error);
}

/** All pairs of servers of the table. */
export function* pairs(): Generator<{ place: PlaceName; moment: Moment; isTicket: boolean }> {
  for (const place of Object.keys(places) as PlaceName[])
    for (const moment of Object.keys(moments) as Moment[])
      for (const isTicket of [true, false]) yield { place, moment, isTicket };
}
