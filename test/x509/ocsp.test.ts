import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ocspCrypto } from '../../src/crypto/node/certificate-signatures.ts';
import { type Certificate, readCertificate } from '../../src/x509/certificate.ts';
import { derNull } from '../../src/x509/der-writer.ts';
import { readOcspResponse, writeOcspRequest } from '../../src/x509/ocsp.ts';
import { type OcspOptions, type OcspVerdict, verifyOcspResponse } from '../../src/x509/ocsp-verification.ts';
import { PurposeOid } from '../../src/x509/oids.ts';
import { certificatesOfPem } from '../../src/x509/pem.ts';
import {
  type CertificateSpecification,
  extension,
  makeCertificate,
  testKey,
  testName,
  values,
} from '../support/certificate-maker.ts';
import { makeOcspResponse, type OcspSpecification } from '../support/ocsp-maker.ts';

// The fixtures are by `openssl ocsp` of OpenSSL 3.0: requests, and responses that are good for a hundred years.
const time = new Date('2027-01-02');

const folder = new URL('../../../test/fixtures/ocsp/', import.meta.url);
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`${name}.der`, folder)));
const certificateOf = (name: string): Certificate =>
  readCertificate(certificatesOfPem(readFileSync(new URL(`${name}.pem`, folder)))[0]!);

const [issuer, good, revoked, delegate] = ['issuer', 'good', 'revoked', 'delegate'].map(certificateOf) as Four;
type Four = [Certificate, Certificate, Certificate, Certificate];

const outcome = (verdict: OcspVerdict): string => (verdict.trusted ? verdict.answer.status : verdict.reason);
const judge = (name: string, certificate: Certificate, options: Partial<OcspOptions> = {}): string =>
  outcome(verifyOcspResponse(bytes(name), { certificate, issuer, crypto: ocspCrypto, time, ...options }));

describe('requests', () => {
  const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
  it("are OpenSSL's, byte by byte", () => {
    assert.equal(hex(writeOcspRequest(good, issuer, ocspCrypto)), hex(bytes('req-good')));
    assert.equal(hex(writeOcspRequest(good, issuer, ocspCrypto, { hash: 'sha256' })), hex(bytes('req-sha256')));
    const nonce = bytes('req-nonce').slice(-16);
    assert.equal(hex(writeOcspRequest(good, issuer, ocspCrypto, { nonce })), hex(bytes('req-nonce')));
  });
  it('have nonces of 1 to 128 bytes', () => {
    writeOcspRequest(good, issuer, ocspCrypto, { nonce: new Uint8Array(128) });
    for (const length of [0, 129]) {
      const nonce = new Uint8Array(length);
      assert.throws(() => writeOcspRequest(good, issuer, ocspCrypto, { nonce }), RangeError);
    }
  });
});

describe("OpenSSL's responses", () => {
  it('by the issuer itself, without any certificate', () => assert.equal(judge('good-issuer', good), 'good'));
  it('by a responder that the issuer has named', () => assert.equal(judge('good-delegate', good), 'good'));
  it('that name the responder by its key', () => assert.equal(judge('good-by-key', good), 'good'));
  it('with an identifier in SHA-256', () => assert.equal(judge('good-sha256', good), 'good'));
  it('that the certificate is revoked, since when and why', () => {
    const options = { certificate: revoked, issuer, crypto: ocspCrypto, time };
    const verdict = verifyOcspResponse(bytes('revoked'), options);
    assert.equal(outcome(verdict), 'revoked');
    assert.equal(verdict.trusted && verdict.answer.revokedAt?.toISOString(), '2024-01-02T03:04:05.000Z');
    assert.equal(verdict.trusted && verdict.answer.reason, 1);
  });
  it('that the certificate is unknown', () => assert.equal(judge('unknown', delegate), 'unknown'));
  it('without the certificate that would be needed', () =>
    assert.equal(judge('good-no-certificate', good), 'the certificate of the responder is not there'));
  it('with the nonce of the request', () => {
    const nonce = bytes('req-nonce').slice(-16);
    assert.equal(judge('good-nonce', good, { nonce, nonceRequired: true }), 'good');
    assert.equal(judge('good-nonce', good, { nonce: nonce.map((byte) => byte ^ 1) }), 'the response has another nonce');
    assert.equal(judge('good-delegate', good, { nonce }), 'good');
    assert.equal(judge('good-delegate', good, { nonce, nonceRequired: true }), 'the response has no nonce');
  });
  it('about another certificate', () =>
    assert.equal(judge('good-delegate', revoked), 'the response is about other certificates'));
  it('at another time', () => {
    assert.match(judge('good-issuer', good, { time: new Date('2020-01-01') }), /^the answer is from/);
    assert.match(judge('good-issuer', good, { time: new Date('2200-01-01') }), /^the answer was good until/);
  });
});

