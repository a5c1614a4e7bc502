import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { ca, start, ways } from './support/application.mjs';

for (const way of ways) {
  describe(`Socket.IO, by ${way}`, () => {
    let application;
    before(async () => {
      application = await start('socket-io', way);
    });
    after(() => application.stop());

    async function open(transports) {
      const socket = io(`https://localhost:${application.port}`, { ca, transports, forceNew: true });
      socket.on('connect_error', (error) => assert.fail(error));
      const [facts] = await once(socket, 'facts');
      return { socket, facts };
    }

    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      it(`acknowledges text and bytes, by ${transports.join(', then ')}`, async () => {
        const { length } = application.handshakes;
        const { socket, facts } = await open(transports);
        assert.deepEqual(facts, { secure: true, encrypted: true });
        assert.equal((await application.handshake(length)).version, 'TLSv1.3');
        const bytes = randomBytes(1_000_000);
        const [text, back] = await Promise.all([
          socket.timeout(15_000).emitWithAck('echo', { words: ['ß', '漢字'], n: 1.5 }),
          socket.timeout(15_000).emitWithAck('echo', bytes),
        ]);
        assert.deepEqual(text, { words: ['ß', '漢字'], n: 1.5 });
        assert.ok(bytes.equals(back));
        socket.disconnect();
      });
    }

    it('sends events to those in a room, and sees who goes', async () => {
      const [one, two, three] = await Promise.all([['websocket'], ['polling'], ['websocket']].map(open));
      await Promise.all([one, two].map(({ socket }) => socket.timeout(15_000).emitWithAck('join', 'tea')));
      three.socket.on('said', () => assert.fail('was not in the room'));
      const heard = [one, two].map(({ socket }) => once(socket, 'said'));
      three.socket.emit('say', 'tea', 'milk?');
      assert.deepEqual(await Promise.all(heard), [['milk?'], ['milk?']]);
      three.socket.io.engine.transport.ws.terminate();
      await application.until(({ output }) => output.includes('gone: transport close'), 'the disconnection');
      for (const { socket } of [one, two, three]) socket.disconnect();
    });
  });
}
