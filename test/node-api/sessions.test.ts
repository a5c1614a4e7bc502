import assert from 'node:assert/strict';
import { constants, randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type * as tls from 'node:tls';
import {
  createSecureContext,
  type SessionErrorMessage,
  type SessionStore,
  TLSSocket,
  type TlsOptions,
} from '../../src/index.ts';
import { identity } from '../support/identities.ts';
import { client, type Listening, listen } from '../support/tls-pair.ts';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
type Version = (typeof versions)[number];

interface Visit {
  readonly reused: boolean;
  /** The session to come back with. */
  readonly session: Buffer;
}

/** One connection of a client, with a byte back and forth so that tickets arrive. */
async function visit(port: number, options: tls.ConnectionOptions): Promise<Visit> {
  const socket = client(port, options);
  let session: Buffer | undefined;
  socket.on('session', (data: Buffer) => {
    session = data;
  });
  await once(socket, 'secureConnect');
  socket.write('x');
  await once(socket, 'data');
  const reused = socket.isSessionReused();
  session ??= socket.getSession();
  socket.end();
  await once(socket, 'close');
  assert.ok(session);
  return { reused, session };
}

/** What is told of stores and sources of keys that fail, as long as it is in use. */
function hearSessionErrors(): SessionErrorMessage[] & Disposable {
  const heard: SessionErrorMessage[] = [];
  const hear = (message: unknown): void => void heard.push(message as SessionErrorMessage);
  subscribe('tsls:session:error', hear);
  return Object.assign(heard, { [Symbol.dispose]: () => void unsubscribe('tsls:session:error', hear) });
}

const echo = (options: TlsOptions = {}): Promise<Listening> => listen(options, (socket) => socket.pipe(socket));

/** Whether a client that comes twice is resumed the second time. */
async function comesBack(first: Listening, second: Listening, version: Version, again: tls.ConnectionOptions = {}) {
  const { reused, session } = await visit(first.port, { maxVersion: version });
  assert.equal(reused, false);
  const seen = once(second.server, 'secureConnection') as Promise<[{ isSessionReused(): boolean }]>;
  const back = await visit(second.port, { maxVersion: version, session, ...again });
  const [socket] = await seen;
  assert.equal(socket.isSessionReused(), back.reused, 'both ends know it');
  return back.reused;
}

for (const version of versions) {
  describe(`resumption, ${version}`, () => {
    it('goes by tickets', async () => {
      await using server = await echo();
      assert.equal(await comesBack(server, server, version), true);
    });

    it('goes by the store where tickets are off', async () => {
      await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET });
      assert.equal(await comesBack(server, server, version), true);
    });

    it('goes neither way where both are off', async () => {
      await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET, sessionStore: false });
      assert.equal(await comesBack(server, server, version), false);
    });

    it('goes on in another process that has the same ticket keys', async () => {
      const ticketKeys = randomBytes(48);
      await using one = await echo({ ticketKeys });
      await using two = await echo({ ticketKeys });
      assert.equal(await comesBack(one, two, version), true);
    });

    it('does not go on in a process with other keys', async () => {
      await using one = await echo();
      await using two = await echo();
      assert.equal(await comesBack(one, two, version), false);
    });

    it('survives new ticket keys', async () => {
      await using server = await echo();
      const { session } = await visit(server.port, { maxVersion: version });
      server.server.setTicketKeys(randomBytes(48));
      const back = await visit(server.port, { maxVersion: version, session });
      assert.equal(back.reused, true);
      // The client was given a ticket of the new key by that.
      server.server.setTicketKeys(server.server.getTicketKeys());
      assert.equal((await visit(server.port, { maxVersion: version, session: back.session })).reused, true);
    });

    it('goes on under a context that replaced the first', async () => {
      await using server = await echo();
      const { session } = await visit(server.port, { maxVersion: version });
      server.server.setSecureContext(createSecureContext(identity('p256')));
      assert.equal((await visit(server.port, { maxVersion: version, session })).reused, true);
    });

    it('has its keys from a context that was made before', async () => {
      const secureContext = createSecureContext({ ...identity('p256'), ticketKeys: randomBytes(48) });
      await using one = await echo({ secureContext });
      await using two = await echo({ secureContext });
      assert.equal(await comesBack(one, two, version), true);
    });

    it('is there for sockets that an application makes itself', async () => {
      const secureContext = createSecureContext(identity('p256'));
      const server = net.createServer((raw) => {
        const socket = new TLSSocket(raw, { isServer: true, secureContext });
        socket.pipe(socket);
        socket.on('error', () => {});
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as net.AddressInfo;
      const { session } = await visit(port, { maxVersion: version });
      assert.equal((await visit(port, { maxVersion: version, session })).reused, true);
      server.close();
    });

    it('tells the session as newSession does', async () => {
      const told: Buffer[] = [];
      await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET, sessionTickets: 1 });
      server.server.on('newSession', (_id, data, callback) => {
        told.push(data);
        callback();
      });
      const accepted = server.nextSocket();
      const socket = client(server.port, { maxVersion: version });
      const session = (await accepted).getSession();
      assert.equal(session?.length, told[0]?.length);
      // The secret is the same, wherever it lies.
      assert.ok(session!.includes(told[0]!.subarray(32, 64)));
      assert.equal((await accepted).getTLSTicket(), undefined);
      socket.destroy();
    });

    it('is for the same host only', async () => {
      await using server = await echo();
      assert.equal(
        await comesBack(server, server, version, { servername: 'other.localhost', rejectUnauthorized: false }),
        false,
      );
    });

    it('is for the same application only', async () => {
      const ticketKeys = randomBytes(48);
      await using one = await echo({ ticketKeys, sessionIdContext: 'one' });
      await using two = await echo({ ticketKeys, sessionIdContext: 'two' });
      assert.equal(await comesBack(one, two, version), false);
    });

    it('ends with sessionTimeout', async (t) => {
      await using server = await echo({ sessionTimeout: 1 });
      const { session } = await visit(server.port, { maxVersion: version });
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 120_000 });
      assert.equal((await visit(server.port, { maxVersion: version, session })).reused, false);
    });

    it('falls back to a full handshake for a ticket that was changed', async () => {
      await using server = await echo();
      const { session } = await visit(server.port, { maxVersion: version });
      const name = server.server.getTicketKeys().subarray(0, 16);
      const at = session.indexOf(name);
      assert.ok(at > 0, 'the ticket lies in the session');
      session[at + 40]! ^= 1;
      assert.equal((await visit(server.port, { maxVersion: version, session })).reused, false);
    });

    it('can be kept by the application', async () => {
      const kept = new Map<string, Buffer>();
      await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET });
      server.server.on('newSession', (id, data, callback) => {
        kept.set(id.toString('hex'), data);
        setImmediate(callback);
      });
      server.server.on('resumeSession', (id, callback) => {
        setImmediate(callback, null, kept.get(id.toString('hex')));
      });
      assert.equal(await comesBack(server, server, version), true);
      assert.ok(kept.size >= 1);
      kept.clear();
      assert.equal(await comesBack(server, server, version).catch(() => 'failed'), true);
    });

    it('waits for newSession before any data', async () => {
      await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET });
      let release: (() => void) | undefined;
      server.server.on('newSession', (_id, _data, callback) => {
        release ??= callback;
        if (release !== callback) callback();
      });
      const socket = client(server.port, { maxVersion: version });
      const asked = once(server.server, 'newSession');
      let isSecure = false;
      server.server.on('secureConnection', () => {
        isSecure = true;
      });
      socket.write('x');
      await asked;
      for (let i = 0; i < 20; i++) await turn();
      assert.equal(isSecure, false);
      release!();
      await once(socket, 'data');
      assert.equal(isSecure, true);
      socket.destroy();
    });

    it('fails the connection whose resumeSession gives an error', async () => {
      await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET });
      const { session } = await visit(server.port, { maxVersion: version });
      server.server.on('resumeSession', (_id, callback) => callback(new Error('the store is on fire')));
      const failed = server.nextError();
      const socket = client(server.port, { maxVersion: version, session });
      socket.on('error', () => {});
      assert.match((await failed).message, /on fire/);
      socket.destroy();
    });

    it('survives listeners that throw, and callbacks that are called twice', async () => {
      await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET });
      server.server.once('newSession', () => {
        throw new Error('thrown');
      });
      const failed = server.nextError();
      const socket = client(server.port, { maxVersion: version });
      socket.on('error', () => {});
      assert.match((await failed).message, /thrown/);
      socket.destroy();
      server.server.removeAllListeners('newSession');
      server.server.on('newSession', (_id, _data, callback) => {
        callback();
        callback();
        setImmediate(callback);
      });
      assert.equal((await visit(server.port, { maxVersion: version })).reused, false);
    });

    it('goes on without a store that throws, rejects, or gives nonsense, and tells of it', async () => {
      const throws = (): never => {
        throw new Error('down');
      };
      const answers: [get: () => unknown, told: string[]][] = [
        [throws, ['get: down']],
        [() => Promise.reject(new Error('down')), ['get: down']],
        [() => 'text', ['get: what the store has of a session is no Uint8Array']],
        [() => Buffer.from('nonsense'), []],
        [() => Promise.resolve(null), []],
      ];
      for (const [get, told] of answers) {
        const sessionStore = { get, set: () => Promise.reject(new Error('full')) } as SessionStore;
        using errors = hearSessionErrors();
        await using server = await echo({ secureOptions: constants.SSL_OP_NO_TICKET, sessionStore });
        assert.equal(await comesBack(server, server, version), false);
        assert.deepEqual(server.errors, []);
        const heard = errors.map(({ operation, error }) => `${operation}: ${(error as Error).message}`);
        assert.deepEqual(new Set(heard), new Set(['set: full', ...told]));
      }
    });
  });
}

