import assert from 'node:assert/strict';
import events, { once } from 'node:events';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import { inherits } from 'node:util';
import { createSecureContext, createServer, Server, type TLSSocket } from '../../src/index.ts';
import { ca, identity, makeIdentity } from '../support/identities.ts';
import { client, connect, listen } from '../support/tls-pair.ts';

const { key, cert } = identity('p256');

/** Serves one connection and returns what it got. */
async function serveOne(server: Server): Promise<string> {
  server.on('secureConnection', (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = await connect((server.address() as net.AddressInfo).port);
  const [data] = (await once(peer, 'data')) as [Buffer];
  server.close();
  return data.toString();
}

describe('Server is a class in every way that node:tls has', () => {
  it('without new', async () => {
    const server = Server({ key, cert });
    assert.ok(server instanceof Server && server instanceof net.Server);
    assert.equal(server.constructor, Server);
    assert.equal(await serveOne(server), 'hello');
  });

  it('as the parent of a class', async () => {
    class Named extends Server {
      readonly title: string;
      constructor(title: string) {
        super({ key, cert });
        this.title = title;
      }
      shout(): string {
        return this.title.toUpperCase();
      }
    }
    const server = new Named('one');
    assert.equal(server.shout(), 'ONE');
    assert.ok(server instanceof Named && server instanceof Server);
    assert.equal(await serveOne(server), 'hello');
  });

  it('as the parent of a function, by util.inherits and call', async () => {
    function Old(this: Server): void {
      (Server as unknown as { call(self: Server, options: object): void }).call(this, { key, cert });
    }
    inherits(Old, Server);
    const server = new (Old as unknown as new () => Server)();
    assert.ok(server instanceof Old && server instanceof Server);
    assert.equal(await serveOne(server), 'hello');
  });

  it('with what options may be', () => {
    const listener = (): void => {};
    assert.deepEqual(createServer(listener).listeners('secureConnection'), [listener]);
    assert.deepEqual(createServer(null, listener).listeners('secureConnection'), [listener]);
    assert.deepEqual(new Server(listener).listeners('secureConnection'), [listener]);
    for (const wrong of [5, 'x', true]) {
      assert.throws(() => createServer(wrong as never), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    assert.throws(() => createServer({}, 5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  it('whose methods refuse what is no server', () => {
    assert.throws(() => Server.prototype.addContext.call({} as Server, 'a', {}), { code: 'ERR_INVALID_THIS' });
  });
});

describe('contexts by name', () => {
  const names = ['a', 'b', 'c'].map((name) => makeIdentity('p256', [`${name}.example`]));
  const [a, b, c] = names as [(typeof names)[0], (typeof names)[0], (typeof names)[0]];
  /** The first letter of the certificate that a client gets for a name; x for the server's own. */
  const served = async (port: number, servername: string): Promise<string> => {
    const peer = client(port, { servername, rejectUnauthorized: false });
    await once(peer, 'secureConnect');
    const { subjectaltname = '' } = peer.getPeerCertificate();
    peer.destroy();
    return /DNS:(.)\.example/.exec(subjectaltname)?.[1] ?? 'x';
  };

  it('names, wildcards, the one added last, and none', async () => {
    await using at = await listen();
    at.server.addContext('*.example', a);
    at.server.addContext('b.example', createSecureContext(b));
    at.server.addContext('w*.example', c);
    assert.equal(await served(at.port, 'any.example'), 'a');
    assert.equal(await served(at.port, 'b.example'), 'b');
    assert.equal(await served(at.port, 'www.example'), 'c');
    assert.equal(await served(at.port, 'two.labels.example'), 'x');
    assert.equal(await served(at.port, 'example'), 'x');
    assert.equal(await served(at.port, 'bxexample'), 'x', 'a dot is a dot');
    at.server.addContext('b.example', a);
    assert.equal(await served(at.port, 'b.example'), 'a');
  });

  it('no spelling gets round a name', async () => {
    await using at = await listen();
    at.server.addContext('SECRET.Example.', a);
    at.server.addContext('bücher.example', b);
    for (const spelling of ['secret.example', 'SECRET.EXAMPLE', 'sEcReT.example', 'secret.example.']) {
      assert.equal(await served(at.port, spelling), 'a', spelling);
    }
    assert.equal(await served(at.port, 'xn--bcher-kva.example'), 'b');
    assert.equal(await served(at.port, 'XN--BCHER-KVA.example'), 'b');
  });

  it('removeContext', async () => {
    await using at = await listen();
    at.server.addContext('a.example', a);
    at.server.addContext('A.example.', b);
    assert.equal(at.server.removeContext('b.example'), false);
    assert.equal(at.server.removeContext('a.EXAMPLE'), true);
    assert.equal(await served(at.port, 'a.example'), 'x');
    assert.equal(at.server.removeContext('a.example'), false);
  });

  it('an SNICallback takes their place', async () => {
    await using at = await listen({ SNICallback: (_name, callback) => callback(null) });
    at.server.addContext('a.example', a);
    assert.equal(await served(at.port, 'a.example'), 'x');
  });

  it('setSecureContext counts for new connections, and leaves the others', async () => {
    await using at = await listen({}, (socket) => socket.pipe(socket));
    const before = await connect(at.port);
    assert.equal(await served(at.port, 'localhost'), 'x');
    at.server.setSecureContext(a);
    assert.equal(await served(at.port, 'localhost'), 'a');
    at.server.setSecureContext(createSecureContext(b));
    assert.equal(await served(at.port, 'localhost'), 'b');
    before.write('still here');
    assert.equal(String((await once(before, 'data'))[0]), 'still here');
    assert.throws(() => at.server.setSecureContext({ key: a.key, cert: b.cert }), { code: /MISMATCH/ });
    assert.equal(await served(at.port, 'localhost'), 'b', 'a wrong one changes nothing');
    before.destroy();
  });
});

describe('what a server has of net.Server', () => {
  it('connections, getConnections, maxConnections, drop', async () => {
    await using at = await listen();
    at.server.maxConnections = 1;
    assert.equal(at.server.connections, 0);
    const first = await connect(at.port);
    assert.equal(at.server.connections, 1);
    const dropped = once(at.server, 'drop');
    const second = client(at.port).on('error', () => {});
    const closed = new Promise((resolve) => second.once('close', resolve));
    assert.equal(typeof (await dropped)[0].remotePort, 'number');
    await closed;
    assert.equal(await new Promise((resolve) => at.server.getConnections((_error, count) => resolve(count))), 1);
    first.destroy();
  });

  it('await using closes it', async () => {
    const server = createServer({ key, cert });
    {
      await using listening = server.listen(0) as Server & AsyncDisposable;
      await once(listening, 'listening');
      assert.equal(listening.listening, true);
    }
    assert.equal(server.listening, false);
  });

  it('listen takes a path and an abort signal', async () => {
    const server = createServer({ key, cert });
    const abort = new AbortController();
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\tsls-${process.pid}` : `/tmp/tsls-${process.pid}.sock`;
    server.listen({ path, signal: abort.signal });
    await once(server, 'listening');
    const accepted = once(server, 'secureConnection');
    const peer = tls.connect({ path, ca, servername: 'localhost' });
    await once(peer, 'secureConnect');
    const [socket] = (await accepted) as [TLSSocket];
    assert.equal(socket.getProtocol(), peer.getProtocol());
    peer.destroy();
    abort.abort();
    await once(server, 'close');
  });

  it('what an async listener of secureConnection rejects with is the error of its socket', async () => {
    events.captureRejections = true;
    await using at = await listen({}, async () => {
      throw new Error('kaboom');
    });
    events.captureRejections = false;
    const failed = new Promise<Error>((resolve) => {
      at.server.on('secureConnection', (socket) => socket.once('error', resolve));
    });
    client(at.port).on('error', () => {});
    assert.equal((await failed).message, 'kaboom');
  });

  it('blockList', async () => {
    const blockList = new net.BlockList();
    blockList.addAddress('127.0.0.1');
    await using at = await listen({ blockList });
    const peer = client(at.port);
    const [error] = (await once(peer, 'error')) as [Error & { code: string }];
    assert.match(error.code, /ECONNRESET|EPIPE/);
    assert.equal(at.errors.length, 0);
  });

  it('clientError is tlsClientError by its old name', async () => {
    await using at = await listen();
    const old = once(at.server, 'clientError');
    const failed = at.nextError();
    net.connect(at.port, '127.0.0.1').end('nonsense');
    assert.equal((await old)[0], await failed);
  });
});
