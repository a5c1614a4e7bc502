import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { ca, start, ways } from './support/application.mjs';
import { testExchange, testHttp, testStrangers } from './support/http.mjs';

const programs = [
  {
    name: 'proxy',
    in: ways,
    versions: [
      ['HTTP/2', 'h2'],
      ['HTTP/1.1', false],
    ],
    test: testHttp,
  },
  // http-proxy imports node:https itself. On no TLS does it tell the origin that a client is gone.
  { name: 'proxy-http1', in: ways.slice(0, 1), versions: [['HTTP/1.1', false]], test: testExchange },
];

for (const program of programs) {
  for (const way of program.in) {
    describe(`${program.name}, by ${way}`, () => {
      let application;
      before(async () => {
        application = await start(program.name, way);
      });
      after(() => application.stop());

      for (const [version, alpn] of program.versions) program.test(() => application, version, alpn);
      testStrangers(() => application, true);

      it('passes WebSockets on', async () => {
        const { length } = application.handshakes;
        const socket = new WebSocket(`wss://localhost:${application.port}`, { ca });
        await once(socket, 'open');
        await application.handshake(length);
        const sent = randomBytes(1_000_000);
        socket.send(sent);
        const [got] = await once(socket, 'message');
        assert.ok(sent.equals(got));
        socket.terminate();
      });
    });
  }
}