describe('tickets of TLS 1.3', () => {
  for (const sessionTickets of [0, 1, 4]) {
    it(`are ${sessionTickets} if so many are asked for`, async () => {
      await using server = await echo({ sessionTickets });
      const socket = client(server.port);
      let received = 0;
      socket.on('session', () => received++);
      socket.write('x');
      await once(socket, 'data');
      socket.end();
      await once(socket, 'close');
      assert.equal(received, sessionTickets);
    });
  }
});

describe('sendTicket', () => {
  it('gives a client of TLS 1.3 another ticket, by which it can come back', async () => {
    await using server = await echo({ sessionTickets: 0 });
    const accepted = server.nextSocket();
    const socket = client(server.port);
    const ticket = once(socket, 'session') as Promise<[Buffer]>;
    assert.equal(await (await accepted).sendTicket(), true);
    const [session] = await ticket;
    socket.destroy();
    assert.equal((await visit(server.port, { session })).reused, true);
  });

  it('has nothing for a client of TLS 1.2', async () => {
    await using server = await echo();
    const accepted = server.nextSocket();
    const socket = client(server.port, { maxVersion: 'TLSv1.2' });
    assert.equal(await (await accepted).sendTicket(), false);
    socket.destroy();
  });
});

describe('ticket keys', () => {
  it('are 48 bytes', async () => {
    await using server = await echo();
    const { server: tsls } = server;
    assert.equal(tsls.getTicketKeys().length, 48);
    const keys = randomBytes(48);
    tsls.setTicketKeys(keys);
    assert.deepEqual(tsls.getTicketKeys(), keys);
    assert.throws(() => tsls.setTicketKeys(randomBytes(47)), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => tsls.setTicketKeys('x'.repeat(48) as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
