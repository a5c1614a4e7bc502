import { after, before, describe } from 'node:test';
import { start, ways } from './support/application.mjs';
import { testHttp, testStrangers } from './support/http.mjs';

for (const way of ways) {
  describe(`Express over HTTPS, by ${way}`, () => {
    let application;
    before(async () => {
      application = await start('express-https', way);
    });
    after(() => application.stop());
    testHttp(() => application, 'HTTP/1.1', false);
    testStrangers(() => application, true);
  });

  describe(`Express over HTTP/2, by ${way}`, () => {
    let application;
    before(async () => {
      application = await start('express-http2', way);
    });
    after(() => application.stop());
    testHttp(() => application, 'HTTP/2', 'h2');
    testHttp(() => application, 'HTTP/1.1', false);
    testStrangers(() => application, true);
  });
}
