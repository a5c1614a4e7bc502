import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { ServerSessions, type SessionOptions } from '../../src/node/sessions.ts';
import type { SessionStore } from '../../src/session/memory-store.ts';
import { longestLifetime } from '../../src/session/session.ts';
import { keyPeriod } from '../../src/session/ticket-key-source.ts';
import { ContentType, ExtensionType } from '../../src/wire/code-points.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  finishWithTicket,
  getSession,
  helloWithSession,
  type KeptSession,
  useEarlyKeys,
} from '../support/resumption.ts';
import type { ServerEndOptions } from '../support/server-end.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** A clock that only we move; it begins in the middle of a day. */
class Clock {
  time = 20_000 * keyPeriod + 12 * hour;
  readonly now = (): number => this.time;
}

const noTicket = 0x4000;
type Keeping = 'ticket' | 'id';

function start(clock: Clock, options: SessionOptions = {}, keeping: Keeping = 'ticket'): ServerEndOptions {
  const secureOptions = keeping === 'id' ? noTicket : 0;
  const sessions = new ServerSessions(new EventEmitter(), { secureOptions, ...options }, clock.now);
  return { policy: { sessions } };
}

const isResumed = (client: RawClient): boolean =>
  client.serverHello?.extensions.has(ExtensionType.preSharedKey) === true;

/** Whether a session goes on. */
function goesOn(server: ServerEndOptions, session: KeptSession): boolean {
  const client = new RawClient(server);
  client.sendHello(helloWithSession(client, session)).read();
  assert.equal(client.server.failure, undefined);
  return isResumed(client);
}

/** Whether the early data of a session is taken. `age`: milliseconds since the session was made, says the client. */
function isTaken(server: ServerEndOptions, session: KeptSession, age: number): boolean {
  const client = new RawClient(server);
  client.sendHello(helloWithSession(client, session, { earlyData: true, age }));
  useEarlyKeys(client, session);
  client.send(ContentType.applicationData, Buffer.from('x'));
  assert.equal(client.server.failure, undefined);
  return client.server.plaintext.length > 0;
}

/** Bytes of one ClientHello with early data, and how often a server takes them. */
function record(server: ServerEndOptions, session: KeptSession, age: number): () => boolean {
  const recorded = new RawClient(server);
  const hello = helloWithSession(recorded, session, { earlyData: true, age });
  recorded.sendHello(hello);
  useEarlyKeys(recorded, session);
  const data = recorded.record(ContentType.applicationData, Buffer.from('x'));
  recorded.server.receive(data);
  assert.equal(recorded.server.plaintext.length, 1);
  return () => {
    const replay = new RawClient(server);
    replay.sendMessage(recorded.firstHello!);
    replay.server.receive(data);
    assert.equal(replay.server.failure, undefined);
    return replay.server.plaintext.length > 0;
  };
}

describe('the life of a session, by the clock', () => {
  for (const keeping of ['ticket', 'id'] as const) {
    it(`ends after sessionTimeout, ${keeping}`, () => {
      const clock = new Clock();
      const server = start(clock, { sessionTimeout: 100 }, keeping);
      const session = getSession(server);
      clock.time += 100 * second;
      assert.equal(goesOn(server, session), true);
      clock.time += 1;
      assert.equal(goesOn(server, session), false);
      // A clock that was set back makes it no younger than it is, and no older.
      clock.time -= 50 * second;
      assert.equal(goesOn(server, session), true);
    });

    it(`does not begin more than a minute before it was made, ${keeping}`, () => {
      const clock = new Clock();
      const server = start(clock, {}, keeping);
      const session = getSession(server);
      clock.time -= minute;
      assert.equal(goesOn(server, session), true);
      clock.time -= 1;
      assert.equal(goesOn(server, session), false);
    });
  }

  it('ends a week after the authentication, however it was renewed', () => {
    const clock = new Clock();
    const server = start(clock, { sessionTimeout: 2 * longestLifetime });
    const sessions = server.policy!.sessions!;
    assert.equal(sessions.lifetime, longestLifetime);
    let session = getSession(server);
    for (let day = 1; day <= 6; day++) {
      clock.time += keyPeriod;
      const client = new RawClient(server);
      client.sendHello(helloWithSession(client, session)).read();
      assert.equal(isResumed(client), true, `day ${day}`);
      session = finishWithTicket(client);
    }
    clock.time += keyPeriod;
    assert.equal(goesOn(server, session), true);
    clock.time += 1;
    assert.equal(goesOn(server, session), false);
  });

  it('goes on over the daily change of keys, and over any number of them', () => {
    const clock = new Clock();
    const server = start(clock, { sessionTimeout: longestLifetime });
    const { policy } = server;
    const key = (): string => (policy!.sessions as ServerSessions).copyTicketKeys().toString('hex');
    const session = getSession(server);
    const keys = new Set<string>();
    for (let day = 0; day < 7; day++) {
      keys.add(key());
      assert.equal(goesOn(server, session), true, `day ${day}`);
      clock.time += keyPeriod + 1;
    }
    assert.ok(keys.size >= 6, `${keys.size} keys`);
  });

  it('goes on over the change of keys that workers share, and after the clock was set back', () => {
    const clock = new Clock();
    const [one, two] = [start(clock), start(clock)];
    (two.policy!.sessions as ServerSessions).adoptTicketKeys(
      (one.policy!.sessions as ServerSessions).shareTicketKeys()!,
    );
    clock.time += 12 * hour - 1;
    const before = getSession(one);
    clock.time += 2;
    assert.equal(goesOn(two, before), true);
    const after = getSession(two);
    clock.time -= 2;
    assert.equal(goesOn(one, after), true, 'by the next key');
    assert.equal(goesOn(two, after), true);
  });
});

