import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { createServer, type TlsOptions } from '../../src/index.ts';
import { ca, identity as certificate } from '../support/identities.ts';
import { client, listen } from '../support/tls-pair.ts';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const key = randomBytes(32);
const ciphers = 'PSK+HIGH:TLS_AES_128_GCM_SHA256';
const noCertificate = { key: undefined, cert: undefined, ciphers };

const withPsk = (identity: string, psk: Uint8Array): tls.ConnectionOptions => ({
  ciphers,
  pskCallback: () => ({ identity, psk }),
  checkServerIdentity: () => undefined,
});

/** What the client hears: its data echoed, or the error that ended it. */
async function talk(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = client(port, options);
  const failed = new Promise<string>((resolve) =>
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.message)),
  );
  socket.write('hello');
  const answered = once(socket, 'data').then(([data]) => String(data));
  const result = await Promise.race([answered.catch(() => failed), failed]);
  socket.destroy();
  return result;
}

const echo = (options: TlsOptions) => listen({ ...noCertificate, ...options }, (socket) => socket.pipe(socket));

for (const version of versions) {
  describe(`pre-shared keys, ${version}`, () => {
    const options = { maxVersion: version, minVersion: version };

    it('need no certificate', async () => {
      const asked: string[] = [];
      await using server = await echo({
        pskCallback(socket, identity) {
          assert.equal(this as unknown, socket);
          asked.push(identity);
          return key;
        },
      });
      assert.equal(await talk(server.port, { ...withPsk('Ünïcode', key), ...options }), 'hello');
      assert.deepEqual(asked, ['Ünïcode']);
    });

    it('do not stand for a certificate that is required', async () => {
      const { key: ownKey, cert } = certificate('p256');
      const both = { key: ownKey, cert, ca, ciphers: `HIGH:${ciphers}` };
      const pskOptions = { ...withPsk('x', key), ...options };
      for (const rejectUnauthorized of [true, false]) {
        await using server = await echo({ ...both, requestCert: true, rejectUnauthorized, pskCallback: () => key });
        const accepted = rejectUnauthorized ? undefined : server.nextSocket();
        const heard = await talk(server.port, pskOptions);
        if (accepted) {
          assert.equal(heard, 'hello');
          const { authorized, authorizationError } = await accepted;
          assert.deepEqual([authorized, authorizationError], [false, 'UNABLE_TO_GET_ISSUER_CERT']);
        } else {
          assert.match(heard, version === 'TLSv1.3' ? /certificate required/ : /handshake failure/);
        }
        // Whoever has both authenticates by that which counts.
        const next = server.nextSocket();
        const withBoth = { ...pskOptions, key: ownKey, cert, ...(rejectUnauthorized && { ciphers: both.ciphers }) };
        assert.equal(await talk(server.port, withBoth), 'hello');
        assert.equal((await next).authorized, rejectUnauthorized);
      }
    });

    it('may be given later, and as an object', async () => {
      await using server = await echo({ pskCallback: async () => ({ psk: key }) });
      assert.equal(await talk(server.port, { ...withPsk('x', key), ...options }), 'hello');
    });

    it('with a wrong key or a wrong identity fail alike', async () => {
      await using server = await echo({ pskCallback: (_socket, identity) => (identity === 'known' ? key : null) });
      let failed = server.nextError();
      const wrongKey = await talk(server.port, { ...withPsk('known', randomBytes(32)), ...options });
      assert.notEqual((await failed).code, 'ERR_SSL_PSK_IDENTITY_NOT_FOUND');
      failed = server.nextError();
      const wrongIdentity = await talk(server.port, { ...withPsk('stranger', key), ...options });
      assert.equal((await failed).code, 'ERR_SSL_PSK_IDENTITY_NOT_FOUND');
      const alert = /SSL alert number \d+/;
      assert.equal(alert.exec(wrongKey)?.[0], alert.exec(wrongIdentity)?.[0]);
      assert.match(wrongKey, alert);
    });

    it('survive a callback that throws, rejects, or gives nonsense', async () => {
      for (const pskCallback of [
        () => {
          throw new Error('thrown');
        },
        async () => {
          throw new Error('thrown');
        },
        () => 'a string' as never,
        () => ({ psk: 5 }) as never,
        () => new Uint8Array(),
        () => new Uint8Array(513),
      ]) {
        await using server = await echo({ pskCallback });
        const failed = server.nextError();
        assert.match(await talk(server.port, { ...withPsk('x', key), ...options }), /alert internal error/);
        await failed;
      }
    });

    it('leave clients without one their certificate', async () => {
      await using server = await listen({ pskCallback: () => key, ...certificate('p256') }, (s) => s.pipe(s));
      assert.equal(await talk(server.port, options), 'hello');
    });
  });
}

describe('pre-shared keys', () => {
  it('come with a hint in TLS 1.2', async () => {
    await using server = await echo({ pskCallback: () => key, pskIdentityHint: 'which one?' });
    const hints: (string | null)[] = [];
    const answer = await talk(server.port, {
      ...withPsk('x', key),
      maxVersion: 'TLSv1.2',
      pskCallback: (hint) => {
        hints.push(hint);
        return { identity: 'x', psk: key };
      },
    });
    assert.equal(answer, 'hello');
    assert.deepEqual(hints, ['which one?']);
  });

  for (const cipher of [
    'PSK-AES128-GCM-SHA256',
    'PSK-AES256-GCM-SHA384',
    'PSK-CHACHA20-POLY1305',
    'ECDHE-PSK-CHACHA20-POLY1305',
    'DHE-PSK-AES128-GCM-SHA256',
    'DHE-PSK-AES256-GCM-SHA384',
    'DHE-PSK-CHACHA20-POLY1305',
  ]) {
    it(`go with ${cipher}`, async () => {
      await using server = await echo({ pskCallback: () => key, dhparam: 'auto' });
      const accepted = server.nextSocket();
      const answer = await talk(server.port, { ...withPsk('x', key), maxVersion: 'TLSv1.2', ciphers: cipher });
      assert.equal(answer, 'hello');
      assert.equal((await accepted).getCipher().name, cipher);
    });
  }

  it('have options that are checked', () => {
    assert.throws(() => createServer({ pskCallback: 5 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => createServer({ pskIdentityHint: 5 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => createServer({ pskIdentityHint: 'x'.repeat(129) }), {
      code: 'ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED',
    });
  });
});
