import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { MemorySessionStore, type Server, type TLSSocket, type TlsOptions } from '../../src/index.ts';
import { ca, identity } from '../support/identities.ts';
import { client, type Listening, listen } from '../support/tls-pair.ts';
import { until } from '../support/until.ts';

// Every callback of an application, and all that can be wrong with its answer: none of it may end the process, hold up
// another client, or be told twice.

/** What a callback does with the answer that it should give. */
interface Behaviour {
  give<T>(good: T): T | Promise<T>;
  /** Whether what is called back is called back again, by and by. */
  readonly repeats?: boolean;
}

/** A callback's part of the world: asks how to behave, every time anew. */
interface Asked {
  answer<T>(good: T): T | Promise<T>;
  /** The same for a callback of Node's kind. */
  callBack<T>(good: T, callback: (error: Error | null, value?: T) => void): void;
}

interface Callback {
  readonly name: string;
  /** What becomes of a handshake whose callback throws or rejects. */
  readonly whenItThrows: 'fails' | 'goes on';
  /** What becomes of one whose callback never answers. */
  readonly whenSilent: 'fails' | 'goes on';
  /** Whether a handshake waits for its answer; it does unless this says no. */
  readonly isAwaited?: false;
  /** What the client brings so that the server asks. */
  readonly client?: tls.ConnectionOptions;
  /** Whether it is asked when a session is resumed. */
  readonly resumes?: boolean;
  readonly versions?: readonly ('TLSv1.2' | 'TLSv1.3')[];
  options?(asked: Asked): TlsOptions;
  listen?(server: Server, asked: Asked): void;
}

const p256 = identity('p256');
const { key, cert } = p256;
const psk = randomBytes(32);
const fails = { whenItThrows: 'fails', whenSilent: 'fails' } as const;

/** SSL_OP_NO_TICKET: sessions are known by ids. */
const noTicket = 0x4000;

/** A store each of whose answers is asked about. */
function storeOf(asked: Asked, faulty: 'get' | 'set'): TlsOptions {
  const inner = new MemorySessionStore();
  return {
    secureOptions: noTicket,
    sessionStore: {
      get: (id) => (faulty === 'get' ? asked.answer(inner.get(id)) : inner.get(id)) as never,
      set: (id, session, seconds) => {
        inner.set(id, session, seconds);
        return (faulty === 'set' ? asked.answer(undefined) : undefined) as never;
      },
    },
  };
}

const callbacks: readonly Callback[] = [
  { name: 'onClientHello', ...fails, options: (asked) => ({ onClientHello: () => asked.answer(undefined) }) },
  {
    name: 'SNICallback',
    ...fails,
    options: (asked) => ({ SNICallback: (_name, callback) => asked.callBack({ key, cert }, callback) }),
  },
  {
    name: 'ALPNCallback',
    ...fails,
    client: { ALPNProtocols: ['a'] },
    options: (asked) => ({ ALPNCallback: ({ protocols }) => asked.answer(protocols[0]) }),
  },
  {
    name: 'sign',
    ...fails,
    options: (asked) => ({
      cert,
      key: {
        publicKey: new X509Certificate(cert).publicKey,
        sign: (_scheme: string, data: Uint8Array) => asked.answer(sign('sha256', data, createPrivateKey(key))),
      },
    }),
  },
  {
    name: 'pskCallback',
    ...fails,
    client: {
      ciphers: 'PSK+HIGH:TLS_AES_128_GCM_SHA256',
      pskCallback: () => ({ identity: 'x', psk }),
      checkServerIdentity: () => undefined,
    },
    options: (asked) => ({
      ...{ key: undefined, cert: undefined, ciphers: 'PSK+HIGH:TLS_AES_128_GCM_SHA256' },
      pskCallback: () => asked.answer(psk),
    }),
  },
  {
    name: 'verifyClient',
    ...fails,
    client: { key, cert },
    options: (asked) => ({ requestCert: true, ca, verifyClient: () => asked.answer(true) }),
  },
  {
    name: 'OCSPRequest',
    ...fails,
    client: { requestOCSP: true } as tls.ConnectionOptions,
    listen: (server, asked) => server.on('OCSPRequest', (_der, _issuer, callback) => asked.callBack(null, callback)),
  },
  {
    name: 'newSession',
    ...fails,
    versions: ['TLSv1.2'],
    options: () => ({ secureOptions: noTicket }),
    listen: (server, asked) =>
      server.on('newSession', (_id, _data, callback) => asked.callBack(undefined, (e) => e ?? callback())),
  },
  {
    name: 'resumeSession',
    ...fails,
    resumes: true,
    versions: ['TLSv1.2'],
    options: () => ({ secureOptions: noTicket }),
    listen: (server, asked) => {
      server.on('newSession', (_id, _data, callback) => callback());
      server.on('resumeSession', (_id, callback) => asked.callBack(null, callback));
    },
  },
  {
    name: 'sessionStore.get',
    ...{ whenItThrows: 'goes on', whenSilent: 'goes on' },
    resumes: true,
    options: (asked) => storeOf(asked, 'get'),
  },
  {
    name: 'sessionStore.set',
    ...{ whenItThrows: 'goes on', whenSilent: 'goes on', isAwaited: false },
    options: (asked) => storeOf(asked, 'set'),
  },
];

const good: Behaviour = { give: (value) => value };

