import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { createSecureContext, type TlsOptions } from '../../src/index.ts';
import { ca, identity } from '../support/identities.ts';
import { client, connect, listen } from '../support/tls-pair.ts';

// What the files hold, and who made them, is told in src/x509/pkcs12.test.ts.
const folder = fileURLToPath(new URL('../../../test/fixtures/pkcs12/', import.meta.url));
const file = (name: string): Buffer => readFileSync(`${folder}${name}.p12`);
const modern = file('modern');
const rsa = file('rsa');
const own = identity('p256');

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

/** The names of the certificates that a server shows, its own first. */
async function shownBy(options: TlsOptions, clientOptions: tls.ConnectionOptions = {}): Promise<string[]> {
  await using at = await listen({ key: undefined, cert: undefined, ...options });
  const socket = await connect(at.port, { rejectUnauthorized: false, ...clientOptions });
  const names: string[] = [];
  let certificate: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.subject && names.length < 5) {
    names.push(String(certificate.subject.CN));
    certificate = certificate.issuerCertificate === certificate ? undefined : certificate.issuerCertificate;
  }
  socket.destroy();
  return names;
}

const whole = ['tsls test client', 'tsls test middle', 'tsls test root'];

describe('pfx', () => {
  const files: Readonly<Record<string, readonly string[]>> = {
    modern: whole,
    plain: whole,
    java: whole,
    nss: whole,
    'no-mac': whole,
    legacy: whole,
    'nss-legacy': whole,
    'rc2-128': whole,
    rsa: ['tsls test rsa'],
  };
  for (const [name, shown] of Object.entries(files)) {
    for (const maxVersion of versions) {
      it(`${name}.p12 is an identity, ${maxVersion}`, async () => {
        assert.deepEqual(await shownBy({ pfx: file(name), passphrase: 'secret', maxVersion }), shown);
      });
    }
  }

  it('has the forms of Node: bytes, arrays, and a passphrase for each', async () => {
    const forms: TlsOptions[] = [
      { pfx: [modern], passphrase: 'secret' },
      { pfx: new Uint8Array(modern), passphrase: 'secret' },
      { pfx: modern.toString('latin1'), passphrase: 'secret' },
      { pfx: [{ buf: modern, passphrase: 'secret' }] },
      { pfx: { buf: modern, passphrase: 'secret' } },
      { pfx: [{ buf: modern, passphrase: 'secret' }], passphrase: 'another' },
      { pfx: [{ buf: modern }], passphrase: 'secret' },
      { pfx: [{ buf: modern, passphrase: Buffer.from('secret') }] },
      { pfx: file('empty-password') },
      { pfx: file('empty-password'), passphrase: '' },
      { pfx: file('unicode-password'), passphrase: 'Grüße 😀' },
    ];
    for (const options of forms) assert.deepEqual(await shownBy(options), whole);
  });

  it('may be several, and stand beside key and cert', async () => {
    const both: TlsOptions = { pfx: [modern, { buf: rsa, passphrase: 'secret' }], passphrase: 'secret' };
    const ecdsa = { sigalgs: 'ECDSA+SHA256' };
    const rsaPss = { sigalgs: 'RSA-PSS+SHA256' };
    assert.deepEqual(await shownBy(both, ecdsa), whole);
    assert.deepEqual(await shownBy(both, rsaPss), ['tsls test rsa']);
    const beside: TlsOptions = { key: own.key, cert: own.cert, pfx: rsa, passphrase: 'secret' };
    assert.notDeepEqual(await shownBy(beside, ecdsa), ['tsls test rsa']);
    assert.deepEqual(await shownBy(beside, rsaPss), ['tsls test rsa']);
    // Of one kind the PFX's counts, as in Node.
    assert.deepEqual(await shownBy({ ...beside, pfx: modern }), whole);
  });

  it('null and undefined are none', () => {
    for (const pfx of [null, undefined]) assert.ok(createSecureContext({ pfx: pfx as undefined }));
  });
});

