import assert from 'node:assert/strict';
import { constants, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ClientAuthentication } from '../../src/handshake/config.ts';
import { writeCertificate12, writeCertificate13 } from '../../src/messages/certificate.ts';
import { clientSignatureInput, writeCertificateVerify } from '../../src/messages/certificate-verify.ts';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { HandshakeType, SignatureScheme as S, ContentType as T } from '../../src/wire/code-points.ts';
import { certificatesOfPem } from '../../src/x509/pem.ts';
import { hello12, hello13 } from '../support/client-hello.ts';
import { type IdentityKind, identity } from '../support/identities.ts';
import { RawClient } from '../support/raw-client.ts';

const clientAuth: ClientAuthentication = { isRequired: true, authorities: [], verify: () => ({ authorized: true }) };
const chainOf = (kind: IdentityKind): Uint8Array[] => certificatesOfPem(identity(kind).cert);

/** A client with a certificate that is to prove that it is its own, and what it has to sign. */
interface Proving {
  readonly client: RawClient;
  readonly signed: Uint8Array;
}

function proving13(kind: IdentityKind, signatureSchemes?: readonly number[]): Proving {
  const client = new RawClient({ config: { clientAuth, ...(signatureSchemes && { signatureSchemes }) } });
  client.sendHello(hello13(client.key)).read();
  const certificate = writeCertificate13(chainOf(kind));
  client.sendMessage(certificate).transcript.add(certificate);
  return { client, signed: clientSignatureInput(client.transcript.digest()) };
}

function proving12(kind: IdentityKind, signatureSchemes?: readonly number[]): Proving {
  const client = new RawClient({ config: { clientAuth, ...(signatureSchemes && { signatureSchemes }) } });
  client.sendHello(hello12()).read();
  const certificate = writeCertificate12(chainOf(kind));
  client.sendMessage(certificate).transcript.add(certificate);
  const exchange = client.clientKeyExchange12();
  client.sendMessage(exchange);
  const messages = client.messages.map(({ raw }) => raw);
  return { client, signed: Buffer.concat([client.firstHello!, ...messages, certificate, exchange]) };
}

const versions = [
  ['TLS 1.3', proving13],
  ['TLS 1.2', proving12],
] as const;

