import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import type { TlsOptions } from '../../src/index.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import { PurposeOid } from '../../src/x509/oids.ts';
import { encodePem } from '../../src/x509/pem.ts';
import {
  type CertificateSpecification,
  extension,
  makeCertificate,
  makeList,
  pemOf,
  testKey,
  testName,
  values,
} from '../support/certificate-maker.ts';
import { identity } from '../support/identities.ts';
import { client, listen } from '../support/tls-pair.ts';

// What servers of tsls and of node:tls think of the same clients, over real connections, and the alert that ours sends.

interface Issuer {
  readonly certificate: Certificate;
  readonly key: ReturnType<typeof testKey>;
}

const day = 86_400_000;
const fromNow = (days: number): Date => new Date(Date.now() + days * day);

const authorityExtensions = [
  extension('basicConstraints', values.basicConstraints(true), true),
  extension('keyUsage', values.keyUsage('keyCertSign', 'cRLSign'), true),
];

function makeAuthority(name: string, number: number, issuer?: Issuer): Issuer {
  const key = testKey('p256', number);
  const subject = testName({ CN: name });
  const certificate = makeCertificate({ subject, key, extensions: authorityExtensions, ...(issuer && { issuer }) });
  return { certificate, key };
}

const root = makeAuthority('root', 1);
const middle = makeAuthority('middle', 2, root);
const stranger = makeAuthority('stranger', 3);
/** Has the name of `middle`, and another key. */
const impostor = makeAuthority('middle', 4, root);

const leafKey = testKey('p256', 5);
const purpose = (...oids: readonly string[]): Uint8Array => extension('extKeyUsage', values.oids(...oids));
const leaf = (more: Partial<CertificateSpecification> = {}): Certificate =>
  makeCertificate({
    subject: testName({ CN: 'client' }),
    key: leafKey,
    issuer: middle,
    extensions: [purpose(PurposeOid.clientAuth)],
    ...more,
  });
const good = leaf();
const weakKey = testKey('rsa1024');

const crlOf = (...specification: Parameters<typeof makeList>): string =>
  encodePem('X509 CRL', makeList(...specification));
const rootCrl = crlOf({ issuer: root });
const middleCrl = crlOf({ issuer: middle });

/** What a client shows, what a server trusts, and what the server has to think of it. */
interface Case {
  readonly chain: readonly Certificate[];
  readonly key?: ReturnType<typeof testKey>;
  readonly server?: TlsOptions & tls.TlsOptions;
  /** `authorizationError` and the alert; nothing for a client that is authorized. */
  readonly refused?: readonly [code: string, alert: string];
}

const alone = makeCertificate({ subject: testName({ CN: 'alone' }), key: leafKey });
const lists = (...crl: readonly string[]): { crl: string[] } => ({ crl: [...crl] });

