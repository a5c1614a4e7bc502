import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { verificationCrypto } from '../../src/crypto/node/certificate-signatures.ts';
import { publicKey } from '../../src/crypto/node/signing.ts';
import { type Certificate, readCertificate } from '../../src/x509/certificate.ts';
import { readCertificateList } from '../../src/x509/certificate-list.ts';
import { DerError, DerReader } from '../../src/x509/der.ts';
import { der, derInteger, derSequence } from '../../src/x509/der-writer.ts';
import { isSameName, readName } from '../../src/x509/distinguished-name.ts';
import { defaultLimits } from '../../src/x509/verification/limits.ts';
import { RevocationLists } from '../../src/x509/verification/revocation-lists.ts';
import { TrustStore } from '../../src/x509/verification/trust-store.ts';
import { type Verdict, type VerificationOptions, verify } from '../../src/x509/verification/verify.ts';
import { extension, makeCertificate, makeList, testKey, testName, values } from '../support/certificate-maker.ts';

// What hostile certificates cost, in things done. Times are nobody's promise.

const isAuthority = extension('basicConstraints', values.basicConstraints(true), true);
const named = (name: string): Uint8Array => testName({ CN: name });

interface Issuer {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

const make = (
  name: string,
  key: KeyObject,
  issuer?: Issuer,
  extensions: readonly Uint8Array[] = [isAuthority],
): Certificate => makeCertificate({ subject: named(name), key, ...(issuer && { issuer }), extensions });

const root: Issuer = { certificate: make('root', testKey('p256', 1)), key: testKey('p256', 1) };
const stranger: Issuer = { certificate: make('stranger', testKey('p256', 2)), key: testKey('p256', 2) };

const judge = (chain: readonly Certificate[], options: Partial<VerificationOptions> = {}): Verdict =>
  verify(chain as [Certificate], {
    trust: new TrustStore([root.certificate]),
    crypto: verificationCrypto,
    time: new Date(),
    ...options,
  });

function assertWithinLimits({ work }: Verdict): void {
  assert.ok(work.pathsJudged <= defaultLimits.paths + 1, `${work.pathsJudged} paths`);
  assert.ok(work.signatureChecks <= defaultLimits.signatureChecks, `${work.signatureChecks} signatures`);
  assert.ok(work.searchSteps <= defaultLimits.searchSteps + defaultLimits.depth + 2, `${work.searchSteps} steps`);
}

describe('what a verification costs', () => {
  it('crossed authorities: each signature is checked once, however many paths there are', () => {
    // Five names of authorities, two keys each, each signed by both of the keys above: 2^5 paths to a stranger.
    const layers = 5;
    const peers: Certificate[] = [];
    const key = (layer: number, twin: number): KeyObject => testKey('p256', 100 + 2 * layer + twin);
    for (let layer = 0; layer < layers; layer++) {
      for (const twin of [0, 1]) {
        const above: readonly Issuer[] =
          layer === 0
            ? [stranger]
            : [0, 1].map((other) => ({
                certificate: make(`layer ${layer - 1}`, key(layer - 1, other)),
                key: key(layer - 1, other),
              }));
        for (const issuer of above) peers.push(make(`layer ${layer}`, key(layer, twin), issuer));
      }
    }
    const bottom = { certificate: peers[peers.length - 1]!, key: key(layers - 1, 1) };
    const client = make('client', testKey('p256', 3), bottom, []);
    const verdict = judge([client, ...peers]);
    assert.equal(verdict.authorized, false);
    assertWithinLimits(verdict);
    // Each of 19 certificates against two keys, at most.
    assert.ok(verdict.work.signatureChecks <= 2 * (peers.length + 1), `${verdict.work.signatureChecks}`);
    // The same with a way to the root at the very end.
    const way = make('layer 0', key(0, 1), root);
    assert.equal(judge([client, ...peers, way]).authorized, true);
  });

  it('99 authorities of one name, with keys of their own, that sign each other', () => {
    const key = (number: number): KeyObject => testKey('p256', 200 + number);
    const peers = Array.from({ length: 99 }, (_, i) =>
      make('same', key(i), { certificate: make('same', key((i + 1) % 99)), key: key((i + 1) % 99) }),
    );
    const verdict = judge([make('client', testKey('p256', 3), { certificate: peers[0]!, key: key(0) }, []), ...peers]);
    assert.equal(verdict.authorized, false);
    assertWithinLimits(verdict);
  });

  it('98 authorities of one name, with keys that take long: few of them are tried', () => {
    const above = { certificate: make('above', testKey('p521', 0)), key: testKey('p521', 0) };
    const peers = Array.from({ length: 98 }, (_, i) => make('many', testKey('p521', 1 + i), above));
    const client = make('client', testKey('p256', 3), { certificate: peers[0]!, key: testKey('p521', 0) }, []);
    const verdict = judge([client, ...peers]);
    assert.equal(!verdict.authorized && verdict.failure.error, 'CERT_SIGNATURE_FAILURE');
    assert.equal(verdict.work.signatureChecks, defaultLimits.signatureChecks / 5);
    // A path of such keys that is as long as can be costs as much.
    const issuers = [{ certificate: make('P-521', testKey('p521', 0)), key: testKey('p521', 0) }];
    for (let i = 1; i <= defaultLimits.depth; i++) {
      const issuer = { certificate: issuers[0]!.certificate, key: testKey('p521', i - 1) };
      issuers.unshift({ certificate: make(`P-521 ${i}`, testKey('p521', i), issuer), key: testKey('p521', i) });
    }
    const [last, ...others] = issuers.map(({ certificate }) => certificate) as [Certificate, ...Certificate[]];
    const longest = judge([last, ...others], { trust: new TrustStore([others.at(-1)!]) });
    assert.equal(longest.authorized, true);
    assert.equal(longest.work.signatureChecks, defaultLimits.depth);
  });

  it('a path that is too long, and one that just is not', () => {
    const build = (length: number): Certificate[] => {
      const path: Issuer[] = [root];
      for (let i = 0; i < length; i++) {
        const key = testKey('p256', 300 + i);
        path.push({ certificate: make(`authority ${i}`, key, path[i]!), key });
      }
      const certificates = path.slice(1).map(({ certificate }) => certificate);
      return [make('client', testKey('p256', 3), path[length]!, []), ...certificates.reverse()];
    };
    assert.equal(judge(build(20)).authorized, true);
    const verdict = judge(build(21));
    assert.ok(!verdict.authorized && verdict.faults.some(({ error }) => error === 'CERT_CHAIN_TOO_LONG'));
    assertWithinLimits(verdict);
    const tooMany = judge(build(100));
    assert.equal(!tooMany.authorized && tooMany.failure.error, 'CERT_CHAIN_TOO_LONG');
    assert.equal(tooMany.work.signatureChecks, 0);
  });

  it('10,000 name constraints against 1,000 names', () => {
    const trees = Array.from({ length: 5000 }, (_, i) => `dns:x${i}.example`);
    const constraints = extension(
      'nameConstraints',
      values.nameConstraints(
        trees,
        trees.map((tree) => `${tree}.org`),
      ),
    );
    const above = {
      certificate: make('many', testKey('p256', 4), root, [isAuthority, constraints]),
      key: testKey('p256', 4),
    };
    const names = values.names(...Array.from({ length: 1000 }, (_, i) => `dns:x${i}.example`));
    const few = make('client', testKey('p256', 3), above, [
      extension('subjectAltName', values.names('dns:x7.example')),
    ]);
    const many = make('client', testKey('p256', 3), above, [extension('subjectAltName', names)]);
    assert.equal(judge([few, above.certificate]).authorized, true);
    const verdict = judge([many, above.certificate]);
    assert.equal(!verdict.authorized && verdict.failure.error, 'UNSPECIFIED');
    assert.match(verdict.authorized ? '' : verdict.failure.reason, /250000 names/);
    const generous = { ...defaultLimits, nameComparisons: 20_000_000 };
    assert.equal(judge([many, above.certificate], { limits: generous }).authorized, true);
  });

  it('one name against 7,000 constraints, each as long as a message: too many', () => {
    for (const kind of ['dns', 'email', 'uri'] as const) {
      const long = { dns: 'a.'.repeat(15_000), email: `${'a'.repeat(30_000)}@b`, uri: `http://${'a'.repeat(30_000)}` };
      for (const [trees, name] of [
        [Array.from({ length: 7000 }, () => `${kind}:x`), `${kind}:${long[kind]}`],
        [[`${kind}:${'a'.repeat(30_000)}`], Array.from({ length: 3000 }, () => `${kind}:a`)],
      ] as const) {
        const constraints = extension('nameConstraints', values.nameConstraints([], trees));
        const certificate = make('long', testKey('p256', 4), stranger, [isAuthority, constraints]);
        const leaf = make('client', testKey('p256', 3), { certificate, key: testKey('p256', 4) }, [
          extension('subjectAltName', values.names(...[name].flat())),
        ]);
        const verdict = judge([leaf, certificate]);
        const reasons = verdict.authorized ? [] : verdict.faults.map(({ reason }) => reason);
        assert.ok(reasons.includes(`more than ${defaultLimits.nameComparisons} names to compare`), kind);
      }
    }
  });

  it('white space in names is gone through once (RFC 5280 section 7.1)', () => {
    // Once for each of its bytes, as a careless regular expression does it, would take hours.
    const space = ' '.repeat(4_000_000);
    const name = (value: string) => readName(new DerReader(named(value)));
    assert.ok(isSameName(name(`${space}a${space}b${space}`), name('A b')));
    assert.ok(!isSameName(name(`a${space}b`), name('ab')));
  });

  it('a CRL of 100,000 entries is read once', () => {
    const client = make('client', testKey('p256', 3), root, []);
    const serial = (i: number): Uint8Array => Uint8Array.of(0x40, i >>> 16, (i >>> 8) & 0xff, i & 0xff);
    const revoked = Array.from({ length: 100_000 }, (_, i) => ({ serial: serial(i) }));
    const list = readCertificateList(makeList({ issuer: root, revoked }));
    const revocation = new RevocationLists([list]);
    assert.equal(judge([client], { revocation }).authorized, true);
    const { revocations } = list;
    assert.equal(revocations.size, 100_000);
    assert.equal(judge([client], { revocation }).authorized, true);
    assert.equal(list.revocations, revocations);
    const bad = makeCertificate({
      subject: named('bad'),
      key: testKey('p256', 3),
      issuer: root,
      serial: serial(77_777),
    });
    const verdict = judge([bad], { revocation });
    assert.equal(!verdict.authorized && verdict.failure.error, 'CERT_REVOKED');
  });

  it('the signature of a CRL is checked once for its own key, whatever keys others come with', () => {
    const list = readCertificateList(makeList({ issuer: root, revoked: [] }));
    const revocation = new RevocationLists([list]);
    const impostor = { certificate: make('root', testKey('p256', 9)), key: testKey('p256', 9) };
    const client = make('client', testKey('p256', 3), root, []);
    const imitation = [make('client', testKey('p256', 3), impostor, []), impostor.certificate];
    // For a signature of ECDSA anybody can find a second key under which it is right: be that the impostor's.
    for (const isFitting of [false, true]) {
      let checks = 0;
      const crypto: VerificationOptions['crypto'] = {
        verify(key, method, data, signature) {
          if (data === list.tbs) checks++;
          if (data === list.tbs && isFitting) return true;
          return verificationCrypto.verify(key, method, data, signature);
        },
      };
      const imitate = () => judge(imitation, { revocation, crypto, trust: new TrustStore([stranger.certificate]) });
      assert.equal(imitate().authorized, false);
      assert.equal(checks, 1);
      assert.equal(judge([client], { revocation, crypto }).authorized, true);
      for (let i = 0; i < 3; i++) assert.equal(judge([client], { revocation, crypto }).authorized, true);
      assert.equal(checks, 2);
      assert.equal(imitate().authorized, false);
      assert.equal(judge([client], { revocation, crypto }).authorized, true);
    }
  });

  it('DER nested 10,000 deep is refused or passed over, without recursion', () => {
    let nested: Uint8Array = new Uint8Array();
    for (let i = 0; i < 10_000; i++) nested = derSequence(nested);
    assert.throws(() => readCertificate(nested), DerError);
    assert.throws(() => readCertificateList(nested), DerError);
    const inExtension = make('client', testKey('p256', 3), root, [extension('1.2.3', nested)]);
    assert.equal(judge([inExtension]).authorized, true);
    for (const name of ['subjectAltName', 'nameConstraints', 'certificatePolicies', 'crlDistributionPoints']) {
      assert.equal(
        judge([make('client', testKey('p256', 3), root, [extension(name, nested)])]).authorized,
        false,
        name,
      );
    }
  });

  it('many ways to the root that all fail: few of them are judged', () => {
    // Sixteen certificates of one authority, and sixteen of another below, none of which may sign for a client.
    const server = extension('extKeyUsage', values.oids('1.3.6.1.5.5.7.3.1'));
    const twins = (name: string, key: KeyObject, issuer: Issuer): Certificate[] =>
      Array.from({ length: 16 }, () => make(name, key, issuer, [isAuthority, server]));
    const upper = twins('upper', testKey('p256', 5), root);
    const lower = twins('lower', testKey('p256', 6), { certificate: upper[0]!, key: testKey('p256', 5) });
    const client = make('client', testKey('p256', 3), { certificate: lower[0]!, key: testKey('p256', 6) }, []);
    const verdict = judge([client, ...upper, ...lower]);
    assert.equal(!verdict.authorized && verdict.failure.error, 'INVALID_PURPOSE');
    assertWithinLimits(verdict);
    assert.ok(verdict.work.signatureChecks <= 33, `${verdict.work.signatureChecks}`);
  });

  it('certificates that come again and again count once', () => {
    const client = make('client', testKey('p256', 3), root, []);
    assert.equal(judge([client, ...new Array<Certificate>(150).fill(stranger.certificate)]).authorized, true);
  });

  it('bytes changed anywhere: nothing is thrown', () => {
    const everything = [
      isAuthority,
      extension(
        'nameConstraints',
        values.nameConstraints(['dns:example.com', 'CN:client'], ['email:a.example', 'uri:b.example']),
      ),
      extension('certificatePolicies', values.policies('1.2.3')),
      extension('subjectKeyIdentifier', der(0x04, Uint8Array.of(1))),
    ];
    const above = { certificate: make('above', testKey('p256', 4), root, everything), key: testKey('p256', 4) };
    const otherName = der(0xa0, der(0x06, Uint8Array.of(0x2a, 3)), der(0xa0, der(0x0c, Buffer.from('x'))));
    const names = derSequence(
      otherName,
      der(0x82, Buffer.from('a.example.com')),
      der(0x86, Buffer.from('http://a.example')),
    );
    const client = make('client', testKey('p256', 3), above, [
      extension('subjectAltName', names),
      extension('authorityKeyIdentifier', values.authorityKeyId(Uint8Array.of(1))),
      extension('extKeyUsage', values.oids('1.3.6.1.5.5.7.3.2')),
    ]);
    assert.equal(judge([client, above.certificate]).authorized, true);
    const trusting = { crypto: { verify: () => true } };
    for (const [at, original] of [client, above.certificate].entries()) {
      for (let place = 0; place < original.der.length; place++) {
        for (const change of [0x01, 0x80, 0xff]) {
          let changed: Certificate;
          try {
            const bytes = Uint8Array.from(original.der);
            bytes[place]! ^= change;
            changed = readCertificate(bytes);
          } catch (error) {
            assert.ok(error instanceof DerError);
            continue;
          }
          const chain = at === 0 ? [changed, above.certificate] : [client, changed];
          judge(chain);
          judge(chain, trusting); // so that the checks behind the signatures see it as well
          judge(chain, { strict: true, partialChain: true, purpose: 'sslserver' });
        }
      }
    }
  });

  it('a time that is none: nothing is valid', () => {
    const client = make('client', testKey('p256', 3), root, []);
    assert.equal(judge([client], { time: new Date(Number.NaN) }).authorized, false);
  });

  it('keys that would take long to use are not used', () => {
    // A modulus of 16384 bits whose exponent is as long.
    const long = Buffer.alloc(2048, 0xff);
    const integer = der(0x02, Buffer.concat([Buffer.of(0), long]));
    const key = Buffer.from(derSequence(integer, integer));
    const slow = {
      spki: new Uint8Array(),
      algorithm: { oid: '1.2.840.113549.1.1.1', parameters: undefined },
      name: 'rsa',
      curve: undefined,
      pss: undefined,
      modulusLength: 16_384,
      key,
    } as const;
    const spki = derSequence(
      derSequence(der(0x06, Buffer.from('2a864886f70d010101', 'hex')), der(0x05)),
      der(0x03, Buffer.of(0), key),
    );
    const method = { keys: ['rsa'], hash: 'sha256', securityBits: 128 } as const;
    assert.equal(verificationCrypto.verify({ ...slow, spki }, method, Buffer.of(1), Buffer.alloc(2048)), undefined);
    // Nor for the handshake of a client: one of 3072 bits would take as long with an exponent of that length.
    const modulus = der(0x02, Buffer.concat([Buffer.of(0), Buffer.alloc(384, 0xff)]));
    const exponents = [derInteger(65_537), modulus];
    const algorithm = derSequence(der(0x06, Buffer.from('2a864886f70d010101', 'hex')), der(0x05));
    const [usual, slowest] = exponents.map((exponent) =>
      publicKey(derSequence(algorithm, der(0x03, Buffer.of(0), derSequence(modulus, exponent)))),
    );
    const longest = der(0x02, Buffer.alloc(30_000, 0x7f));
    assert.equal(publicKey(derSequence(algorithm, der(0x03, Buffer.of(0), derSequence(longest, longest)))), undefined);
    assert.equal(usual?.keyType, 'rsa');
    assert.equal(slowest, undefined);
    assert.equal(publicKey(spki), undefined);
  });
});