const ecdsa = (signed: Uint8Array): Buffer => sign('sha256', signed, identity('p256').privateKey);
const pss = (kind: IdentityKind, signed: Uint8Array, saltLength: number, hash = 'sha256'): Buffer =>
  sign(hash, signed, { key: identity(kind).privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const pkcs1 = (signed: Uint8Array): Buffer => sign('sha256', signed, identity('rsa').privateKey);

/** The alert for a CertificateVerify; `undefined` where it was taken. */
function alertFor({ client }: Proving, scheme: number, signature: Uint8Array): string | undefined {
  client.sendMessage(writeCertificateVerify(scheme, signature));
  return client.server.failure?.alert;
}

for (const [version, proving] of versions) {
  describe(`a CertificateVerify of ${version}`, () => {
    it('is taken by every scheme that the key has', () => {
      const p256 = proving('p256');
      assert.equal(alertFor(p256, S.ecdsaSecp256r1Sha256, ecdsa(p256.signed)), undefined);
      const rsa = proving('rsa');
      assert.equal(alertFor(rsa, S.rsaPssRsaeSha256, pss('rsa', rsa.signed, 32)), undefined);
      const long = proving('rsa');
      assert.equal(alertFor(long, S.rsaPssRsaeSha512, pss('rsa', long.signed, 64, 'sha512')), undefined);
      const own = proving('rsa-pss');
      assert.equal(alertFor(own, S.rsaPssPssSha256, pss('rsa-pss', own.signed, 32)), undefined);
    });
    it('with a salt that is not as long as the hash: decrypt_error (RFC 8446 section 4.2.3)', () => {
      for (const saltLength of [0, 20, 31, 33, 64]) {
        const rsa = proving('rsa');
        assert.equal(alertFor(rsa, S.rsaPssRsaeSha256, pss('rsa', rsa.signed, saltLength)), 'decryptError');
      }
    });
    it("by a scheme that is not the key's: illegal_parameter", () => {
      for (const [kind, scheme] of [
        ['rsa', S.rsaPssPssSha256],
        ['rsa-pss', S.rsaPssRsaeSha256],
        ['rsa', S.ecdsaSecp256r1Sha256],
        ['p256', S.rsaPssRsaeSha256],
        ['p256', S.ed25519],
        ['p256', 0x0201],
        ['rsa', 0x0201],
        ['p256', 0x0203],
        ['p256', 0x0000],
        ['p256', 0xffff],
      ] as const) {
        assert.equal(alertFor(proving(kind), scheme, new Uint8Array(256).fill(1)), 'illegalParameter');
      }
    });
    it('by a scheme that we did not offer: illegal_parameter', () => {
      const p256 = proving('p256', [S.ecdsaSecp256r1Sha256]);
      assert.equal(alertFor(p256, S.ecdsaSecp384r1Sha384, ecdsa(p256.signed)), 'illegalParameter');
      const rsa = proving('rsa', [S.rsaPssRsaeSha384, S.ecdsaSecp256r1Sha256]);
      assert.equal(alertFor(rsa, S.rsaPssRsaeSha256, pss('rsa', rsa.signed, 32)), 'illegalParameter');
    });
    it('with a signature that is wrong in any way: decrypt_error', () => {
      const bends: ((signature: Buffer) => Uint8Array)[] = [
        (s) => s.subarray(0, -1),
        (s) => Buffer.concat([s, Uint8Array.of(0)]),
        () => new Uint8Array(),
        () => new Uint8Array(64),
        (s) => s.map((byte, i) => (i === s.length - 1 ? byte ^ 1 : byte)),
        (s) => s.map((byte, i) => (i === 0 ? byte ^ 0x80 : byte)),
      ];
      for (const bend of bends) {
        const p256 = proving('p256');
        assert.equal(alertFor(p256, S.ecdsaSecp256r1Sha256, bend(ecdsa(p256.signed))), 'decryptError');
        const rsa = proving('rsa');
        assert.equal(alertFor(rsa, S.rsaPssRsaeSha256, bend(pss('rsa', rsa.signed, 32))), 'decryptError');
      }
    });
    it('that does not parse: decode_error', () => {
      for (const body of [[], [4], [4, 3], [4, 3, 0], [4, 3, 0, 2, 1], [4, 3, 0, 1, 1, 1]]) {
        const { client } = proving('p256');
        client.sendMessage(writeMessage(HandshakeType.certificateVerify, (w) => w.bytes(Uint8Array.from(body))));
        assert.equal(client.server.failure?.alert, 'decodeError');
      }
    });
  });
}

it('PKCS #1 is for TLS 1.2 alone (RFC 8446 section 4.2.3)', () => {
  const old = proving12('rsa');
  assert.equal(alertFor(old, S.rsaPkcs1Sha256, pkcs1(old.signed)), undefined);
  const recent = proving13('rsa');
  assert.equal(alertFor(recent, S.rsaPkcs1Sha256, pkcs1(recent.signed)), 'illegalParameter');
});

describe('a Certificate that does not parse: decode_error', () => {
  for (const [what, body13, body12] of [
    ['empty', [], []],
    ['cut', [0, 0, 0, 9, 0, 0, 6, 48], [0, 0, 4, 0, 0, 6, 48]],
    ['with an entry without bytes', [0, 0, 0, 5, 0, 0, 0, 0, 0], [0, 0, 3, 0, 0, 0]],
    ['with bytes behind it', [0, 0, 0, 0, 0], [0, 0, 0, 0]],
    ['with a list that is too short', [0, 0, 0, 2, 0, 0], [0, 0, 2, 0, 0]],
  ] as const) {
    it(what, () => {
      for (const [hello, body] of [
        [hello13, body13],
        [hello12, body12],
      ] as const) {
        const client = new RawClient({ config: { clientAuth } });
        client.sendHello(hello(client.key)).read();
        client.sendMessage(writeMessage(HandshakeType.certificate, (w) => w.bytes(Uint8Array.from(body))));
        assert.equal(client.server.failure?.alert, 'decodeError');
      }
    });
  }
});

/** Clients whose next message is the Finished, and the Finished. */
const finishing: [string, () => { client: RawClient; finished: Uint8Array }][] = [
  [
    'TLS 1.3',
    () => {
      const client = new RawClient();
      client.sendHello(hello13(client.key)).read();
      return { client, finished: client.finished13() };
    },
  ],
  [
    'TLS 1.2',
    () => {
      const client = new RawClient().sendHello(hello12()).read();
      client.sendMessage(client.clientKeyExchange12()).send(T.changeCipherSpec, Uint8Array.of(1)).encrypt12();
      return { client, finished: client.finished12() };
    },
  ],
];

for (const [version, reach] of finishing) {
  describe(`a Finished of ${version}`, () => {
    it('may be cut anywhere', () => {
      const { length } = reach().finished;
      for (let at = 1; at < length; at++) {
        const { client, finished } = reach();
        client.sendMessage(finished.subarray(0, at)).sendMessage(finished.subarray(at));
        assert.ok(client.server.isSecure, client.server.failure?.message);
      }
      const { client, finished } = reach();
      for (const byte of finished) client.sendMessage(Uint8Array.of(byte));
      assert.ok(client.server.isSecure, client.server.failure?.message);
    });
    it('with any bit changed: decrypt_error', () => {
      for (let at = 4; at < reach().finished.length; at++) {
        const { client, finished } = reach();
        client.sendMessage(finished.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)));
        assert.equal(client.server.failure?.alert, 'decryptError');
      }
    });
    it('of another length: decode_error', () => {
      const { length } = reach().finished;
      for (const wrong of [0, 1, length - 5, length - 3, 2 * length, 1000, 16_000, 60_000]) {
        const { client, finished } = reach();
        const body = Buffer.concat([finished.subarray(4), new Uint8Array(60_000)]).subarray(0, wrong);
        const message = writeMessage(HandshakeType.finished, (w) => w.bytes(body), 70_000);
        client.sendMessage(message);
        assert.equal(client.server.failure?.alert, 'decodeError');
      }
    });
    it('with anything behind it in its record: unexpected_message', () => {
      for (const junk of [[0], [20], [24, 0, 0, 1, 0], [1, 0, 0, 0]]) {
        const { client, finished } = reach();
        client.sendMessage(Buffer.concat([finished, Uint8Array.from(junk)]));
        assert.equal(client.server.failure?.alert, 'unexpectedMessage');
      }
    });
    it('that comes twice: unexpected_message, or under the wrong key', () => {
      const { client, finished } = reach();
      client.sendMessage(finished);
      if (version === 'TLS 1.3') client.useApplicationKeys();
      client.sendMessage(finished);
      assert.equal(client.server.failure?.alert, 'unexpectedMessage');
    });
  });
}
