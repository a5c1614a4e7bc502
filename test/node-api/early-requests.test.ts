import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as plainRequest, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSecureServer, isEarly as isEarlyStream, type SecureServerOptions } from '../../src/http2/index.ts';
import { createServer, type EarlyRequests, isEarly, type ServerOptions } from '../../src/https/index.ts';
import { ca, identity } from '../support/identities.ts';

const { key, cert } = identity('p256');
const skip =
  spawnSync('openssl', ['version']).status === 0 ? false : 'OpenSSL sends the early data, and is not installed';

const isServed = (heard: string): boolean => heard.includes('served');

/** A request of HTTP/1.1 in full. */
const http1 = (method: string, more = ''): string => `${method} / HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

const frame = (type: number, flags: number, stream: number, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload]);

/** The preface of HTTP/2 and a request, by the static table of RFC 7541. */
function http2(method: 'GET' | 'POST'): Buffer {
  const host = Buffer.from('localhost');
  const fields = Buffer.concat([Buffer.from([method === 'GET' ? 0x82 : 0x83, 0x84, 0x87, 0x41, host.length]), host]);
  const endsBoth = 0x05;
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(4, 0, 0, new Uint8Array()),
    frame(1, endsBoth, 1, fields),
  ]);
}

describe('requests in early data (RFC 8470)', { skip }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tsls-early-'));
    await writeFile(join(folder, 'ca.pem'), ca);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What OpenSSL hears until `enough`, with `early` sent first if there is a session to resume. */
  async function connect(
    port: number,
    alpn: string,
    early: Uint8Array | undefined,
    later: string | Uint8Array,
    isEnough: (heard: string) => boolean,
  ) {
    const session = join(folder, `session-${port}`);
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', '-nocommands'];
    args.push('-CAfile', join(folder, 'ca.pem'), '-alpn', alpn);
    if (early === undefined) args.push('-sess_out', session);
    else {
      await writeFile(join(folder, `early-${port}`), early);
      args.push('-sess_in', session, '-early_data', join(folder, `early-${port}`));
    }
    const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] });
    let heard = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
      if (isEnough(heard)) child.stdin.end();
    });
    child.stdin.on('error', () => {});
    child.stdin.write(later);
    await once(child, 'close');
    return heard;
  }

  interface Served {
    readonly method: string;
    readonly isEarly: boolean;
    readonly earlyData: string | null;
  }

  async function serve1(options: ServerOptions) {
    const served: Served[] = [];
    const server = createServer({ key, cert, maxEarlyData: 16_384, ...options }, (request, response) => {
      const { earlyData } = request.socket as unknown as Served;
      served.push({ method: request.method!, isEarly: isEarly(request), earlyData });
      response.end('served\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server as never, 'listening');
    const { port } = server.address() as AddressInfo;
    // A first visit, for a session.
    await connect(port, 'http/1.1', undefined, http1('GET', 'Connection: close\r\n'), isServed);
    served.length = 0;
    return {
      server,
      served,
      port,
      /** Sends early requests, and one more after the handshake; the status codes of all answers. */
      async send(early: readonly string[], later = ''): Promise<number[]> {
        const answers = early.length + (later === '' ? 0 : 1);
        const isEnough = (heard: string): boolean => heard.split('HTTP/1.1 ').length > answers;
        const heard = await connect(port, 'http/1.1', Buffer.from(early.join('')), later, isEnough);
        return [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => Number(code));
      },
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        server.close();
        await once(server as never, 'close');
      },
    };
  }

  const post = http1('POST', 'Content-Length: 0\r\n');
  const early = { isEarly: true, earlyData: 'accepted' };

  it('are marked, and the safe ones served', async () => {
    await using at = await serve1({});
    assert.deepEqual(await at.send([http1('GET'), post, http1('HEAD')]), [200, 425, 200]);
    assert.deepEqual(at.served, [
      { method: 'GET', ...early },
      { method: 'HEAD', ...early },
    ]);
  });

  it('are sent again after the handshake, and then served', async () => {
    await using at = await serve1({});
    assert.deepEqual(await at.send([post], post), [425, 200]);
    assert.deepEqual(at.served, [{ method: 'POST', isEarly: false, earlyData: 'confirmed' }]);
  });

  it('are all refused where that is asked for', async () => {
    await using at = await serve1({ earlyRequests: 'none' });
    assert.deepEqual(await at.send([http1('GET')], http1('GET')), [425, 200]);
    assert.equal(at.served.length, 1);
  });

  it('are all served where that is asked for', async () => {
    await using at = await serve1({ earlyRequests: 'all' });
    assert.deepEqual(await at.send([post]), [200]);
    assert.deepEqual(at.served, [{ method: 'POST', ...early }]);
  });

  it('are what a function says', async () => {
    const earlyRequests: EarlyRequests = ({ method, headers }) => method === 'POST' && headers.host === 'localhost';
    await using at = await serve1({ earlyRequests });
    assert.deepEqual(await at.send([post, http1('GET')]), [200, 425]);
    assert.deepEqual(at.served, [{ method: 'POST', ...early }]);
  });

  it('end with their connection where that function throws', async () => {
    const earlyRequests: EarlyRequests = () => {
      throw new Error('thrown');
    };
    await using at = await serve1({ earlyRequests });
    assert.deepEqual(await at.send([post]), []);
    assert.deepEqual(at.served, []);
  });

  it('are those, too, that somebody before us had early', async () => {
    await using at = await serve1({ maxEarlyData: 0, earlyRequests: 'safe' });
    const ask = async (method: string, headers: OutgoingHttpHeaders): Promise<number | undefined> => {
      const options = { port: at.port, host: '127.0.0.1', servername: 'localhost', ca, method, headers, agent: false };
      const request = plainRequest(options as RequestOptions).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    assert.equal(await ask('GET', { 'Early-Data': '1' }), 200);
    assert.equal(await ask('POST', { 'Early-Data': '1' }), 425);
    assert.equal(await ask('POST', {}), 200);
    assert.deepEqual(at.served, [
      { method: 'GET', isEarly: true, earlyData: null },
      { method: 'POST', isEarly: false, earlyData: null },
    ]);
  });

  it('are not switched to another protocol', async () => {
    await using at = await serve1({ earlyRequests: 'none' });
    let upgrades = 0;
    at.server.on('upgrade', () => upgrades++);
    const upgrade = http1('GET', 'Connection: upgrade\r\nUpgrade: websocket\r\n');
    assert.deepEqual(await at.send([upgrade]), [425]);
    assert.equal(upgrades, 0);
  });

  for (const [method, isTaken] of [
    ['GET', true],
    ['POST', false],
  ] as const) {
    it(`are ${isTaken ? 'served' : 'refused'} in HTTP/2, too: ${method}`, async () => {
      const served: boolean[] = [];
      const options: SecureServerOptions = { key, cert, maxEarlyData: 16_384 };
      const server = createSecureServer(options, (request, response) => {
        served.push(isEarlyStream(request.stream) && isEarlyStream(request));
        response.end('served');
      });
      server.on('sessionError', () => {});
      server.listen(0, '127.0.0.1');
      await once(server as never, 'listening');
      const { port } = server.address() as AddressInfo;
      await connect(port, 'h2', undefined, http2('GET'), isServed);
      served.length = 0;
      // Of the codes, 425 is none that HPACK has a number for.
      const answer = isTaken ? 'served' : '\u0003425';
      const heard = await connect(port, 'h2', http2(method), '', (text) => text.includes(answer));
      assert.ok(heard.includes(answer));
      assert.match(heard, /Early data was accepted/);
      assert.deepEqual(served, isTaken ? [true] : []);
      server.close();
      await once(server as never, 'close');
    });
  }

  it('have an option that is checked', () => {
    const earlyRequests = 'some' as never;
    assert.throws(() => createServer({ key, cert, earlyRequests }), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => createSecureServer({ key, cert, earlyRequests }), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});