describe('early data, by the clock', () => {
  const maxEarlyData = 100;

  it('is fresh within ten seconds of what the client says, on either side', () => {
    for (const [wrong, expected] of [
      [10 * second, true],
      [-10 * second, true],
      [10 * second + 1, false],
      [-10 * second - 1, false],
    ] as const) {
      const clock = new Clock();
      const server = start(clock, { maxEarlyData });
      const session = getSession(server);
      clock.time += minute;
      assert.equal(isTaken(server, session, minute + wrong), expected, `${wrong} ms`);
    }
  });

  it('is not taken of what another process made, wherever the clock was set in between', () => {
    const ticketKeys = new Uint8Array(48);
    for (const jump of [0, second, hour, -second, -hour]) {
      const clock = new Clock();
      clock.time += hour;
      const options = { maxEarlyData, ticketKeys, sessionTimeout: 12 * 3600 };
      const before = start(clock, options);
      const session = getSession(before);
      const replay = record(before, session, 0);
      assert.equal(replay(), false);
      clock.time += jump;
      const server = start(clock, options);
      for (let step = 0; step < 8; step++, clock.time += 10 * minute) {
        const age = clock.time - (20_000 * keyPeriod + 13 * hour);
        assert.equal(isTaken(server, session, age), false, `${jump} ms, step ${step}`);
        assert.equal(isTaken(server, getSession(server), 0), true, 'one of its own');
      }
      assert.equal(goesOn(server, session), true);
    }
  });

  it('of a shared store is not taken soon after a restart of sessions made before, and is later', () => {
    const clock = new Clock();
    const ticketKeys = new Uint8Array(48);
    const admitted = new Set<string>();
    const sessionStore: SessionStore = {
      get: () => undefined,
      set: () => {},
      admit: (name) => !admitted.has(name) && admitted.add(name).has(name),
      now: clock.now,
    };
    const session = getSession(start(clock, { maxEarlyData, ticketKeys, sessionStore }));
    clock.time += second;
    const server = start(clock, { maxEarlyData, ticketKeys, sessionStore });
    clock.time += 21 * second - 1;
    assert.equal(isTaken(server, session, 22 * second - 1), false);
    assert.equal(isTaken(server, getSession(server), 0), true, 'one of its own');
    clock.time += 1;
    assert.equal(isTaken(server, session, 22 * second), true);
    const other = start(clock, { maxEarlyData, ticketKeys, sessionStore });
    clock.time += 21 * second;
    assert.equal(isTaken(other, session, 43 * second), false, 'a second time, elsewhere');
  });

  it('of a store that tells the time differently to those who share it is taken once all the same', () => {
    const clock = new Clock();
    const ticketKeys = new Uint8Array(48);
    const kept = new Map<string, number>();
    const storeBehind = (late: number): SessionStore => ({
      get: () => undefined,
      set: () => {},
      admit(name, seconds) {
        if ((kept.get(name) ?? 0) > clock.time) return false;
        kept.set(name, clock.time + seconds * second);
        return true;
      },
      now: () => clock.time - late,
    });
    const one = start(clock, { maxEarlyData, ticketKeys, sessionStore: storeBehind(0) });
    const other = start(clock, { maxEarlyData, ticketKeys, sessionStore: storeBehind(5 * second) });
    clock.time += hour;
    const session = getSession(one);
    assert.equal(isTaken(one, session, 10 * second), true);
    clock.time += 24 * second;
    assert.equal(isTaken(other, session, 10 * second), false);
  });

  it('of a store that has no clock is taken where the session was made, and nowhere else', () => {
    const clock = new Clock();
    const ticketKeys = new Uint8Array(48);
    const sessionStore: SessionStore = { get: () => undefined, set: () => {}, admit: () => true };
    const server = start(clock, { maxEarlyData, ticketKeys, sessionStore });
    const other = start(clock, { maxEarlyData, ticketKeys, sessionStore });
    clock.time += hour;
    const session = getSession(server);
    assert.equal(isTaken(other, session, 0), false);
    assert.equal(isTaken(server, session, 0), true);
  });

  it('is not taken twice, wherever the clock goes in between', () => {
    const jumps = [
      [0],
      [10 * second],
      [-10 * second],
      [30 * second, -30 * second],
      [hour, -hour],
      [hour, -hour + 10 * second],
      [-hour, hour],
      [22 * second, -12 * second, 5 * second],
    ];
    for (const jump of jumps) {
      const clock = new Clock();
      const server = start(clock, { maxEarlyData });
      clock.time += hour;
      const session = getSession(server);
      const others = jump.map(() => getSession(server));
      const replay = record(server, session, 0);
      for (const [i, by] of jump.entries()) {
        clock.time += by;
        // Others come in the meantime, so that what is too old is forgotten.
        isTaken(server, others[i]!, clock.time - (clock.time - Math.max(0, by)));
        assert.equal(replay(), false, `${jump} ms`);
      }
    }
  });

  it('is taken again once the clock, set back, is where it was', () => {
    const clock = new Clock();
    const server = start(clock, { maxEarlyData });
    clock.time += hour;
    const early = getSession(server);
    assert.equal(isTaken(server, early, 0), true);
    clock.time -= minute;
    const session = getSession(server);
    assert.equal(isTaken(server, session, 0), false);
    clock.time += minute;
    assert.equal(isTaken(server, session, minute), true);
  });

  it('is not taken of a session from the future', () => {
    const clock = new Clock();
    const server = start(clock, { maxEarlyData });
    clock.time += hour;
    const session = getSession(server);
    clock.time -= 5 * second;
    assert.equal(isTaken(server, session, 0), false);
    assert.equal(goesOn(server, session), true);
  });
});
