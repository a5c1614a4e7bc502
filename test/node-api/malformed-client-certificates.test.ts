import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { writeCertificate12, writeCertificate13 } from '../../src/messages/certificate.ts';
import { clientSignatureInput, writeCertificateVerify } from '../../src/messages/certificate-verify.ts';
import { ClientTrust } from '../../src/node/client-trust.ts';
import { legacyCertificate } from '../../src/node/legacy-certificate.ts';
import { SignatureScheme } from '../../src/wire/code-points.ts';
import { readCertificate } from '../../src/x509/certificate.ts';
import { DerError, DerReader, DerTag } from '../../src/x509/der.ts';
import { der, derInteger, derOid, derSequence, derSet, derString } from '../../src/x509/der-writer.ts';
import { readName } from '../../src/x509/distinguished-name.ts';
import { certificatesOfPem } from '../../src/x509/pem.ts';
import { makeCertificate, testKey, testName } from '../support/certificate-maker.ts';
import { hello12, hello13 } from '../support/client-hello.ts';
import { ca, identity } from '../support/identities.ts';
import { RawClient } from '../support/raw-client.ts';

// A server that lets in whom it cannot authorize asks such clients for their certificate in Node's form: so there must be
// none that Node cannot read.

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.of(...values);

const commonName = (value: Uint8Array): Uint8Array => derSequence(derSet(derSequence(derOid('2.5.4.3'), value)));

/** A certificate with a value for its subject's CN that is none, which nobody here would make. */
function malformedCertificate(): Uint8Array {
  const whole = makeCertificate({ key: testKey('p256'), subject: commonName(derString('XXXX')) }).der;
  const changed = Buffer.from(whole);
  changed.set(der(DerTag.integer, bytes(1, 2, 3, 4)), changed.lastIndexOf(derString('XXXX')));
  return changed;
}

const unreadable: Readonly<Record<string, Uint8Array>> = {
  'UTF-8 that is none': der(DerTag.utf8String, bytes(0x61, 0xff, 0x61, 0x61)),
  'a surrogate in UTF-8': der(DerTag.utf8String, bytes(0x61, 0xed, 0xa0, 0x80)),
  'half a character of a BMPString': der(DerTag.bmpString, bytes(0, 0x61, 0)),
  'a surrogate in a BMPString': der(DerTag.bmpString, bytes(0xd8, 0x3d, 0xde, 0)),
  'a UniversalString beyond Unicode': der(DerTag.universalString, bytes(0, 0x11, 0, 0)),
  'an INTEGER': der(DerTag.integer, bytes(1, 2, 3, 4)),
  'an OCTET STRING': der(DerTag.octetString, bytes(1, 2, 3, 4)),
  'a value of its own class': der(0x84, bytes(1, 2, 3, 4)),
  'a BIT STRING with nine unused bits': der(DerTag.bitString, bytes(9, 2, 3, 4)),
};

describe('a name that cannot be read (RFC 5280 section 4.1.2.4)', () => {
  for (const [what, value] of Object.entries(unreadable)) {
    it(`with ${what}`, () => {
      assert.throws(() => readName(new DerReader(commonName(value))), DerError);
    });
  }
  it('but not one with every type of string, or a BIT STRING, or a SEQUENCE', () => {
    const name = derSequence(
      ...[
        ['2.5.4.3', derString('ünï\u{1f600}')],
        ['2.5.4.10', der(DerTag.bmpString, bytes(0, 0x41, 0xd7, 0x66))],
        ['2.5.4.11', der(DerTag.universalString, bytes(0, 1, 0xf6, 0))],
        ['2.5.4.7', der(DerTag.teletexString, bytes(0x41, 0xe4))],
        ['2.5.4.5', der(DerTag.printableString, bytes(0x31))],
        ['2.5.4.45', der(DerTag.bitString, bytes(4, 0xf0))],
        ['2.5.4.16', derSequence(derInteger(1))],
      ].map(([oid, value]) => derSet(derSequence(derOid(oid as string), value as Uint8Array))),
    );
    const { subject } = legacyCertificate(makeCertificate({ key: testKey('p256'), subject: name }).der);
    assert.deepEqual(
      ['CN', 'O', 'OU', 'L'].map((type) => subject[type]),
      ['ünï\u{1f600}', 'A\ud766', '\u{1f600}', 'Aä'],
    );
  });
});

it('an RSA key whose numbers are no DER cannot be read (RFC 8017 appendix A.1.1)', () => {
  const { der: whole } = makeCertificate({ key: testKey('rsa'), subject: testName({ CN: 'rsa' }) });
  const exponent = Buffer.from(whole).indexOf(derInteger(65_537));
  const changed = Uint8Array.from(whole);
  changed.set(bytes(0, 0, 3), exponent + 2);
  assert.throws(() => readCertificate(changed), DerError);
});

const own = certificatesOfPem(identity('p256').cert);
const malformed = malformedCertificate();
const prove = (signed: Uint8Array): Uint8Array =>
  writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, sign('sha256', signed, identity('p256').privateKey));

for (const trusted of ['the client', 'nobody']) {
  const trust = new ClientTrust({ ca: trusted === 'nobody' ? identity('ed25519').cert : ca }, 1);
  const clientAuth = trust.authentication(false);

  describe(`a server that lets in whom it cannot authorize, and trusts ${trusted}`, () => {
    for (const [what, chain, alert] of [
      ['well-formed certificates', own, undefined],
      ['a malformed certificate', [malformed], 'badCertificate'],
      ['a malformed certificate behind its own', [...own, malformed], 'badCertificate'],
      ['no certificate at all behind its own', [...own, bytes(1)], 'badCertificate'],
    ] as const) {
      it(`and ${what} in TLS 1.3: ${alert}`, () => {
        const client = new RawClient({ config: { clientAuth } });
        client.sendHello(hello13(client.key)).read();
        const certificate = writeCertificate13(chain);
        client.sendMessage(certificate).transcript.add(certificate);
        const proof = prove(clientSignatureInput(client.transcript.digest()));
        if (client.server.failure === undefined) client.sendMessage(proof);
        assert.equal(client.server.failure?.alert, alert);
      });
      it(`and ${what} in TLS 1.2: ${alert}`, () => {
        const client = new RawClient({ config: { clientAuth } });
        client.sendHello(hello12()).read();
        const certificate = writeCertificate12(chain);
        client.sendMessage(certificate).transcript.add(certificate);
        const exchange = client.clientKeyExchange12();
        if (client.server.failure === undefined) client.sendMessage(exchange);
        const messages = client.messages.map(({ raw }) => raw);
        const proof = prove(Buffer.concat([client.firstHello!, ...messages, certificate, exchange]));
        if (client.server.failure === undefined) client.sendMessage(proof);
        assert.equal(client.server.failure?.alert, alert);
      });
    }
  });
}
