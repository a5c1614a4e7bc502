import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientTrust } from '../../src/node/client-trust.ts';
import { getCACertificates, setDefaultCACertificates } from '../../src/node/node-authorities.ts';
import { contextTag } from '../../src/x509/der.ts';
import { der, derOid, derSequence, derString } from '../../src/x509/der-writer.ts';
import { PurposeOid } from '../../src/x509/oids.ts';
import { encodePem } from '../../src/x509/pem.ts';
import {
  extension,
  makeCertificate,
  makeList,
  pemOf,
  testKey,
  testName,
  values,
} from '../support/certificate-maker.ts';

// Whom the options of a secure context make trusted.

const authority = {
  certificate: makeCertificate({
    subject: testName({ CN: 'authority' }),
    key: testKey('p256', 1),
    extensions: [extension('basicConstraints', values.basicConstraints(true), true)],
  }),
  key: testKey('p256', 1),
};
const stranger = makeCertificate({ subject: testName({ CN: 'stranger' }), key: testKey('p256', 1) });
const chain = [
  makeCertificate({ subject: testName({ CN: 'client' }), key: testKey('p256', 2), issuer: authority }).der,
];

describe('an authority with trust settings of OpenSSL', () => {
  const { clientAuth, serverAuth, any } = PurposeOid;
  const trusted = (...oids: readonly string[]): Uint8Array => derSequence(...oids.map(derOid));
  const rejected = (...oids: readonly string[]): Uint8Array => der(contextTag(0), ...oids.map(derOid));
  const name = derString('an alias');

  // By OpenSSL's documentation (openssl-verification-options, "Trust settings").
  for (const [what, settings, isTrusted] of [
    ['none', undefined, true],
    ['a name alone', derSequence(name), true],
    ['trusted for clients', derSequence(trusted(clientAuth), name), true],
    ['trusted for servers and clients', derSequence(trusted(serverAuth, clientAuth)), true],
    ['trusted for everything', derSequence(trusted(any)), true],
    ['rejected for servers', derSequence(rejected(serverAuth)), true],
    ['trusted for servers', derSequence(trusted(serverAuth)), false],
    ['trusted for nothing', derSequence(trusted()), false],
    ['rejected for clients', derSequence(rejected(clientAuth), name), false],
    ['rejected for everything', derSequence(rejected(any)), false],
    ['trusted and rejected for clients', derSequence(trusted(clientAuth), rejected(clientAuth)), false],
  ] as const) {
    it(`${what}: ${isTrusted ? 'is trusted' : 'is not trusted'}, and clients are told of it accordingly`, () => {
      const content = Buffer.concat([authority.certificate.der, settings ?? new Uint8Array()]);
      const trust = new ClientTrust({ ca: encodePem('TRUSTED CERTIFICATE', content) }, 1);
      assert.equal(trust.verify(chain).authorized, isTrusted);
      assert.equal(trust.authentication(true).authorities.length, isTrusted ? 1 : 0);
    });
  }
  it('or with something else behind it is an error', () => {
    const content = Buffer.concat([authority.certificate.der, derString('x')]);
    assert.throws(() => new ClientTrust({ ca: encodePem('TRUSTED CERTIFICATE', content) }, 1), { code: 'ERR_DER' });
  });
});

describe('the authorities that Node trusts by default', () => {
  it('are trusted though one of them cannot be read here', () => {
    const before = getCACertificates('default');
    // TRUE is 0xff (X.690 section 11.1); OpenSSL takes any byte but 0.
    const odd = Buffer.from(authority.certificate.der);
    const at = odd.indexOf(Uint8Array.of(1, 1, 0xff));
    odd[at + 2] = 1;
    try {
      setDefaultCACertificates([encodePem('CERTIFICATE', odd), pemOf(authority.certificate)]);
      assert.equal(new ClientTrust({}, 1).verify(chain).authorized, true);
    } finally {
      setDefaultCACertificates(before);
    }
    assert.equal(new ClientTrust({}, 1).verify(chain).authorized, false);
  });
});

it('an empty list of CRLs is none, as in Node, and an empty list of authorities trusts nobody', () => {
  const ca = pemOf(authority.certificate);
  const otherList = encodePem('X509 CRL', makeList({ issuer: { ...authority, certificate: stranger } }));
  assert.equal(new ClientTrust({ ca, crl: [] }, 1).verify(chain).authorized, true);
  assert.equal(new ClientTrust({ ca, crl: [otherList] }, 1).verify(chain).code, 'UNABLE_TO_GET_CRL');
  assert.equal(new ClientTrust({ ca: [] }, 1).verify(chain).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

it('a subject as long as a message is not repeated in the reason', () => {
  const long = makeCertificate({ subject: testName({ CN: 'x'.repeat(50_000) }), key: testKey('p256', 2) });
  const verdict = new ClientTrust({ ca: pemOf(authority.certificate) }, 1).verify([long.der]);
  assert.equal(verdict.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  assert.ok(verdict.message!.length < 1000);
});
