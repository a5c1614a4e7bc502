import { after, before, describe } from 'node:test';
import { start, ways } from './support/application.mjs';
import { testHttp, testStrangers } from './support/http.mjs';

const programs = [
  // Fastify itself imports node:https and node:http2, so that there are no imports to change.
  { name: 'fastify-https', in: ways.slice(0, 1), versions: [['HTTP/1.1', false]] },
  {
    name: 'fastify-http2',
    in: ways.slice(0, 1),
    versions: [
      ['HTTP/2', 'h2'],
      ['HTTP/1.1', false],
    ],
  },
  { name: 'fastify-own-server', in: ways, versions: [['HTTP/1.1', false]] },
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
      testStrangers(() => application, true);
    });
  }
}
