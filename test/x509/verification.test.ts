import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { rootCertificates } from 'node:tls';
import { verificationCrypto } from '../../src/crypto/node/certificate-signatures.ts';
import { type Certificate, readCertificate } from '../../src/x509/certificate.ts';
import { readCertificateList } from '../../src/x509/certificate-list.ts';
import { contextTag } from '../../src/x509/der.ts';
import { der, derInteger, derNull, derOctetString, derOid, derSequence } from '../../src/x509/der-writer.ts';
import { anyPolicy, PurposeOid } from '../../src/x509/oids.ts';
import { certificatesOfPem } from '../../src/x509/pem.ts';
import { RevocationLists } from '../../src/x509/verification/revocation-lists.ts';
import { TrustStore } from '../../src/x509/verification/trust-store.ts';
import { type Verdict, type VerificationOptions, verify } from '../../src/x509/verification/verify.ts';
import {
  type CertificateSpecification,
  extension,
  type KeyKind,
  type ListSpecification,
  makeCertificate,
  makeList,
  testKey,
  testName,
  values,
} from '../support/certificate-maker.ts';

interface Authority {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

const authorityExtensions = [
  extension('basicConstraints', values.basicConstraints(true), true),
  extension('keyUsage', values.keyUsage('keyCertSign', 'cRLSign'), true),
];

function authority(
  name: string,
  issuer?: Authority,
  more: readonly Uint8Array[] = [],
  kind: KeyKind = 'p256',
): Authority {
  const key = testKey(
    kind,
    [...name].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 0),
  );
  const certificate = makeCertificate({
    subject: testName({ CN: name }),
    key,
    ...(issuer && { issuer }),
    extensions: [...authorityExtensions, ...more],
  });
  return { certificate, key };
}

const leaf = (issuer: Authority, specification: Partial<CertificateSpecification> = {}): Certificate =>
  makeCertificate({ subject: testName({ CN: 'client' }), key: testKey('p256', 1), issuer, ...specification });

const judge = (
  chain: readonly [Certificate, ...Certificate[]],
  trusted: readonly Certificate[],
  options: Partial<VerificationOptions> = {},
): Verdict =>
  verify(chain, { trust: new TrustStore(trusted), crypto: verificationCrypto, time: new Date(), ...options });

const errorOf = (verdict: Verdict): string => (verdict.authorized ? 'authorized' : verdict.failure.error);

const root = authority('root');
const middle = authority('middle', root);

