import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { ca, identity } from '../support/identities.ts';
import { client, listen } from '../support/tls-pair.ts';

const response = Buffer.from('not really a response, but nobody here reads it');
const { key, cert } = identity('p256');
/** Node's types do not know the option. */
const asking = (requestOCSP: boolean): tls.ConnectionOptions => ({ requestOCSP }) as tls.ConnectionOptions;

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  describe(`OCSPRequest, ${version}`, () => {
    /** The response that a client is given, if it asks for one. */
    async function staple(port: number, requestOCSP = true): Promise<Buffer | null | undefined> {
      const socket = client(port, { maxVersion: version, ...asking(requestOCSP) });
      let received: Buffer | null | undefined;
      socket.on('OCSPResponse', (data: Buffer | null) => {
        received = data;
      });
      await once(socket, 'secureConnect');
      socket.destroy();
      return received;
    }

    it('is asked with the certificate and its issuer, and answered to the client', async () => {
      await using at = await listen({ key, cert: cert + ca });
      const asked: (Buffer | null)[] = [];
      at.server.on('OCSPRequest', (certificate, issuer, callback) => {
        asked.push(certificate, issuer);
        setImmediate(callback, null, response);
      });
      assert.deepEqual(await staple(at.port), response);
      assert.deepEqual(asked, [new X509Certificate(cert).raw, new X509Certificate(ca).raw]);
    });

    it('has no issuer where the chain has none', async () => {
      await using at = await listen({ key, cert });
      at.server.on('OCSPRequest', (_certificate, issuer, callback) => {
        assert.equal(issuer, null);
        callback(null, response);
      });
      assert.deepEqual(await staple(at.port), response);
    });

    it('is not asked for a client that does not want it', async () => {
      await using at = await listen({ key, cert });
      at.server.on('OCSPRequest', () => assert.fail('it was asked'));
      assert.equal(await staple(at.port, false), undefined);
    });

    it('staples nothing without listeners, and for null', async () => {
      await using at = await listen({ key, cert });
      assert.ok(!(await staple(at.port)));
      at.server.on('OCSPRequest', (_certificate, _issuer, callback) => callback(null, null));
      assert.ok(!(await staple(at.port)));
    });

    const failures: [string, (callback: (error: Error | null, data?: never) => void) => void][] = [
      ['an error', (callback) => callback(new Error('the responder is down'))],
      ['an exception', () => assert.fail('thrown')],
      ['something that is no bytes', (callback) => callback(null, 'text' as never)],
    ];
    for (const [name, answer] of failures) {
      it(`ends the one connection for ${name}`, async () => {
        await using at = await listen({ key, cert });
        at.server.once('OCSPRequest', (_certificate, _issuer, callback) => answer(callback as never));
        const failed = at.nextError();
        const socket = client(at.port, { maxVersion: version, ...asking(true) });
        const [error] = await once(socket, 'error').catch((e: unknown) => [e]);
        assert.match((error as Error).message, /alert internal error/);
        assert.equal((await failed).alert, 'internal_error');
        at.server.on('OCSPRequest', (_certificate, _issuer, callback) => {
          callback(null, response);
          callback(new Error('too late'));
        });
        assert.deepEqual(await staple(at.port), response);
      });
    }
  });
}