/** A callback at work in a server, and clients that come to it. */
class World implements Asked, AsyncDisposable {
  behaviour: Behaviour = good;
  /** How often it was asked. */
  count = 0;
  at!: Listening;
  readonly #callback: Callback;
  readonly #version: tls.SecureVersion;
  /** The server's ends of all connections, from their beginning. */
  readonly sockets: TLSSocket[] = [];
  #session: Buffer | undefined;

  constructor(callback: Callback, version: tls.SecureVersion) {
    this.#callback = callback;
    this.#version = version;
  }

  answer<T>(value: T): T | Promise<T> {
    this.count++;
    return this.behaviour.give(value);
  }

  callBack<T>(value: T, callback: (error: Error | null, value?: T) => void): void {
    const answer = this.answer(value);
    if (answer instanceof Promise) answer.then((given) => callback(null, given), callback);
    else callback(null, answer);
    if (!this.behaviour.repeats) return;
    callback(new Error('a second answer'));
    setImmediate(() => callback(null, value));
  }

  async listen(handshakeTimeout: number): Promise<this> {
    this.at = await listen({ handshakeTimeout, ...this.#callback.options?.(this) });
    this.#callback.listen?.(this.at.server, this);
    subscribe('tsls:handshake:start', this.#hear);
    if (this.#callback.resumes) assert.equal(await this.visit(), 'in');
    return this;
  }

  readonly #hear = (message: unknown): void => {
    const { socket } = message as { socket: TLSSocket };
    if (socket.server === this.at.server) this.sockets.push(socket);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    unsubscribe('tsls:handshake:start', this.#hear);
    await this.at[Symbol.asyncDispose]();
  }

  start(): tls.TLSSocket {
    const options = { ...this.#callback.client, maxVersion: this.#version, minVersion: this.#version };
    const session = this.#callback.resumes ? this.#session : undefined;
    const peer = client(this.at.port, { ...options, ...(session && { session }) });
    return peer
      .on('error', () => {})
      .on('session', (data) => {
        this.#session = data;
      });
  }

  /** A client comes; resolves when the server is through with its handshake, one way or the other. */
  async visit(): Promise<'in' | 'out'> {
    const { secured, failed } = this.at.server.statistics;
    const now = () => this.at.server.statistics;
    const peer = this.start();
    await until(() => now().secured + now().failed > secured + failed);
    const isIn = now().secured > secured;
    if (isIn && this.#callback.resumes) await until(() => this.#session !== undefined);
    peer.destroy();
    return isIn ? 'in' : 'out';
  }

  /** The next client gets in, and every failure so far was told, once. */
  async checkIsSound(failures: number): Promise<void> {
    this.behaviour = good;
    assert.equal(await this.visit(), 'in');
    await until(() => this.at.errors.length === this.at.server.statistics.failed);
    assert.equal(this.at.errors.length, failures);
    for (const { error } of this.at.errors) assert.equal(typeof error.code, 'string');
    await until(() => this.at.server.statistics.connections === 0);
  }
}

const faults: readonly { readonly name: string; readonly give: Behaviour['give'] }[] = [
  {
    name: 'throws',
    give: () => {
      throw new Error('thrown');
    },
  },
  { name: 'throws something else', give: () => throwIt(undefined) },
  { name: 'rejects', give: () => Promise.reject(new Error('rejected')) },
];

function throwIt(what: unknown): never {
  throw what;
}

for (const callback of callbacks) {
  for (const version of callback.versions ?? (['TLSv1.3', 'TLSv1.2'] as const)) {
    describe(`${callback.name}, ${version}`, () => {
      const begin = (handshakeTimeout = 10_000): Promise<World> =>
        new World(callback, version).listen(handshakeTimeout);
      const outcomes = { fails: 'out', 'goes on': 'in' } as const;

      for (const { name, give } of faults) {
        it(`that ${name}: the handshake ${callback.whenItThrows}`, async () => {
          await using world = await begin();
          world.behaviour = { give };
          assert.equal(await world.visit(), outcomes[callback.whenItThrows]);
          assert.ok(world.count > 0, 'it was asked');
          await world.checkIsSound(callback.whenItThrows === 'fails' ? 1 : 0);
        });
      }

      it(`that never answers: the handshake ${callback.whenSilent}`, async () => {
        await using world = await begin(callback.whenSilent === 'fails' ? 150 : 10_000);
        world.behaviour = { give: () => new Promise(() => {}) };
        assert.equal(await world.visit(), outcomes[callback.whenSilent]);
        if (callback.whenSilent === 'fails') await until(() => world.at.errors.length === 1);
        for (const { error } of world.at.errors) assert.equal(error.code, 'ERR_TLS_HANDSHAKE_TIMEOUT');
        await world.checkIsSound(world.at.errors.length);
      });

      it('that answers more than once', async () => {
        await using world = await begin();
        world.behaviour = { ...good, repeats: true };
        assert.equal(await world.visit(), 'in');
        await world.checkIsSound(0);
      });

      it('that answers when the connection is over', async () => {
        await using world = await begin();
        let answer = (): void => {};
        world.behaviour = {
          give: (value) =>
            new Promise((resolve) => {
              answer = () => resolve(value);
            }),
        };
        const { count } = world;
        const peer = world.start();
        await until(() => world.count > count);
        for (const socket of world.sockets) socket.destroy();
        peer.destroy();
        answer();
        await world.checkIsSound(callback.isAwaited === false ? 0 : 1);
      });
    });
  }
}
