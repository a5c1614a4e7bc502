import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { start, ways } from './support/application.mjs';
import { testHttp, testStrangers } from './support/http.mjs';

const programs = [
  // These libraries import node:https and node:tls themselves, so that there are no imports to change.
  { name: 'shared-port', in: ways.slice(0, 1), versions: [['HTTP/1.1', false]] },
  {
    name: 'shared-port-http2',
    in: ways.slice(0, 1),
    versions: [
      ['HTTP/2', 'h2'],
      ['HTTP/1.1', false],
    ],
  },
  { name: 'shared-port-by-hand', in: ways, versions: [['HTTP/1.1', false]] },
];

for (const program of programs) {
  for (const way of program.in) {
    describe(`${program.name}, by ${way}`, () => {
      let application;
      before(async () => {
        application = await start(program.name, way);
      });
      after(() => application.stop());

      for (const [version, alpn] of program.versions) testHttp(() => application, version, alpn);
      testStrangers(() => application, false);

      it('answers in clear who asks in clear', async () => {
        const [response] = await once(
          http.get({ host: '127.0.0.1', port: application.port, path: '/facts' }),
          'response',
        );
        assert.equal(JSON.parse(Buffer.concat(await response.toArray())).encrypted, false);
      });

      if (program.name === 'shared-port-http2') {
        it('answers HTTP/2 in clear', async () => {
          const session = http2.connect(`http://127.0.0.1:${application.port}`);
          const stream = session.request({ ':path': '/facts' });
          const facts = JSON.parse(Buffer.concat(await stream.toArray()));
          assert.deepEqual([facts.httpVersion, facts.encrypted], ['2.0', false]);
          session.close();
        });
      }
    });
  }
}
