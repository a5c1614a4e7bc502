import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { ca, start, ways } from './support/application.mjs';
import { testStrangers } from './support/http.mjs';

for (const way of ways) {
  describe(`WebSockets, by ${way}`, () => {
    let application;
    before(async () => {
      application = await start('websockets', way);
    });
    after(() => application.stop());

    /** A client, and the greeting that it got. */
    async function open(options = {}) {
      const socket = new WebSocket(`wss://localhost:${application.port}`, { ca, ...options });
      const [greeting] = await once(socket, 'message');
      return { socket, greeting: JSON.parse(greeting) };
    }

    for (const version of ['TLSv1.3', 'TLSv1.2']) {
      it(`echoes messages of all sizes, ${version}`, async () => {
        const { length } = application.handshakes;
        const { socket, greeting } = await open({ minVersion: version, maxVersion: version });
        assert.deepEqual(greeting, { encrypted: true, protocol: version });
        assert.equal((await application.handshake(length)).version, version);
        for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
          const sent = randomBytes(size);
          socket.send(sent);
          const [got, isBinary] = await once(socket, 'message');
          assert.equal(isBinary, true);
          assert.ok(sent.equals(got), `${size} bytes`);
        }
        const text = 'ß漢字🙂'.repeat(50_000);
        socket.send(text);
        assert.equal(String((await once(socket, 'message'))[0]), text);
        socket.close(4321);
        await once(socket, 'close');
        await application.until(({ output }) => output.includes('closed with 4321'), 'the close');
      });
    }

    it('keeps the order of a thousand messages under way at once', async () => {
      const { socket } = await open();
      const got = [];
      socket.on('message', (data) => got.push(Number(data)));
      for (let i = 0; i < 1000; i++) socket.send(String(i));
      while (got.length < 1000) await once(socket, 'message');
      assert.deepEqual(got, [...got.keys()]);
      socket.terminate();
    });

    it('tells everybody, also after one of them was cut off', async () => {
      const clients = await Promise.all([open(), open(), open()]);
      clients[0].socket.terminate();
      await application.until(({ output }) => output.includes('closed with 1006'), 'the end of the first');
      const heard = clients.slice(1).map(({ socket }) => once(socket, 'message'));
      clients[1].socket.send('all:news');
      assert.deepEqual(
        (await Promise.all(heard)).map(([data]) => String(data)),
        ['news', 'news'],
      );
      for (const { socket } of clients) socket.terminate();
    });

    testStrangers(() => application, true);
  });
}
