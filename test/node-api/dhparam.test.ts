import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { namedFiniteFields } from '../../src/crypto/finite-fields.ts';
import { createSecureContext, type TlsOptions } from '../../src/index.ts';
import { derInteger, derSequence } from '../../src/x509/der-writer.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { ext, hello12, withExtension } from '../support/client-hello.ts';
import { identity } from '../support/identities.ts';
import { RawClient } from '../support/raw-client.ts';
import { client, connect, listen, readAll } from '../support/tls-pair.ts';

const parameters = readFileSync(fileURLToPath(new URL('../../../test/fixtures/dh2048.pem', import.meta.url)), 'utf8');
const suites = ['DHE-RSA-AES128-GCM-SHA256', 'DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-CHACHA20-POLY1305'];
const only = (ciphers: string): tls.ConnectionOptions => ({ ciphers, maxVersion: 'TLSv1.2' });

describe('dhparam', () => {
  for (const [what, dhparam, kind] of [
    ['auto', 'auto', 'rsa'],
    ['auto', 'auto', 'rsa-pss'],
    ['PEM', parameters, 'rsa'],
    ['bytes of PEM', Buffer.from(parameters), 'rsa'],
  ] as const) {
    for (const suite of suites) {
      it(`${what}, ${kind}: ${suite}`, async () => {
        await using at = await listen({ ...identity(kind), dhparam }, (socket) => socket.pipe(socket));
        const accepted = at.nextSocket();
        const peer = await connect(at.port, only(suite));
        const socket = await accepted;
        const { type, size } = peer.getEphemeralKeyInfo() as tls.EphemeralKeyInfo;
        assert.deepEqual([type, size], ['DH', 2048]);
        assert.deepEqual([peer.getCipher().name, socket.getCipher().name], [suite, suite]);
        assert.equal(socket.getCipher().standardName, peer.getCipher().standardName);
        assert.equal(socket.handshakeReport.group, dhparam === 'auto' ? 0x0100 : undefined);
        peer.end('through a field');
        assert.equal((await readAll(peer)).toString(), 'through a field');
      });
    }
  }

  it('sessions that were made so are resumed', async () => {
    await using at = await listen({ ...identity('rsa'), dhparam: 'auto' }, (socket) => socket.end());
    const first = await connect(at.port, only(suites[0]!));
    const session = first.getSession();
    first.destroy();
    const second = await connect(at.port, { ...only(suites[0]!), session });
    assert.equal(second.isSessionReused(), true);
    second.destroy();
  });

  it('without it there is no DHE, and ECDHE is liked better with it', async () => {
    const refused = await listen(identity('rsa'));
    const failed = refused.nextError();
    client(refused.port, only(suites.join(':'))).on('error', () => {});
    const { alert, code } = await failed;
    assert.deepEqual([alert, code], ['handshake_failure', 'ERR_SSL_NO_SHARED_CIPHER']);
    await refused[Symbol.asyncDispose]();
    await using at = await listen({ ...identity('rsa'), dhparam: 'auto' });
    const peer = await connect(at.port, only([suites[0], 'ECDHE-RSA-AES128-GCM-SHA256'].join(':')));
    assert.equal(peer.getCipher().name, 'ECDHE-RSA-AES128-GCM-SHA256');
    peer.destroy();
  });

  it('is of no use to a server without an RSA key', async () => {
    await using at = await listen({ ...identity('p256'), dhparam: 'auto' });
    const failed = at.nextError();
    client(at.port, only(suites.join(':'))).on('error', () => {});
    assert.equal((await failed).code, 'ERR_SSL_NO_SHARED_CIPHER');
  });

  const choose = (dhparam: string, groups: readonly number[] | undefined) => {
    const hello = { ...hello12(), cipherSuites: [0x009e] };
    const options = { identities: ['rsa'] as const, context: { dhparam } };
    const sent = groups ? withExtension(hello, ext.supportedGroups(groups)) : hello;
    const { connection, failure } = new RawClient(options).sendHello(sent).server;
    return failure ? failure.alert : connection.report.group;
  };

  it('auto: a client that names fields gets one of these (RFC 7919 section 4)', () => {
    assert.equal(choose('auto', [0x1d, 0x0101, 0x0102]), 0x0101);
    assert.equal(choose('auto', [0x0102]), 0x0102);
    assert.equal(choose('auto', [0x1d]), 0x0100);
    assert.equal(choose('auto', undefined), 0x0100);
    assert.equal(choose('auto', [0x1d, 0x01fc]), 'insufficientSecurity');
  });

  it("the operator's parameters are not for clients that name other fields", () => {
    assert.equal(choose(parameters, [0x1d, 0x0102]), 'insufficientSecurity');
    assert.equal(choose(parameters, [0x1d]), undefined);
    assert.equal(choose(parameters, undefined), undefined);
  });

  it("parameters that are one of RFC 7919's fields are known as such", () => {
    const { prime } = namedFiniteFields(3072)[0]!;
    const pem = (generator: number) =>
      encodePem('DH PARAMETERS', derSequence(derInteger(prime), derInteger(generator)));
    assert.equal(choose(pem(2), [0x0102, 0x0101]), 0x0101);
    assert.equal(choose(pem(2), undefined), 0x0101);
    assert.equal(choose(pem(5), undefined), undefined);
  });

  it('errors', async () => {
    const make = (options: TlsOptions) => createSecureContext({ ...identity('rsa'), ...options });
    assert.throws(() => make({ dhparam: 7 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => make({ dhparam: parameters, ciphers: 'HIGH:@SECLEVEL=3' }), {
      code: /DH_KEY_TOO_SMALL|EE_KEY/,
    });
    const tiny = '-----BEGIN DH PARAMETERS-----\nMAoCBQD/////AgEC\n-----END DH PARAMETERS-----\n';
    assert.throws(() => make({ dhparam: tiny }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: 'DH parameter is less than 1024 bits',
    });
    for (const dhparam of ['nonsense', identity('rsa').cert, parameters.slice(0, 100)]) {
      const warned = once(process, 'warning');
      assert.equal(make({ dhparam }).config.finiteFields, undefined);
      const [warning] = (await warned) as [Error];
      assert.equal(warning.name, 'SecurityWarning');
    }
  });
});
