import assert from 'node:assert/strict';
import { createHash, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { pinnedKeys, spiffeIds, type TlsOptions } from '../../src/index.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import type { KeyUsage } from '../../src/x509/certificate-extensions.ts';
import { extension, makeCertificate, pemOf, spkiOf, testKey, testName, values } from '../support/certificate-maker.ts';
import { client, listen } from '../support/tls-pair.ts';

const pinOf = (key: KeyObject): string => `sha256/${createHash('sha256').update(spkiOf(key)).digest('base64')}`;

const rootKey = testKey('p256', 70);
const root = makeCertificate({
  key: rootKey,
  subject: testName({ CN: 'pins' }),
  extensions: [extension('basicConstraints', values.basicConstraints(true), true)],
});
const key = testKey('p256', 71);
const otherKey = testKey('p256', 72);
const issuer = { certificate: root, key: rootKey };
const good = makeCertificate({ key, issuer });
const selfSigned = makeCertificate({ key });

/** Whether a server lets a client in that shows a certificate; else the alert. */
async function knock(server: TlsOptions, chain: readonly Certificate[], clientKey = key): Promise<string> {
  await using at = await listen({ requestCert: true, ca: pemOf(root), ...server }, (socket) => socket.end('welcome'));
  const pem = clientKey.export({ type: 'pkcs8', format: 'pem' });
  const socket = client(at.port, { key: pem, cert: chain.map(pemOf).join('') });
  const heard = await Promise.race([
    once(socket, 'data').then(([data]) => String(data)),
    new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message))),
  ]);
  socket.destroy();
  return heard;
}

describe('pinnedKeys', () => {
  it('lets in who is authorized and has a pinned key, or an authority with one', async () => {
    for (const pins of [[pinOf(key)], [pinOf(rootKey)], [pinOf(otherKey), pinOf(key)]]) {
      assert.equal(await knock({ verifyClient: pinnedKeys(pins) }, [good]), 'welcome');
    }
    for (const pins of [[pinOf(otherKey)], []]) {
      assert.match(await knock({ verifyClient: pinnedKeys(pins) }, [good]), /alert bad certificate/);
    }
  });

  it('does not heed keys that a client only shows, and authorizes nobody', async () => {
    const stranger = makeCertificate({ key: otherKey });
    const verifyClient = pinnedKeys([pinOf(otherKey)]);
    assert.match(await knock({ verifyClient }, [good, stranger]), /alert bad certificate/);
    assert.match(await knock({ verifyClient: pinnedKeys([pinOf(key)]) }, [selfSigned]), /alert unknown ca/);
  });

  it('may count alone, for the key of the client itself', async () => {
    const verifyClient = pinnedKeys([pinOf(key)], { alone: true });
    assert.equal(await knock({ verifyClient }, [selfSigned]), 'welcome');
    assert.equal(await knock({ verifyClient }, [good]), 'welcome');
    const other = makeCertificate({ key: otherKey, issuer });
    assert.match(await knock({ verifyClient }, [other], otherKey), /alert bad certificate/);
    assert.match(await knock({ verifyClient }, [other, selfSigned], otherKey), /alert bad certificate/);
    const authority = pinnedKeys([pinOf(rootKey)], { alone: true });
    assert.match(await knock({ verifyClient: authority }, [good]), /alert bad certificate/);
  });

  it('refuses pins that are none', () => {
    for (const pin of ['', 'sha256/', 'sha1/AAAA', pinOf(key).slice(0, -1), `${pinOf(key)}=`, 5, undefined]) {
      assert.throws(() => pinnedKeys([pin as string]), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    assert.throws(() => pinnedKeys(pinOf(key) as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

/** A leaf of X.509-SVID, right or wrong. */
const svid = (names: readonly string[], uses: readonly KeyUsage[] = ['digitalSignature'], ca = false): Certificate =>
  makeCertificate({
    key,
    issuer,
    extensions: [
      extension('subjectAltName', values.names(...names)),
      ...(uses.length > 0 ? [extension('keyUsage', values.keyUsage(...uses), true)] : []),
      ...(ca ? [extension('basicConstraints', values.basicConstraints(true), true)] : []),
    ],
  });

describe('spiffeIds', () => {
  const verifyClient = spiffeIds(['spiffe://example.org/web', 'spiffe://example.org/ns/prod/*', 'spiffe://whole.org']);
  const welcome: readonly (readonly string[])[] = [
    ['uri:spiffe://example.org/web'],
    ['uri:spiffe://example.org/ns/prod/db'],
    ['uri:spiffe://example.org/ns/prod/a/b'],
    ['uri:spiffe://whole.org'],
    ['dns:web.example.org', 'uri:spiffe://example.org/web'],
  ];
  for (const names of welcome) {
    it(`lets in ${names}`, async () => assert.equal(await knock({ verifyClient }, [svid(names)]), 'welcome'));
  }

  const refused: [names: readonly string[], uses?: readonly KeyUsage[], ca?: boolean][] = [
    [['uri:spiffe://example.org/web2']],
    [['uri:spiffe://example.org/web/']],
    [['uri:spiffe://example.org/Web']],
    [['uri:spiffe://example.org/ns/prod/']],
    [['uri:spiffe://example.org/ns/prod']],
    [['uri:spiffe://example.org/ns/prod/../../web']],
    [['uri:spiffe://example.org/ns/prod/%2e']],
    [['uri:spiffe://example.org:80/web']],
    [['uri:spiffe://user@example.org/web']],
    [['uri:spiffe://other.org/web']],
    [['uri:https://example.org/web']],
    [['dns:example.org']],
    [['uri:spiffe://example.org/web', 'uri:spiffe://example.org/other']],
    [['uri:spiffe://example.org/web'], []],
    [['uri:spiffe://example.org/web'], ['keyAgreement']],
    [['uri:spiffe://example.org/web'], ['digitalSignature', 'cRLSign']],
    [['uri:spiffe://example.org/web'], ['digitalSignature', 'keyCertSign'], true],
  ];
  for (const [names, uses, ca] of refused) {
    it(`refuses ${names} ${uses ? `for ${uses}` : ''}`, async () => {
      assert.match(await knock({ verifyClient }, [svid(names, uses, ca)]), /alert/);
    });
  }

  it('authorizes nobody whom no authority vouches for', async () => {
    const { extensions } = { extensions: [extension('subjectAltName', values.names('uri:spiffe://example.org/web'))] };
    const uses = extension('keyUsage', values.keyUsage('digitalSignature'), true);
    const stranger = makeCertificate({ key, extensions: [...extensions, uses] });
    assert.match(await knock({ verifyClient }, [stranger]), /alert unknown ca/);
  });

  it('refuses IDs that are none', () => {
    for (const id of [
      '',
      'spiffe://',
      'spiffe://Example.org',
      'https://example.org/x',
      'spiffe://a/*/b',
      'spiffe://a//b',
      5,
    ]) {
      assert.throws(() => spiffeIds([id as string]), { code: 'ERR_INVALID_ARG_VALUE' }, String(id));
    }
    assert.throws(() => spiffeIds(['spiffe://a/..', 'spiffe://a']), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => spiffeIds('spiffe://a' as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
