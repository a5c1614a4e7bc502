import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as nativeHttp2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import http2, { createSecureServer, type SecureServerOptions } from '../../src/http2/index.ts';
import { TLSSocket, Server as TlsServer } from '../../src/index.ts';
import { ca, identity } from '../support/identities.ts';
import { readAll } from '../support/tls-pair.ts';

const { key, cert } = identity('p256');

async function listen(options: SecureServerOptions = {}) {
  const server = createSecureServer({ key, cert, ...options });
  const sockets = new Set<net.Socket>();
  server.on('secureConnection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server as never, 'listening');
  return {
    server,
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      if (server.listening) await once(server as never, 'close');
    },
  };
}

/** A session of Node's client. */
function connect(port: number): nativeHttp2.ClientHttp2Session {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols: ['h2'] });
  return nativeHttp2.connect('https://localhost', { createConnection: () => socket });
}

describe('tsls/http2', () => {
  it('streams, and requests that know their connection', async () => {
    await using at = await listen();
    assert.ok(at.server instanceof TlsServer && at.server instanceof net.Server);
    const facts: unknown[] = [];
    at.server.on('session', (session) => facts.push(session.alpnProtocol, session.encrypted));
    at.server.on('request', (request, response) => {
      const socket = request.socket as tls.TLSSocket;
      facts.push(socket instanceof TLSSocket, request.stream.session?.socket instanceof TLSSocket);
      facts.push(socket instanceof class Derived extends TLSSocket {});
      facts.push(socket.encrypted, socket.alpnProtocol, socket.servername, socket.getProtocol(), socket.remoteAddress);
      request.pipe(response);
    });
    const session = connect(at.port);
    const stream = session.request({ ':method': 'POST' });
    const body = Buffer.alloc(300_000, 'x');
    stream.end(body);
    assert.equal((await readAll(stream)).length, body.length);
    assert.deepEqual(facts, ['h2', true, true, true, false, true, 'h2', 'localhost', 'TLSv1.3', '127.0.0.1']);
    session.close();
    await once(session, 'close');
  });

  it('sessions turn Nagle’s algorithm off, which would hold back every answer but the first', async () => {
    await using at = await listen();
    const asked: unknown[] = [];
    at.server.prependListener('secureConnection', (socket) => {
      const { setNoDelay } = socket;
      socket.setNoDelay = (noDelay) => {
        asked.push(noDelay ?? true);
        return setNoDelay.call(socket, noDelay);
      };
    });
    at.server.on('stream', (stream) => {
      stream.respond();
      stream.end();
    });
    const session = connect(at.port);
    await readAll(session.request({}));
    assert.deepEqual(asked, [true]);
    session.close();
    await once(session, 'close');
  });

  it('allowHTTP1 serves both', async () => {
    await using at = await listen({ allowHTTP1: true });
    at.server.on('request', (request, response) => void response.end(`${request.httpVersion} ${request.url}`));
    const session = connect(at.port);
    assert.equal((await readAll(session.request({ ':path': '/two' }))).toString(), '2.0 /two');
    session.close();
    const text = await new Promise<string>((resolve, reject) => {
      https
        .get(
          { port: at.port, host: '127.0.0.1', servername: 'localhost', ca, path: '/one', agent: false },
          (response) => {
            readAll(response).then((bytes) => resolve(bytes.toString()), reject);
          },
        )
        .on('error', reject);
    });
    assert.equal(text, '1.1 /one');
  });

  it('a client of another protocol is refused by ALPN, and one without any hears unknownProtocol', async () => {
    await using at = await listen();
    const refused = tls.connect({
      port: at.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca,
      ALPNProtocols: ['smtp'],
    });
    const [error] = (await once(refused, 'error')) as [Error & { code: string }];
    assert.match(error.code, /NO_APPLICATION_PROTOCOL/);
    const unknown = once(at.server as never, 'unknownProtocol');
    const without = tls.connect({ port: at.port, host: '127.0.0.1', servername: 'localhost', ca });
    await unknown;
    without.destroy();
  });

  it('an ALPNCallback chooses the protocol in the place of the list', async () => {
    const offers: string[][] = [];
    const ALPNCallback = ({ protocols }: { protocols: string[] }): string | undefined => {
      offers.push(protocols);
      return protocols.find((protocol) => protocol === 'h2');
    };
    await using at = await listen({ ALPNCallback });
    at.server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('chosen');
    });
    const session = connect(at.port);
    assert.equal((await readAll(session.request())).toString(), 'chosen');
    assert.deepEqual(offers, [['h2']]);
    session.close();
    await once(session, 'close');
    assert.throws(() => createSecureServer({ ALPNCallback, ALPNProtocols: ['h2'] } as SecureServerOptions), {
      code: 'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS',
    });
  });

  it('options that are no object', () => {
    for (const options of [null, 1, 'h2']) {
      assert.throws(() => createSecureServer(options as never), { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' });
    }
  });

  it('updateSettings, setTimeout, and the rest of the module', async () => {
    await using at = await listen({ settings: { maxConcurrentStreams: 7 } });
    at.server.updateSettings({ maxConcurrentStreams: 9 });
    assert.equal(at.server.setTimeout(5000).timeout, 5000);
    const session = connect(at.port);
    const [settings] = (await once(session, 'remoteSettings')) as [nativeHttp2.Settings];
    assert.equal(settings.maxConcurrentStreams, 9);
    session.close();
    assert.equal(http2.connect, nativeHttp2.connect);
    assert.equal(http2.constants, nativeHttp2.constants);
  });

  it('drain lets streams under way be answered', async () => {
    await using at = await listen();
    let answer: (() => void) | undefined;
    at.server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      answer = () => stream.end('at last');
    });
    const stream = connect(at.port).request({ ':path': '/' });
    while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    const drained = at.server.drain({ timeout: 5000 });
    answer();
    assert.equal((await readAll(stream)).toString(), 'at last');
    assert.equal(await drained, 0);
  });
});