describe('responses', () => {
  const key = testKey('p256', 1);
  const isAuthority = extension('basicConstraints', values.basicConstraints(true), true);
  const root = makeCertificate({ subject: testName({ CN: 'root' }), key, extensions: [isAuthority] });
  const certificate = makeCertificate({
    subject: testName({ CN: 'subject' }),
    key: testKey('p256', 2),
    issuer: { certificate: root, key },
  });
  const forOcsp = extension('extKeyUsage', values.oids(PurposeOid.ocspSigning));
  const named = (specification: Partial<CertificateSpecification> = {}) => ({
    key: testKey('p256', 3),
    certificate: makeCertificate({
      subject: testName({ CN: 'responder' }),
      key: testKey('p256', 3),
      issuer: { certificate: root, key },
      extensions: [forOcsp],
      ...specification,
    }),
  });

  const check = (expected: string | RegExp, specification: Partial<OcspSpecification> = {}): void => {
    const response = makeOcspResponse({
      certificate,
      issuer: root,
      responder: { certificate: root, key },
      ...specification,
    });
    const options = { certificate, issuer: root, crypto: ocspCrypto, time: new Date() };
    const found = outcome(verifyOcspResponse(response, options));
    if (typeof expected === 'string') assert.equal(found, expected);
    else assert.match(found, expected);
  };

  it('are signed by the issuer, or by whom it has named directly and for OCSP', () => {
    check('good');
    check('good', { responder: named() });
    check('the responder is not one for OCSP', { responder: named({ extensions: [] }) });
    const anything = extension('extKeyUsage', values.oids(PurposeOid.any));
    check('the responder is not one for OCSP', { responder: named({ extensions: [anything] }) });
    const stranger = { certificate: makeCertificate({ subject: testName({ CN: 'stranger' }), key }), key };
    check('the responder is not of the same issuer', { responder: named({ issuer: stranger }) });
    const middle = {
      certificate: makeCertificate({
        subject: testName({ CN: 'middle' }),
        key: testKey('p256', 4),
        issuer: { certificate: root, key },
        extensions: [isAuthority],
      }),
      key: testKey('p256', 4),
    };
    check('the responder is not of the same issuer', { responder: named({ issuer: middle }) });
    const forged = { certificate: root, key: testKey('p256', 5) };
    check("the signature on the responder's certificate is wrong", { responder: named({ issuer: forged }) });
    check('the signature on the response is wrong', { responder: forged });
    check('the certificate of the responder is not there', { named: stranger.certificate });
  });
  it('are by a responder whose certificate is in force', () => {
    const day = 86_400_000;
    const past = { notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() - day) };
    check("the responder's certificate is not valid now", { responder: named(past) });
    const noSigning = [forOcsp, extension('keyUsage', values.keyUsage('keyAgreement'), true)];
    check("the responder's key may not sign", { responder: named({ extensions: noSigning }) });
    const strange = [forOcsp, extension('1.2.3', derNull(), true)];
    check(/critical extension/, { responder: named({ extensions: strange }) });
  });
  it('are current, give or take five minutes', () => {
    const minutes = (count: number): Date => new Date(Date.now() + count * 60_000);
    check('good', { thisUpdate: minutes(4) });
    check(/^the answer is from/, { thisUpdate: minutes(6) });
    check('good', { thisUpdate: minutes(-60), nextUpdate: minutes(-4) });
    check(/^the answer was good until/, { thisUpdate: minutes(-60), nextUpdate: minutes(-6) });
    check('the answer ends before it begins', { thisUpdate: minutes(-1), nextUpdate: minutes(-2) });
    check('good', { thisUpdate: minutes(-23 * 60), nextUpdate: null });
    check(/^the answer was good until/, { thisUpdate: minutes(-25 * 60), nextUpdate: null });
  });
  it('count by the worst of their answers, and not with critical extensions that nobody knows', () => {
    check('revoked', { statuses: ['good', 'revoked'] });
    check('extension 1.2.3 is critical and unknown', { extensions: [extension('1.2.3', derNull(), true)] });
    check('good', { extensions: [extension('1.2.3', derNull())] });
  });
  it('that are errors, or no responses at all', () => {
    const options = { certificate, issuer: root, crypto: ocspCrypto, time: new Date() };
    const judgeBytes = (...content: readonly number[]) =>
      outcome(verifyOcspResponse(Uint8Array.of(...content), options));
    assert.equal(judgeBytes(0x30, 3, 0x0a, 1, 3), 'the responder says tryLater');
    assert.equal(judgeBytes(0x30, 3, 0x0a, 1, 6), 'the responder says unauthorized');
    assert.match(judgeBytes(0x30, 3, 0x0a, 1, 4), /an unknown status/);
    assert.match(judgeBytes(0x30, 3, 0x0a, 1, 0), /the end/);
    assert.match(judgeBytes(), /truncated|expected/);
  });
  it('with any byte changed are refused', () => {
    const response = makeOcspResponse({ certificate, issuer: root, responder: named() });
    const { basic } = readOcspResponse(response) as { basic: { tbs: Uint8Array } };
    const end = Buffer.from(response).indexOf(basic.tbs) + basic.tbs.length;
    const options = { certificate, issuer: root, crypto: ocspCrypto, time: new Date() };
    for (let at = 0; at < end; at++) {
      const changed = Uint8Array.from(response);
      changed[at]! ^= 0x01;
      assert.equal(verifyOcspResponse(changed, options).trusted, false, `byte ${at}`);
    }
  });
});