const cases: Readonly<Record<string, Case>> = {
  'a good chain': { chain: [good, middle.certificate] },
  'with its root': { chain: [good, middle.certificate, root.certificate] },
  unordered: { chain: [good, root.certificate, middle.certificate] },
  'with certificates that nobody needs': { chain: [good, stranger.certificate, alone, middle.certificate] },
  expired: {
    chain: [leaf({ notBefore: fromNow(-2), notAfter: fromNow(-1) }), middle.certificate],
    refused: ['CERT_HAS_EXPIRED', 'certificate expired'],
  },
  'not yet valid': {
    chain: [leaf({ notBefore: fromNow(1), notAfter: fromNow(2) }), middle.certificate],
    refused: ['CERT_NOT_YET_VALID', 'certificate expired'],
  },
  'self-signed': { chain: [alone], refused: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unknown ca'] },
  'of an unknown authority, which it shows': {
    chain: [leaf({ issuer: stranger }), stranger.certificate],
    refused: ['SELF_SIGNED_CERT_IN_CHAIN', 'unknown ca'],
  },
  'of an unknown authority': {
    chain: [leaf({ issuer: stranger })],
    refused: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown ca'],
  },
  'without the certificate between': { chain: [good], refused: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown ca'] },
  'signed by somebody else of the same name': {
    chain: [leaf({ issuer: impostor }), middle.certificate],
    refused: ['CERT_SIGNATURE_FAILURE', 'decrypt error'],
  },
  'for servers only': {
    chain: [leaf({ extensions: [purpose(PurposeOid.serverAuth)] }), middle.certificate],
    refused: ['INVALID_PURPOSE', 'unsupported certificate'],
  },
  'not revoked': { chain: [good, middle.certificate], server: lists(rootCrl, middleCrl) },
  revoked: {
    chain: [good, middle.certificate],
    server: lists(rootCrl, crlOf({ issuer: middle, revoked: [{ serial: good.serial, reason: 1 }] })),
    refused: ['CERT_REVOKED', 'certificate revoked'],
  },
  'of an authority that is revoked': {
    chain: [good, middle.certificate],
    server: lists(middleCrl, crlOf({ issuer: root, revoked: [{ serial: middle.certificate.serial }] })),
    refused: ['CERT_REVOKED', 'certificate revoked'],
  },
  'with a CRL that has expired': {
    chain: [good, middle.certificate],
    server: lists(rootCrl, crlOf({ issuer: middle, thisUpdate: fromNow(-2), nextUpdate: fromNow(-1) })),
    refused: ['CRL_HAS_EXPIRED', 'certificate expired'],
  },
  'with a CRL that is not yet valid': {
    chain: [good, middle.certificate],
    server: lists(rootCrl, crlOf({ issuer: middle, thisUpdate: fromNow(1), nextUpdate: fromNow(2) })),
    refused: ['CRL_NOT_YET_VALID', 'bad certificate'],
  },
  'with a CRL of another signer': {
    chain: [good, middle.certificate],
    server: lists(rootCrl, crlOf({ issuer: { certificate: middle.certificate, key: stranger.key } })),
    refused: ['CRL_SIGNATURE_FAILURE', 'decrypt error'],
  },
  'without a CRL of its issuer': {
    chain: [good, middle.certificate],
    server: lists(rootCrl),
    refused: ['UNABLE_TO_GET_CRL', 'unknown ca'],
  },
  'signed with SHA-1': {
    chain: [leaf({ signature: 'sha1' }), middle.certificate],
    refused: ['UNSPECIFIED', 'bad certificate'],
  },
  'signed with SHA-1, where that is allowed': {
    chain: [leaf({ signature: 'sha1' }), middle.certificate],
    server: { ciphers: 'DEFAULT@SECLEVEL=0' },
  },
  'with a key too weak for level 2': {
    chain: [leaf({ key: weakKey }), middle.certificate],
    key: weakKey,
    server: { ciphers: 'DEFAULT@SECLEVEL=2' },
    refused: ['UNSPECIFIED', 'bad certificate'],
  },
  'with a key too weak, where that is allowed': {
    chain: [leaf({ key: weakKey }), middle.certificate],
    key: weakKey,
    server: { ciphers: 'DEFAULT@SECLEVEL=0' },
  },
};

const trusting = { ...identity('p256'), ca: pemOf(root.certificate), requestCert: true };

const clientOptions = ({ chain, key = leafKey }: Case, maxVersion: tls.SecureVersion): tls.ConnectionOptions => ({
  key: key.export({ type: 'pkcs8', format: 'pem' }),
  cert: chain.map(pemOf).join(''),
  ciphers: 'DEFAULT@SECLEVEL=0', // it sends what it has, however weak
  maxVersion,
});

/** What Node's server has as `authorizationError`. */
async function askNode(tried: Case, version: tls.SecureVersion): Promise<string | null> {
  const server = tls.createServer({ ...trusting, ...tried.server, rejectUnauthorized: false });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const socket = client((server.address() as AddressInfo).port, clientOptions(tried, version)).on('error', () => {});
  const [peer] = await accepted;
  socket.destroy();
  peer.destroy();
  server.close();
  return (peer.authorizationError as unknown as string | undefined) ?? null;
}

/** What ours has. */
async function askOurs(tried: Case, version: tls.SecureVersion): Promise<string | null> {
  await using at = await listen({ ...trusting, ...tried.server, rejectUnauthorized: false });
  const accepted = at.nextSocket();
  const socket = client(at.port, clientOptions(tried, version)).on('error', () => {});
  const { authorized, authorizationError } = await accepted;
  socket.destroy();
  assert.equal(authorized, authorizationError === null);
  return authorizationError as string | null;
}

/** What a client hears of a server that lets in only whom it trusts. */
async function knock(tried: Case, version: tls.SecureVersion): Promise<string> {
  await using at = await listen({ ...trusting, ...tried.server }, (socket) => socket.end('welcome'));
  const socket = client(at.port, clientOptions(tried, version));
  const heard = new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(String(data)));
    socket.once('error', (error) => resolve(error.message));
  });
  const answer = await heard;
  socket.destroy();
  return answer;
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  describe(`a client's certificate, ${version}`, () => {
    for (const [name, tried] of Object.entries(cases)) {
      it(name, async () => {
        const [code, alert] = tried.refused ?? [null, ''];
        assert.equal(await askOurs(tried, version), code);
        assert.equal(await askNode(tried, version), code, 'node:tls thinks otherwise');
        const answer = await knock(tried, version);
        if (code === null) assert.equal(answer, 'welcome');
        else assert.match(answer, new RegExp(`alert ${alert}`));
      });
    }

    it('with a weak key is judged at the level that the OpenSSL of this Node has', async () => {
      const tried = { chain: [leaf({ key: weakKey }), middle.certificate], key: weakKey };
      assert.equal(await askOurs(tried, version), await askNode(tried, version));
    });
  });
}
