import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import * as nativeHttps from 'node:https';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import https, { createServer, Server, type ServerOptions } from '../../src/https/index.ts';
import { TLSSocket, Server as TlsServer } from '../../src/index.ts';
import { ca, identity } from '../support/identities.ts';
import { readAll } from '../support/tls-pair.ts';

const { key, cert } = identity('p256');

/** A listening server that `await using` closes. */
async function listen(options: ServerOptions, ...listeners: Parameters<Server['on']>[1][]) {
  const server = createServer({ key, cert, ...options }, listeners[0] as never);
  server.listen(0, '127.0.0.1');
  await once(server as never, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    server,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server as never, 'close');
    },
  };
}

function request(port: number, options: nativeHttps.RequestOptions = {}, body?: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    nativeHttps
      .request({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options }, resolve)
      .on('error', reject)
      .end(body);
  });
}

describe('tsls/https', () => {
  it("serves Node's own requests over our TLS", async () => {
    await using at = await listen({}, (incoming: IncomingMessage, response: NodeJS.WritableStream) => {
      assert.ok(incoming.socket instanceof TLSSocket);
      assert.equal((incoming.socket as unknown as TLSSocket).encrypted, true);
      assert.equal((incoming.socket as unknown as TLSSocket).alpnProtocol, 'http/1.1');
      incoming.pipe(response);
    });
    const body = Buffer.alloc(300_000, 'x');
    const response = await request(
      at.port,
      { method: 'POST', ALPNProtocols: ['http/1.1'], agent: false } as object,
      body,
    );
    assert.equal((await readAll(response)).length, body.length);
  });

  it('is a server of TLS, callable without new, and a class to derive from', () => {
    const server = Server({ key, cert });
    assert.ok(server instanceof Server && server instanceof TlsServer && server instanceof net.Server);
    class Mine extends Server {}
    assert.ok(new Mine({ key, cert }) instanceof Mine);
    assert.equal(https.Agent, nativeHttps.Agent);
    const listener = (): void => {};
    assert.deepEqual((createServer(listener) as unknown as TlsServer).listeners('request'), [listener]);
  });

  it("has the options and limits of Node's servers", async () => {
    await using at = await listen({
      requestTimeout: 1234,
      headersTimeout: 1000,
      keepAliveTimeout: 77,
      maxHeaderSize: 500,
    });
    const { requestTimeout, headersTimeout, keepAliveTimeout, timeout } = at.server;
    assert.deepEqual(
      { requestTimeout, headersTimeout, keepAliveTimeout, timeout },
      { requestTimeout: 1234, headersTimeout: 1000, keepAliveTimeout: 77, timeout: 0 },
    );
    const response = await request(at.port, { headers: { long: 'x'.repeat(600) }, agent: false });
    assert.equal(response.statusCode, 431);
    response.resume();
  });

  it('headersTimeout ends who is too slow', async () => {
    await using at = await listen({ headersTimeout: 50, connectionsCheckingInterval: 20 });
    const peer = tls.connect({ port: at.port, host: '127.0.0.1', ca, servername: 'localhost' });
    peer.write('GET / HTTP/1.1\r\nHost: x\r\n');
    assert.match((await readAll(peer)).toString(), /^HTTP\/1\.1 408 /);
  });

  it('checkContinue and upgrade', async () => {
    await using at = await listen({});
    at.server.on('checkContinue', (incoming, response) => {
      response.writeContinue();
      incoming.pipe(response);
    });
    at.server.on('upgrade', (_incoming, socket, head) => {
      assert.equal(head.length, 0);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const expecting = await request(
      at.port,
      { method: 'POST', headers: { Expect: '100-continue' }, agent: false },
      Buffer.from('abc'),
    );
    assert.equal((await readAll(expecting)).toString(), 'abc');
    const upgrading = nativeHttps.request({
      ...{ port: at.port, host: '127.0.0.1', servername: 'localhost', ca, agent: false },
      headers: { Connection: 'Upgrade', Upgrade: 'echo' },
    });
    upgrading.end();
    const [, socket] = (await once(upgrading, 'upgrade')) as [IncomingMessage, net.Socket];
    socket.end('over');
    assert.equal((await readAll(socket)).toString(), 'over');
  });

  it('a failed handshake is a clientError once', async () => {
    await using at = await listen({});
    const errors: string[] = [];
    at.server.on('clientError', (error, socket) => {
      errors.push((error as { code: string }).code);
      socket.destroy();
    });
    const raw = net.connect(at.port, '127.0.0.1').on('error', () => {});
    raw.end(Buffer.alloc(20));
    await new Promise((resolve) => raw.resume().once('close', resolve));
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /^ERR_SSL_/);
  });

  it('drain lets the request under way be answered, and closes what is idle', async () => {
    let answer: (() => void) | undefined;
    await using at = await listen(
      { keepAliveTimeout: 60_000 },
      (incoming: IncomingMessage, response: { end(text: string): void }) => {
        if (incoming.url === '/slow') answer = () => response.end('slow');
        else response.end('fast');
      },
    );
    const agent = new nativeHttps.Agent({ keepAlive: true });
    await readAll(await request(at.port, { agent, path: '/fast' }));
    const slow = request(at.port, { agent: false, path: '/slow' });
    while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    const drained = at.server.drain({ timeout: 5000 });
    answer();
    assert.equal((await readAll(await slow)).toString(), 'slow');
    assert.equal(await drained, 0);
    agent.destroy();
  });
});