describe('a pfx that cannot be used is refused in the words of Node', () => {
  const wrong: [name: string, options: object][] = [
    ['a wrong passphrase', { pfx: modern, passphrase: 'wrong' }],
    ['no passphrase', { pfx: modern }],
    ['a wrong passphrase of its own', { pfx: [{ buf: modern, passphrase: 'wrong' }], passphrase: 'secret' }],
    ['nothing', { pfx: Buffer.alloc(0) }],
    ['half of it', { pfx: modern.subarray(0, modern.length / 2), passphrase: 'secret' }],
    ['no key in it', { pfx: file('no-key'), passphrase: 'secret' }],
    ['a number', { pfx: 1 }],
    ['false', { pfx: false }],
    ['an object', { pfx: {} }],
    ['an array with an object', { pfx: [{}] }],
  ];
  const thrownBy = (create: (options: object) => unknown, options: object): Partial<Error & { code: string }> => {
    try {
      create(options);
    } catch (error) {
      return error as Error;
    }
    return {};
  };
  for (const [name, options] of wrong) {
    it(name, () => {
      const ours = thrownBy(createSecureContext, options);
      const nodes = thrownBy(tls.createSecureContext, options);
      assert.ok(nodes.message);
      assert.equal(ours.message, nodes.message);
      // Where OpenSSL fails, Node gives no code.
      if (nodes.code) assert.equal(ours.code, nodes.code);
      else assert.match(ours.code ?? '', /^ERR_OSSL_/);
    });
  }

  it('something that is no PKCS #12, and what Node cannot read', () => {
    assert.throws(() => createSecureContext({ pfx: Buffer.from([0x30, 0x03, 0x02, 0x01, 0x05]) }), {
      code: 'ERR_CRYPTO_OPERATION_FAILED',
    });
    assert.throws(() => createSecureContext({ pfx: modern, passphrase: 5 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    // OpenSSL 3.0 reads no file without a MAC.
    assert.throws(() => createSecureContext({ pfx: file('no-mac'), passphrase: 'wrong' }), { message: 'bad decrypt' });
  });
});

describe('certificates of a pfx beside the key are authorities for clients, as in Node', () => {
  const cases: [name: string, options: TlsOptions & tls.TlsOptions, isAuthorized: boolean][] = [
    ['without ca', { pfx: modern, passphrase: 'secret' }, true],
    ['with another ca', { pfx: modern, passphrase: 'secret', ca }, true],
    ['and not without it', { key: own.key, cert: own.cert }, false],
  ];
  for (const [name, options, isAuthorized] of cases) {
    it(name, async () => {
      const asking = { ...options, requestCert: true, rejectUnauthorized: false };
      const clientOptions = { pfx: modern, passphrase: 'secret', rejectUnauthorized: false };
      await using at = await listen({ key: undefined, cert: undefined, ...asking });
      const accepted = at.nextSocket();
      const ours = client(at.port, clientOptions);
      assert.equal((await accepted).authorized, isAuthorized);
      ours.destroy();

      const theirs = tls.createServer(asking).listen(0, '127.0.0.1');
      await once(theirs, 'listening');
      const secured = once(theirs, 'secureConnection') as Promise<[tls.TLSSocket]>;
      const socket = client((theirs.address() as AddressInfo).port, clientOptions);
      const [peer] = await secured;
      assert.equal(peer.authorized, isAuthorized);
      socket.destroy();
      peer.destroy();
      theirs.close();
    });
  }

  it('and the client is told their names', () => {
    const { context } = createSecureContext({ pfx: modern, passphrase: 'secret', ca });
    const names = context.clientTrust.authentication(true).authorities;
    assert.equal(names.length, 3);
    assert.ok(names.some((name) => Buffer.from(name).includes('tsls test root')));
  });
});