describe('a verdict', () => {
  it('has the path, from the end entity to the trust anchor', () => {
    const client = leaf(middle);
    const verdict = judge([client, middle.certificate], [root.certificate]);
    assert.equal(verdict.authorized, true);
    assert.deepEqual(verdict.path, [client, middle.certificate, root.certificate]);
  });

  it("or Node's code and OpenSSL's message, the alert, the certificate, and why", () => {
    const client = leaf(middle, {
      notAfter: new Date(Date.UTC(2020, 1, 2)),
      notBefore: new Date(Date.UTC(2019, 1, 2)),
    });
    const verdict = judge([client, middle.certificate], [root.certificate]);
    assert.equal(verdict.authorized, false);
    const { code, message, alert, depth, certificate, reason } = verdict.failure;
    assert.deepEqual([code, message], ['CERT_HAS_EXPIRED', 'certificate has expired']);
    assert.deepEqual([alert, depth], ['certificateExpired', 0]);
    assert.equal(certificate, client);
    assert.equal(reason, 'CN=client was valid until 2020-02-02T00:00:00.000Z');
  });

  it('is that of OpenSSL where the issuer is missing, or nobody is trusted', () => {
    assert.equal(errorOf(judge([leaf(middle)], [root.certificate])), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const alone = makeCertificate({ key: testKey('p256', 1) });
    assert.equal(errorOf(judge([alone], [])), 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.equal(errorOf(judge([alone], [alone])), 'authorized');
    const all = [leaf(middle), middle.certificate, root.certificate] as const;
    assert.equal(errorOf(judge(all, [])), 'SELF_SIGNED_CERT_IN_CHAIN');
    assert.equal(errorOf(judge(all, [authority('other').certificate])), 'SELF_SIGNED_CERT_IN_CHAIN');
  });
});

describe('trust anchors', () => {
  it('are found among thousands by name and key identifier', () => {
    const certificates = rootCertificates.map((pem) => readCertificate(certificatesOfPem(pem)[0]!));
    const store = new TrustStore([...certificates, ...certificates, root.certificate]);
    assert.equal(store.size, rootCertificates.length + 1);
    for (const certificate of certificates) {
      assert.equal(store.find(readCertificate(certificate.der)), certificate);
      assert.ok(store.issuersOf(certificate).includes(certificate));
      assert.ok(store.issuersOf(certificate).length < 4);
    }
    assert.equal(store.find(middle.certificate), undefined);
  });

  it('need not be self-signed where a path may end in the middle', () => {
    const client = leaf(middle);
    assert.equal(errorOf(judge([client], [middle.certificate])), 'UNABLE_TO_GET_ISSUER_CERT');
    const verdict = judge([client], [middle.certificate], { partialChain: true });
    assert.deepEqual(verdict.authorized && verdict.path, [client, middle.certificate]);
    assert.equal(judge([client], [client], { partialChain: true }).authorized, true);
    assert.equal(judge([client], [client]).authorized, false);
  });

  it('may be signed by themselves in a way that is not verified: that proves nothing anyway', () => {
    const rsa = testKey('rsa', 1);
    for (const securityLevel of [0, 1]) {
      const old = makeCertificate({
        subject: testName({ CN: 'old' }),
        key: rsa,
        signature: 'md5',
        extensions: authorityExtensions,
      });
      const client = leaf({ certificate: old, key: rsa });
      assert.equal(errorOf(judge([client], [old], { securityLevel })), 'authorized');
      assert.equal(errorOf(judge([client, old], [old], { securityLevel })), 'authorized');
      // But below them, MD5 counts nowhere (RFC 8446 section 4.4.2.4).
      const weak = leaf({ certificate: old, key: rsa }, { signature: 'md5' });
      const verdict = judge([weak], [old], { securityLevel });
      assert.equal(errorOf(verdict), 'CA_MD_TOO_WEAK');
      assert.equal(!verdict.authorized && verdict.failure.alert, 'badCertificate');
      const middle = makeCertificate({
        subject: testName({ CN: 'weak' }),
        key: testKey('rsa', 2),
        issuer: { certificate: old, key: rsa },
        signature: 'md5',
        extensions: authorityExtensions,
      });
      const below = leaf({ certificate: middle, key: testKey('rsa', 2) });
      assert.equal(errorOf(judge([below, middle], [old], { securityLevel })), 'CA_MD_TOO_WEAK');
    }
  });

  it('cannot be imitated by their name', () => {
    const subject = root.certificate.subject.der;
    const mimic = makeCertificate({ subject, key: testKey('p256', 2), extensions: authorityExtensions });
    const client = leaf({ certificate: mimic, key: testKey('p256', 2) });
    assert.equal(errorOf(judge([client, mimic], [root.certificate])), 'CERT_SIGNATURE_FAILURE');
    const alone = makeCertificate({ subject, key: testKey('p256', 2) });
    assert.equal(errorOf(judge([alone], [root.certificate])), 'DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});

describe('the purpose', () => {
  const withPurposes = (...oids: readonly string[]): Certificate =>
    leaf(root, { extensions: [extension('extKeyUsage', values.oids(...oids))] });

  it('is that of a client, or of a server', () => {
    const [client, server] = [withPurposes(PurposeOid.clientAuth), withPurposes(PurposeOid.serverAuth)];
    assert.equal(errorOf(judge([client], [root.certificate])), 'authorized');
    assert.equal(errorOf(judge([server], [root.certificate])), 'INVALID_PURPOSE');
    assert.equal(errorOf(judge([client], [root.certificate], { purpose: 'sslserver' })), 'INVALID_PURPOSE');
    assert.equal(errorOf(judge([server], [root.certificate], { purpose: 'sslserver' })), 'authorized');
    assert.equal(errorOf(judge([withPurposes(PurposeOid.any)], [root.certificate])), 'INVALID_PURPOSE');
  });

  it('must be one of those that its authorities have', () => {
    const narrow = authority('narrow', root, [extension('extKeyUsage', values.oids(PurposeOid.serverAuth))]);
    assert.equal(errorOf(judge([leaf(narrow), narrow.certificate], [root.certificate])), 'INVALID_PURPOSE');
  });

  it('has the alert unsupported_certificate', () => {
    const verdict = judge([withPurposes(PurposeOid.emailProtection)], [root.certificate]);
    assert.equal(!verdict.authorized && verdict.failure.alert, 'unsupportedCertificate');
  });
});

describe('security levels', () => {
  const kinds: readonly [KeyKind, number][] = [
    ['rsa1024', 1],
    ['rsa', 2],
    ['p256', 3],
    ['p384', 4],
    ['p521', 5],
    ['ed25519', 3],
    ['ed448', 4],
  ];
  for (const [kind, level] of kinds) {
    it(`a key of kind ${kind} does for level ${level}`, () => {
      const strong = authority('strong', undefined, [], 'p521');
      const client = leaf(strong, { key: testKey(kind, 3), signature: 'sha512' });
      const chain = [client] as const;
      const error = (securityLevel: number) => errorOf(judge(chain, [strong.certificate], { securityLevel }));
      assert.equal(error(level), 'authorized');
      assert.equal(error(level + 1), level === 5 ? 'authorized' : 'EE_KEY_TOO_SMALL');
      const weak = authority(`weak ${kind}`, undefined, [], kind);
      const below = leaf(weak, { key: testKey('p521', 3), signature: 'sha512' });
      const above = (securityLevel: number) => errorOf(judge([below], [weak.certificate], { securityLevel }));
      assert.equal(above(level), 'authorized');
      if (level < 5) assert.notEqual(above(level + 1), 'authorized');
    });
  }

  it('SHA-1 does for level 0 only, except in the signature of the trust anchor', () => {
    const old = makeCertificate({
      subject: testName({ CN: 'old' }),
      key: testKey('rsa', 4),
      signature: 'sha1',
      extensions: authorityExtensions,
    });
    const issuer = { certificate: old, key: testKey('rsa', 4) };
    assert.equal(errorOf(judge([leaf(issuer)], [old])), 'authorized');
    const client = leaf(issuer, { signature: 'sha1' });
    assert.equal(errorOf(judge([client], [old])), 'CA_MD_TOO_WEAK');
    assert.equal(errorOf(judge([client], [old], { securityLevel: 0 })), 'authorized');
  });
});

describe('policies', () => {
  const policy = (...oids: readonly string[]): Uint8Array => extension('certificatePolicies', values.policies(...oids));
  const required = (skip: number): Uint8Array =>
    extension('policyConstraints', derSequence(der(contextTag(0, false), Uint8Array.of(skip))), true);
  const noMapping = extension('policyConstraints', derSequence(der(contextTag(1, false), Uint8Array.of(0))), true);
  const mapping = (from: string, to: string): Uint8Array =>
    extension('policyMappings', derSequence(derSequence(derOid(from), derOid(to))), true);
  const inhibited = extension('inhibitAnyPolicy', derInteger(0), true);
  const [one, two] = ['1.2.3.1', '1.2.3.2'];

  const check = (
    expected: string,
    upper: readonly Uint8Array[],
    ...lower: readonly (readonly Uint8Array[])[]
  ): void => {
    const path: Authority[] = [authority('policy authority', root, upper)];
    for (const more of lower.slice(0, -1)) path.push(authority(`below ${path.length}`, path[path.length - 1], more));
    const client = leaf(path[path.length - 1]!, { extensions: lower[lower.length - 1]! });
    const verdict = judge([client, ...path.map(({ certificate }) => certificate)], [root.certificate]);
    assert.equal(errorOf(verdict), expected);
  };

  it('need not match where none is required', () => {
    check('authorized', [policy(one)], [policy(two)]);
    check('authorized', [], []);
  });
  it('must match from where on one is required', () => {
    check('authorized', [required(0), policy(one)], [policy(one)]);
    check('NO_EXPLICIT_POLICY', [required(0), policy(one)], [policy(two)]);
    check('NO_EXPLICIT_POLICY', [required(0), policy(one)], []);
    check('NO_EXPLICIT_POLICY', [required(0)], [policy(one)]);
    check('authorized', [required(2), policy(one)], []);
    check('NO_EXPLICIT_POLICY', [required(1), policy(one)], [], []);
    check('NO_EXPLICIT_POLICY', [], [required(0)]);
  });
  it('match anyPolicy, unless that is inhibited', () => {
    check('authorized', [required(0), policy(anyPolicy)], [policy(two)]);
    check('authorized', [required(0), policy(one)], [policy(anyPolicy)]);
    check('NO_EXPLICIT_POLICY', [required(0), inhibited, policy(one)], [policy(anyPolicy)]);
  });
  it('are mapped, unless that is inhibited', () => {
    check('authorized', [required(0), policy(one), mapping(one, two)], [policy(two)]);
    check('NO_EXPLICIT_POLICY', [required(0), policy(one), mapping(one, two)], [policy(one)]);
    check('authorized', [required(0), policy(anyPolicy), mapping(one, two)], [policy(two)]);
    check('NO_EXPLICIT_POLICY', [noMapping, policy(one)], [required(0), policy(one), mapping(one, two)], [policy(two)]);
  });
  it('must be well-formed', () => {
    check('INVALID_POLICY_EXTENSION', [policy(one, one)], []);
    check('INVALID_POLICY_EXTENSION', [mapping(anyPolicy, one)], []);
    check('INVALID_POLICY_EXTENSION', [extension('inhibitAnyPolicy', derNull(), true)], []);
  });
});

describe('name constraints', () => {
  const check = (
    expected: string,
    lists: [readonly string[], (readonly string[])?],
    ...names: readonly string[]
  ): void => {
    const above = authority('constraining', root, [
      extension('nameConstraints', values.nameConstraints(...lists), true),
    ]);
    const client = leaf(above, { extensions: [extension('subjectAltName', values.names(...names))] });
    assert.equal(errorOf(judge([client, above.certificate], [root.certificate])), expected, `${names}`);
  };

  it('of hosts', () => {
    check('authorized', [['dns:example.com']], 'dns:example.com', 'dns:A.Example.COM', 'dns:*.example.com');
    check('PERMITTED_VIOLATION', [['dns:example.com']], 'dns:badexample.com');
    check('PERMITTED_VIOLATION', [['dns:.example.com']], 'dns:example.com');
    check('PERMITTED_VIOLATION', [['dns:a.example.com']], 'dns:*.example.com');
    check('EXCLUDED_VIOLATION', [[], ['dns:a.example.com']], 'dns:*.example.com');
    check('authorized', [[], ['dns:a.b.example.com']], 'dns:*.example.com');
    check('EXCLUDED_VIOLATION', [[], ['dns:']], 'dns:example.com');
    check('UNSUPPORTED_NAME_SYNTAX', [[], ['dns:example.com']], 'dns:a example.org');
    check('authorized', [['dns:example.com']], 'email:me@example.org');
  });
  it('of mail', () => {
    check('authorized', [['email:example.com']], 'email:me@EXAMPLE.com');
    check('PERMITTED_VIOLATION', [['email:example.com']], 'email:me@a.example.com');
    check('authorized', [['email:.example.com']], 'email:me@a.example.com');
    check('PERMITTED_VIOLATION', [['email:me@example.com']], 'email:Me@example.com');
    check('UNSUPPORTED_NAME_SYNTAX', [['email:example.com']], 'email:example.com');
    // A constraint to nothing has no meaning in the RFC: it permits nothing, and excludes everything.
    check('PERMITTED_VIOLATION', [['email:']], 'email:me@example.com');
    check('EXCLUDED_VIOLATION', [[], ['email:']], 'email:me@example.com');
    check('authorized', [[], ['email:']], 'dns:example.com');
    check('PERMITTED_VIOLATION', [['uri:']], 'uri:https://example.com/');
    check('EXCLUDED_VIOLATION', [[], ['uri:']], 'uri:https://example.com/');
    check('EXCLUDED_VIOLATION', [[], ['uri:']], 'uri:urn:x');
  });
  it('of addresses, URIs and names in the directory', () => {
    check('authorized', [['ip:10.0.0.0/255.0.0.0']], 'ip:10.9.8.7');
    check('PERMITTED_VIOLATION', [['ip:10.0.0.0/255.0.0.0']], 'ip:11.9.8.7');
    check('PERMITTED_VIOLATION', [['ip:10.0.0.0/255.0.0.0']], 'ip:::1');
    check('EXCLUDED_VIOLATION', [[], ['ip:2001:db8::/ffff:ffff::']], 'ip:2001:db8::7');
    check('authorized', [['uri:id.example.com']], 'uri:https://me@id.example.com:8443/x?y');
    check('PERMITTED_VIOLATION', [['uri:id.example.com']], 'uri:https://id.example.com.evil.example/');
    check('PERMITTED_VIOLATION', [['uri:id.example.com']], 'uri:https://evil.example/@id.example.com');
    check('UNSUPPORTED_NAME_SYNTAX', [['uri:id.example.com']], 'uri:urn:uuid:1');
    check('UNSUPPORTED_NAME_SYNTAX', [[], ['uri:id.example.com']], 'uri:https://10.0.0.1/');
    check('authorized', [['CN:client']], 'dns:example.com');
    check('EXCLUDED_VIOLATION', [[], ['CN: CLIENT']], 'dns:example.com');
  });
});

describe('CRLs', () => {
  const client = leaf(middle);
  const chain = [client, middle.certificate] as const;
  const point = (content: Uint8Array): Uint8Array => extension('issuingDistributionPoint', derSequence(content), true);
  const flag = (number: number): Uint8Array => der(contextTag(number, false), Uint8Array.of(0xff));
  const located = (uri: string): Uint8Array =>
    der(contextTag(0), der(contextTag(0), der(contextTag(6, false), Buffer.from(uri))));
  const ofRoot = makeList({ issuer: root });

  const check = (
    expected: string,
    list: Partial<ListSpecification>,
    subject: readonly [Certificate, Certificate] = chain,
    strict = false,
  ): void => {
    const lists = [ofRoot, makeList({ issuer: middle, ...list })].map(readCertificateList);
    assert.equal(
      errorOf(judge(subject, [root.certificate], { revocation: new RevocationLists(lists), strict })),
      expected,
    );
  };

  it('are there for every certificate, and do not list it', () => {
    check('authorized', {});
    check('authorized', { nextUpdate: null });
    check('authorized', { revoked: [{ serial: Uint8Array.of(5) }] });
    const lists = new RevocationLists([readCertificateList(makeList({ issuer: middle }))]);
    assert.equal(errorOf(judge(chain, [root.certificate], { revocation: lists })), 'UNABLE_TO_GET_CRL');
  });
  it('tell that a certificate is revoked, and its authority as well', () => {
    check('CERT_REVOKED', { revoked: [{ serial: client.serial }, { serial: Uint8Array.of(5) }] });
    check('CERT_REVOKED', { revoked: [{ serial: client.serial, reason: 6 }] });
    check('authorized', { revoked: [{ serial: client.serial, reason: 8 }] });
    const lists = [
      makeList({ issuer: root, revoked: [{ serial: middle.certificate.serial }] }),
      makeList({ issuer: middle }),
    ];
    const verdict = judge(chain, [root.certificate], {
      revocation: new RevocationLists(lists.map(readCertificateList)),
    });
    assert.equal(errorOf(verdict), 'CERT_REVOKED');
    assert.equal(!verdict.authorized && verdict.failure.alert, 'certificateRevoked');
    assert.equal(!verdict.authorized && verdict.failure.depth, 1);
  });
  it('are valid now, signed by the authority, and about these certificates', () => {
    const [past, future] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)];
    check('CRL_HAS_EXPIRED', { nextUpdate: past });
    check('CRL_NOT_YET_VALID', { thisUpdate: future });
    check('CRL_SIGNATURE_FAILURE', { issuer: { certificate: middle.certificate, key: root.key } });
    check('UNHANDLED_CRITICAL_CRL_EXTENSION', { extensions: [extension('1.2.3', derNull(), true)] });
    check('authorized', { extensions: [extension('1.2.3', derNull())] });
    check('authorized', { extensions: [point(flag(1))] });
    check('UNABLE_TO_GET_CRL', { extensions: [point(flag(2))] });
    check('UNABLE_TO_GET_CRL', { extensions: [point(flag(5))] });
  });
  it('are passed over where they are deltas, indirect, or about some reasons only', () => {
    check('UNABLE_TO_GET_CRL', { extensions: [extension('deltaCRLIndicator', derInteger(1), true)] });
    check('UNABLE_TO_GET_CRL', { extensions: [point(flag(4))] });
    check('UNABLE_TO_GET_CRL', { extensions: [point(der(contextTag(3, false), Uint8Array.of(1, 0x40)))] });
    const foreign = {
      serial: Uint8Array.of(5),
      extensions: [extension('certificateIssuer', values.names('CN:root'), true)],
    };
    check('UNHANDLED_CRITICAL_CRL_EXTENSION', { revoked: [foreign] });
  });
  it('are of the distribution point that the certificate names', () => {
    const at = (uri: string) =>
      leaf(middle, { extensions: [extension('crlDistributionPoints', derSequence(derSequence(located(uri))))] });
    const list = { extensions: [point(located('http://a.example/1'))] };
    check('authorized', list, [at('http://a.example/1'), middle.certificate]);
    check('UNABLE_TO_GET_CRL', list, [at('http://a.example/2'), middle.certificate]);
    check('UNABLE_TO_GET_CRL', list);
  });
});

describe('extensions', () => {
  it('that are critical and unknown, or of a proxy, or malformed, spoil a certificate', () => {
    const check = (expected: string, ...extensions: readonly Uint8Array[]): void =>
      assert.equal(errorOf(judge([leaf(root, { extensions })], [root.certificate])), expected);
    check('UNHANDLED_CRITICAL_EXTENSION', extension('1.2.3', derNull(), true));
    check('authorized', extension('1.2.3', derNull()));
    check('PROXY_CERTIFICATES_NOT_ALLOWED', extension('proxyCertInfo', derSequence(), true));
    check('UNABLE_TO_VERIFY_LEAF_SIGNATURE', extension('keyUsage', derNull(), true));
    check('authorized', extension('authorityInfoAccess', derNull()));
  });

  it('twice are no certificate', () => {
    const twice = extension('keyUsage', values.keyUsage('digitalSignature'));
    assert.throws(() => leaf(root, { extensions: [twice, twice] }), /comes twice/);
  });

  it('are read: key identifiers, access to the issuer, timestamps, TLS features', () => {
    const list = Uint8Array.of(0, 2, 0, 0);
    const { certificate } = authority('telling', root, [
      extension(
        'authorityKeyIdentifier',
        derSequence(
          der(contextTag(0, false), Uint8Array.of(1)),
          der(contextTag(1), der(contextTag(4), testName({ CN: 'root' }))),
          der(contextTag(2, false), Uint8Array.of(9)),
        ),
      ),
      extension(
        'authorityInfoAccess',
        derSequence(
          derSequence(derOid('1.3.6.1.5.5.7.48.1'), der(contextTag(6, false), Buffer.from('http://o.example/'))),
        ),
      ),
      extension('signedCertificateTimestamps', derOctetString(list)),
      extension('tlsFeature', derSequence(derInteger(5), derInteger(17))),
    ]);
    assert.deepEqual([...certificate.authorityKeyIdentifier!.keyId!], [1]);
    assert.deepEqual([...certificate.authorityKeyIdentifier!.serial!], [9]);
    assert.equal(certificate.authorityKeyIdentifier!.issuer[0]!.value, 'CN=root');
    assert.deepEqual(certificate.ocspResponders, ['http://o.example/']);
    assert.deepEqual(certificate.issuerLocations, []);
    assert.deepEqual([...certificate.signedCertificateTimestamps!], [...list]);
    assert.deepEqual(certificate.tlsFeature, [5, 17]);
    assert.equal(certificate.malformed, undefined);
  });
});
