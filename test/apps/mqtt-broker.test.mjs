import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import mqtt from 'mqtt';
import { identity } from '../../build/test/support/identities.js';
import { ca, start, ways } from './support/application.mjs';
import { testStrangers } from './support/http.mjs';

for (const way of ways) {
  describe(`an MQTT broker, by ${way}`, () => {
    let application;
    before(async () => {
      application = await start('mqtt-broker', way);
    });
    after(() => application.stop());

    const connect = (clientId, options = {}) =>
      mqtt.connectAsync(`mqtts://localhost:${application.port}`, { ca, clientId, reconnectPeriod: 0, ...options });

    for (const version of ['TLSv1.3', 'TLSv1.2']) {
      it(`delivers messages of every quality of service, ${version}`, async () => {
        const { length } = application.handshakes;
        const options = { minVersion: version, maxVersion: version };
        const [publisher, subscriber] = await Promise.all([connect('from', options), connect('to', options)]);
        for (const index of [length, length + 1]) {
          assert.equal((await application.handshake(index)).version, version);
        }
        const got = [];
        subscriber.on('message', (topic, payload, { qos }) => got.push({ topic, payload, qos }));
        await subscriber.subscribeAsync('house/#', { qos: 2 });
        const sent = [0, 1, 2].flatMap((qos) =>
          [10, 20_000, 1_000_000].map((size) => ({ topic: `house/${qos}/${size}`, payload: randomBytes(size), qos })),
        );
        for (const { topic, payload, qos } of sent) await publisher.publishAsync(topic, payload, { qos });
        while (got.length < sent.length) await once(subscriber, 'message');
        const byTopic = (a, b) => (a.topic < b.topic ? -1 : 1);
        assert.deepEqual(got.sort(byTopic), sent.sort(byTopic));
        await Promise.all([publisher.endAsync(), subscriber.endAsync()]);
      });
    }

    it('knows a client by its certificate', async () => {
      const { key, cert } = identity('p384');
      const client = await connect('known', { key, cert });
      await application.until(
        ({ output }) => output.includes('known is ready, TLSv1.3, authorized true'),
        'the client',
      );
      await client.endAsync();
    });

    it('sends the last will of a client that vanishes, and keeps messages for one that comes back', async () => {
      const will = { topic: 'wills', payload: Buffer.from('farewell'), qos: 1 };
      const [mortal, witness] = await Promise.all([connect('mortal', { will }), connect('heir', { clean: false })]);
      await witness.subscribeAsync('wills', { qos: 1 });
      await witness.endAsync();
      await application.until(({ output }) => output.includes('heir is gone'), 'the heir to go');
      mortal.on('error', () => {});
      mortal.stream.destroy();
      await application.until(({ output }) => output.includes('mortal is gone'), 'the mortal to go');
      const back = mqtt.connect(`mqtts://localhost:${application.port}`, { ca, clientId: 'heir', clean: false });
      const [topic, payload] = await once(back, 'message');
      assert.deepEqual([topic, String(payload)], ['wills', 'farewell']);
      await back.endAsync();
    });

    testStrangers(() => application, false);
  });
}
