import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, json, text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import * as tls from 'node:tls';
import type { TlsClientError } from '../index.ts';
import type { ConnectionDescription } from './describe.ts';
import { openDevelopmentStore } from './development-store.ts';
import { type Serving, serve } from './serve.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsls-'));
const failures: TlsClientError[] = [];
let serving: Serving;
let to: { host: string; port: number; servername: string; ca: Buffer };

before(async () => {
  const { cert, key, authorityPath } = openDevelopmentStore({ folder, names: ['localhost', '127.0.0.1'] });
  const onFailure = (error: TlsClientError): void => void failures.push(error);
  serving = await serve({ cert, key, port: 0, host: '127.0.0.1', onFailure });
  to = { host: '127.0.0.1', port: serving.address.port, servername: 'localhost', ca: readFileSync(authorityPath) };
});

after(async () => {
  await serving.close(100);
  rmSync(folder, { recursive: true });
});

const body = Buffer.alloc(300_000, 'tsls');

test('HTTP/1.1: the page, JSON about this very connection, and an echo', async () => {
  const get = async (
    path: string,
    options: https.RequestOptions & Pick<tls.ConnectionOptions, 'ALPNProtocols'> = {},
  ) => {
    const request = https.request({ ...to, path, ...options });
    request.end(options.method === 'POST' ? body : undefined);
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    return response;
  };
  const page = await get('/');
  assert.equal(page.statusCode, 200);
  assert.match(await text(page), /TLS 1\.3/);
  const older = (await json(
    await get('/json', { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }),
  )) as ConnectionDescription;
  assert.deepEqual([older.version, older.serverName, older.alpnProtocol], ['TLSv1.2', 'localhost', 'http/1.1']);
  assert.match(older.ja4!, /^t12d\d{4}h1_/);
  assert.deepEqual(await buffer(await get('/echo', { method: 'POST' })), body);
  assert.equal((await text(await get('/', { method: 'HEAD' }))).length, 0);
});

test('HTTP/2 by ALPN: the same', async () => {
  const session = http2.connect('https://localhost', {
    createConnection: () => tls.connect({ ...to, ALPNProtocols: ['h2'] }),
  });
  const get = (headers: http2.OutgoingHttpHeaders): http2.ClientHttp2Stream => session.request(headers);
  const page = get({ ':path': '/' });
  const [headers] = (await once(page, 'response')) as [http2.IncomingHttpHeaders];
  assert.equal(headers[':status'], 200);
  assert.match(await text(page), /HTTP\/2/);
  const about = (await json(get({ ':path': '/json' }))) as ConnectionDescription;
  assert.equal(about.alpnProtocol, 'h2');
  const echo = session.request({ ':path': '/echo', ':method': 'POST' });
  echo.end(body);
  assert.deepEqual(await buffer(echo), body);
  session.close();
  await once(session, 'close');
});

test('a client that speaks something else than HTTP is told so, and harms nobody', async () => {
  for (const ALPNProtocols of [undefined, ['http/1.1'], ['h2']]) {
    const socket = tls.connect({ ...to, ...(ALPNProtocols && { ALPNProtocols }) });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    socket.write('EHLO example.com\r\n'.repeat(100));
    socket.resume();
    await once(socket, 'close');
  }
  await stillServes();
});

test('clients that reset the connection at any moment harm nobody', async () => {
  const attempt = async (index: number): Promise<void> => {
    const raw = net.connect(to.port, to.host);
    raw.on('error', () => {});
    const socket = tls.connect({ ...to, socket: raw, ALPNProtocols: index % 2 ? ['h2'] : ['http/1.1'] });
    socket.on('error', () => {});
    const closed = once(raw, 'close');
    setTimeout(() => raw.resetAndDestroy(), index);
    socket.once('secureConnect', () => {
      if (index % 2 === 0) {
        socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx');
        return;
      }
      const session = http2.connect('https://localhost', { createConnection: () => socket });
      session.on('error', () => {});
      const stream = session.request({ ':path': '/echo', ':method': 'POST' });
      stream.on('error', () => {});
      stream.write(body);
      if (index % 3 === 0) socket.end();
    });
    await closed;
  };
  await Promise.all(Array.from({ length: 40 }, (_, index) => attempt(index)));
  await stillServes();
});

test('a failed connection is reported with its reason', async () => {
  failures.length = 0;
  const socket = tls.connect({ ...to, ALPNProtocols: ['gopher'] });
  await once(socket, 'error');
  await until(() => failures.length > 0);
  const [failure] = failures;
  assert.deepEqual([failure?.alert, failure?.alertDirection], ['no_application_protocol', 'sent']);
  await stillServes();
});

async function stillServes(): Promise<void> {
  const request = https.get({ ...to, path: '/json', agent: false });
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  assert.equal(((await json(response)) as ConnectionDescription).version, 'TLSv1.3');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, body: readonly number[]): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt16BE(256 * type + flags, 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, Buffer.from(body)]);
}

test('a request of HTTP/2 that is taken back at once ends nothing', async () => {
  const socket = tls.connect({ ...to, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  // :method GET, :scheme https, :path / by HPACK's table; END_STREAM and END_HEADERS; RST_STREAM with CANCEL.
  const request = [frame(1, 5, 1, [0x82, 0x87, 0x84]), frame(3, 0, 1, [0, 0, 0, 8])];
  const ping = frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, []), ...request, ping]));
  let received = Buffer.alloc(0);
  while (!received.includes(ping.subarray(9))) {
    received = Buffer.concat([received, ...((await once(socket, 'data')) as [Buffer])]);
  }
  socket.destroy();
});

test('headers that come too slowly are not waited for', { timeout: 30_000 }, async () => {
  const { createServer } = http;
  const soon = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };
  http.createServer = ((listener: http.RequestListener) => createServer(soon, listener)) as typeof createServer;
  syncBuiltinESMExports();
  const { cert, key } = openDevelopmentStore({ folder, names: ['localhost'] });
  const own = await serve({ cert, key, port: 0, host: '127.0.0.1' }).finally(() => {
    http.createServer = createServer;
    syncBuiltinESMExports();
  });
  const socket = tls.connect({ ...to, port: own.address.port }).on('error', () => {});
  const drip = setInterval(() => socket.write('a: b\r\n'), 20);
  socket.write('GET / HTTP/1.1\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  clearInterval(drip);
  assert.match(answer.toString(), /^HTTP\/1\.1 408 /);
  await own.close(0);
});

test('a handshake that is not done holds up no end', async () => {
  const { cert, key } = openDevelopmentStore({ folder, names: ['localhost'] });
  const codes: string[] = [];
  const onFailure = ({ code }: TlsClientError): void => void codes.push(code);
  const own = await serve({ cert, key, port: 0, host: '127.0.0.1', onFailure });
  const silent = net.connect(own.address.port, '127.0.0.1').on('error', () => {});
  const closed = once(silent, 'close');
  await once(silent, 'connect');
  await visitOf(own);
  await own.close(50);
  await closed;
  assert.ok(!codes.includes('ERR_TLS_HANDSHAKE_TIMEOUT'), codes.join());
});

/** A visit that is over: whoever connected before is accepted. */
async function visitOf({ address }: Serving): Promise<void> {
  const socket = tls.connect({ ...to, port: address.port });
  await once(socket, 'secureConnect');
  socket.destroy();
}
