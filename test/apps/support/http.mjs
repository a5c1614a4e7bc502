/** What a client of HTTP does to an application that has `GET /facts`, `POST /echo` and `GET /endless`. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { it } from 'node:test';
import tls from 'node:tls';
import { ca } from './application.mjs';

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const authority = (application) => ({ host: '127.0.0.1', port: application.port, servername: 'localhost', ca });

const type = 'application/octet-stream';

/** A connection over a socket that can be cut from below. */
function dial(application, options) {
  const raw = net.connect(application.port, '127.0.0.1').on('error', () => {});
  const socket = tls.connect({ servername: 'localhost', ca, ...options, socket: raw });
  return { raw, socket };
}

/** Sends requests by HTTP/1.1 or HTTP/2: how to open one, to have its answer, and to cut its connection. */
const clients = {
  'HTTP/1.1': (application, options) => {
    const agent = new https.Agent({ keepAlive: true });
    let raw;
    agent.createConnection = () => {
      const dialled = dial(application, options);
      raw = dialled.raw;
      return dialled.socket;
    };
    return {
      open: (method, path) =>
        https.request({ agent, method, path, headers: { host: 'localhost', 'content-type': type } }),
      response: async (request) => (await once(request, 'response'))[0],
      status: (response) => response.statusCode,
      cut: (how) => raw[how](),
      close: () => agent.destroy(),
    };
  },
  'HTTP/2': (application, options) => {
    const { raw, socket } = dial(application, { ALPNProtocols: ['h2'], ...options });
    const session = http2.connect('https://localhost', { createConnection: () => socket });
    session.on('error', () => {});
    return {
      open: (method, path) =>
        session.request({ ':method': method, ':path': path, 'content-type': type }, { endStream: method === 'GET' }),
      response: async (stream) => {
        const [headers] = await once(stream, 'response');
        return Object.assign(stream, { status: headers[':status'] });
      },
      status: (stream) => stream.status,
      cut: (how) => raw[how](),
      close: () => session.destroy(),
    };
  },
};

async function exchange(client, method, path, body) {
  const request = client.open(method, path);
  request.end(body);
  const response = await client.response(request);
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  assert.equal(client.status(response), 200);
  return Buffer.concat(chunks);
}

const factsOf = async (client) => JSON.parse(await exchange(client, 'GET', '/facts'));

/** Reads a little of an answer without end, then vanishes, with the end of a stream or with a reset. */
async function vanish(client, how) {
  const request = client.open('GET', '/endless');
  request.on('error', () => {});
  request.end();
  const response = await client.response(request);
  response.on('error', () => {});
  let read = 0;
  for await (const chunk of response) {
    read += chunk.length;
    if (read > 300_000) break;
  }
  client.cut(how);
}

/** The tests of one application, for a version of HTTP. `application` tells it once it runs. */
export function testHttp(application, httpVersion, alpn) {
  testExchange(application, httpVersion, alpn);
  testVanishing(application, httpVersion);
}

/** Those of clients who wait for their answers. */
export function testExchange(application, httpVersion, alpn) {
  const connect = (options = {}) => clients[httpVersion](application(), options);

  for (const version of ['TLSv1.3', 'TLSv1.2']) {
    it(`answers by ${httpVersion} and ${version}, and knows of its connection`, async () => {
      const client = connect({ minVersion: version, maxVersion: version });
      const facts = await factsOf(client);
      client.close();
      const seen = await application().handshakeFrom(facts.remotePort);
      assert.deepEqual([seen.version, seen.alpn ?? false, seen.serverName], [version, alpn, 'localhost']);
      assert.deepEqual(
        [facts.encrypted, facts.authorized, facts.protocol, facts.alpnProtocol, facts.servername],
        [true, false, version, alpn, 'localhost'],
      );
      assert.equal(`HTTP/${facts.httpVersion}`.replace('2.0', '2'), httpVersion);
    });
  }

  // Node's HTTP/2 holds 10 MB in a session at most (maxSessionMemory), whatever carries it.
  const size = httpVersion === 'HTTP/2' ? 2 : 8;
  it(`takes and gives ${size} MiB, four at once, by ${httpVersion}`, async () => {
    const client = connect();
    const bodies = [1, 2, 3, 4].map(() => randomBytes(size * 1_048_576));
    const echoes = await Promise.all(bodies.map((body) => exchange(client, 'POST', '/echo', body)));
    assert.deepEqual(echoes.map(digest), bodies.map(digest));
    client.close();
  });
}

/** Those of clients who do not. */
function testVanishing(application, httpVersion) {
  for (const how of ['destroy', 'resetAndDestroy']) {
    it(`sees that a client vanished in the midst of an answer (${how}), and lives on, ${httpVersion}`, async () => {
      const gone = (text) => text.split('the client of /endless is gone').length;
      const before = gone(application().output);
      await vanish(clients[httpVersion](application()), how);
      await application().until(({ output }) => gone(output) > before, 'the end of /endless');
      const client = clients[httpVersion](application());
      assert.equal((await factsOf(client)).encrypted, true);
      client.close();
    });
  }
}

/** The tests of clients who ask for what is not there. `refusesAlpn`: whether the application has protocols to choose. */
export function testStrangers(application, refusesAlpn) {
  if (refusesAlpn) {
    it('refuses a client that wants another protocol', async () => {
      const { length } = application().failures;
      const client = tls.connect({ ...authority(application()), ALPNProtocols: ['nonsense/1'] });
      const [error] = await once(client, 'error');
      assert.match(error.code, /NO_APPLICATION_PROTOCOL/);
      await application().until(({ failures }) => failures.length > length, 'a failed handshake');
      const seen = application().failures[length];
      assert.deepEqual([seen.alert, seen.alertDirection], ['no_application_protocol', 'sent']);
    });
  }

  it('lives on after garbage, and after a client that goes away in the midst of its ClientHello', async () => {
    const { length } = application().failures;
    for (const bytes of [Buffer.from('\x16\x03\x01nonsense'), Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])]) {
      const socket = net.connect(application().port, '127.0.0.1').on('error', () => {});
      socket.write(bytes, () => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    await application().until(({ failures }) => failures.length >= length + 2, 'two failed handshakes');
    const client = tls.connect({ ...authority(application()) });
    await once(client, 'secureConnect');
    client.destroy();
  });
}
