import assert from 'node:assert/strict';
import * as crypto from 'node:crypto';
import { describe, it } from 'node:test';
import { aeadShapes, cipherSuites } from '../../src/crypto/cipher-suites.ts';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import type { CryptoProvider, KeyAgreement } from '../../src/crypto/provider.ts';
import { finishedVerifyData, KeySchedule, trafficKey } from '../../src/handshake/tls13/key-schedule.ts';
import { serverSignatureInput } from '../../src/messages/certificate-verify.ts';
import { Sealer13 } from '../../src/record/protection13.ts';
import { ContentType, NamedGroup, ProtocolVersion, SignatureScheme } from '../../src/wire/code-points.ts';
import { ServerEnd, type ServerEndOptions } from '../support/server-end.ts';
import {
  certificate,
  certificateMessage,
  compatibility,
  helloRetry,
  simple,
  simpleSecrets,
  type Trace,
} from './rfc8448.ts';

const suite = cipherSuites.find(({ name }) => name === 'TLS_AES_128_GCM_SHA256')!;

/** Fails with a comparison of lines in hexadecimal, as the RFC has them. */
function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  const lines = (bytes: Uint8Array) =>
    Buffer.from(bytes)
      .toString('hex')
      .match(/.{1,64}/g);
  assert.deepEqual(actual && lines(actual), lines(expected), what);
}

// ---- the server's inputs of a trace

/** X25519 with a given key pair; the share is in the trace's ServerHello. */
function fixedX25519({ privateKey, serverHello }: Trace): KeyAgreement {
  const at = serverHello.indexOf(Buffer.from('001d0020', 'hex')) + 4;
  const share = serverHello.subarray(at, at + 32);
  const [d, x] = [privateKey.toString('base64url'), share.toString('base64url')];
  const ours = crypto.createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x }, format: 'jwk' });
  return {
    group: NamedGroup.x25519,
    respond(peer) {
      const key = { kty: 'OKP', crv: 'X25519', x: Buffer.from(peer).toString('base64url') };
      const publicKey = crypto.createPublicKey({ key, format: 'jwk' });
      return { share, secret: crypto.diffieHellman({ privateKey: ours, publicKey }) };
    },
  };
}

/** P-256 with a given private key. */
function fixedP256({ privateKey }: Trace): KeyAgreement {
  const ecdh = crypto.createECDH('prime256v1');
  ecdh.setPrivateKey(privateKey);
  return {
    group: NamedGroup.secp256r1,
    respond: (peer) => ({ share: ecdh.getPublicKey(), secret: ecdh.computeSecret(peer) }),
  };
}

/** A server whose one group, key pair, random, certificate and signature are those of a trace. */
function serverOf(trace: Trace, agreement: KeyAgreement, groups: readonly number[], more: ServerEndOptions['config']) {
  const signed: Uint8Array[] = [];
  const randoms = [trace.random];
  const provider: CryptoProvider = {
    ...nodeCrypto,
    randomBytes(length) {
      const random = randoms.shift();
      assert.equal(random?.length, length, 'the only thing drawn at random is the ServerHello.random');
      return random;
    },
    keyAgreement: (group) => (group === agreement.group ? agreement : undefined),
  };
  const credential = {
    chain: [certificate],
    chainSchemes: [SignatureScheme.rsaPkcs1Sha256],
    issuers: [],
    signer: {
      keyType: 'rsa' as const,
      modulusLength: 128,
      sign(_scheme: number, input: Uint8Array) {
        signed.push(input);
        return trace.certificateVerify.subarray(-128);
      },
    },
  };
  const server = new ServerEnd({
    provider,
    config: {
      groups,
      announceGroups: true,
      credentials: [credential],
      cipherSuites: [suite],
      minVersion: ProtocolVersion.tls13,
      ...more,
    },
  });
  return { server, signed };
}

// ---- the traces

/** From the ClientHello that is answered by a ServerHello to the client's Finished. */
function playHandshake({ server, signed }: ReturnType<typeof serverOf>, trace: Trace): void {
  server.receive(trace.clientHello);
  assert.equal(server.failure?.message, undefined);
  assertBytes(server.takeOutput(), Buffer.concat([trace.serverHello, trace.serverFlight]), 'the flight of the server');
  const input = signed[0]!;
  const key = {
    key: new crypto.X509Certificate(certificate).publicKey,
    padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
  };
  assert.ok(crypto.verify('sha256', input, { ...key, saltLength: 32 }, trace.certificateVerify.subarray(-128)));
  server.receive(trace.clientFinished);
  assert.equal(server.failure?.message, undefined);
  assert.ok(server.isSecure);
  assertBytes(server.takeOutput(), Buffer.alloc(0), 'after the Finished of the client');
}

/** The close_notify of the client, and then ours. */
function playEnd(server: ServerEnd, trace: Trace): void {
  server.receive(trace.clientAlert);
  assert.equal(server.events.at(-1)?.type, 'end');
  server.connection.close();
  assertBytes(server.takeOutput(), trace.serverAlert, 'the close_notify of the server');
}

/** The supported_groups of the EncryptedExtensions in sections 3 and 7: X25519, the NIST curves and ffdhe. */
const allGroups = [0x001d, 0x0017, 0x0018, 0x0019, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104];

// Sections 4 (resumption with early data) and 6 (client authentication) are not played: the engine has neither yet.
describe('the traces of RFC 8448, record by record', () => {
  it('section 3: a simple handshake and application data', () => {
    const end = serverOf(simple, fixedX25519(simple), allGroups, {});
    const { server } = end;
    playHandshake(end, simple);
    // The trace's server sends a NewSessionTicket now, in record 0 under its application key. Ours sends no tickets:
    // it spends that record on a byte of data, so that the next one has the trace's number. The record of the
    // ticket itself is sealed below, with the secrets.
    server.connection.protect(Uint8Array.of(0));

    server.receive(simple.clientData);
    assertBytes(server.plaintext, simple.applicationData, 'what the application of the server reads');
    assertBytes(server.connection.protect(simple.applicationData), simple.serverData, 'the data of the server');
    playEnd(server, simple);
  });

  it('section 5: a HelloRetryRequest with a cookie', () => {
    const firstHash = nodeCrypto.digest('sha256', helloRetry.firstClientHello.subarray(5));
    // Given the first ClientHello's share of X25519, this server would use it to save the round trip. The trace's
    // server has X25519 in its list as well, but wants P-256: so do we, with a provider that has nothing else.
    const end = serverOf(helloRetry, fixedP256(helloRetry), [0x0017, 0x0018, 0x001d], {
      retryCookies: {
        seal(hash) {
          assertBytes(hash, firstHash, 'the hash for the cookie');
          return helloRetry.cookie;
        },
        open: (cookie) => (helloRetry.cookie.equals(cookie) ? firstHash : undefined),
      },
    });
    end.server.receive(helloRetry.firstClientHello);
    assertBytes(end.server.takeOutput(), helloRetry.helloRetryRequest, 'the HelloRetryRequest');
    playHandshake(end, helloRetry);
    playEnd(end.server, helloRetry);
  });

  it('section 7: the compatibility mode for middleboxes', () => {
    const end = serverOf(compatibility, fixedX25519(compatibility), allGroups, {});
    playHandshake(end, compatibility);
    playEnd(end.server, compatibility);
  });
});

describe('the key schedule of RFC 8448 section 3', () => {
  const secrets = simpleSecrets;
  const digest = (...messages: Uint8Array[]) => nodeCrypto.digest('sha256', Buffer.concat(messages));
  const hellos = [simple.clientHello.subarray(5), simple.serverHello.subarray(5)];
  const untilCertificate = [...hellos, secrets.encryptedExtensions, certificateMessage];
  const untilVerify = [...untilCertificate, simple.certificateVerify];
  const untilFinished = [...untilVerify, secrets.serverFinished];

  const schedule = new KeySchedule(nodeCrypto, suite);
  const handshake = schedule.handshake(secrets.sharedSecret, digest(...hellos));
  const application = schedule.application(digest(...untilFinished));

  it('the shared secret comes from the published keys', () => {
    const share = simple.clientHello.subarray(simple.clientHello.indexOf(Buffer.from('001d0020', 'hex')) + 4);
    assertBytes(fixedX25519(simple).respond(share.subarray(0, 32)).secret, secrets.sharedSecret, 'shared secret');
  });

  it('traffic secrets and the exporter secret', () => {
    assertBytes(handshake.client, secrets.clientHandshake, 'c hs traffic');
    assertBytes(handshake.server, secrets.serverHandshake, 's hs traffic');
    assertBytes(application.client, secrets.clientApplication, 'c ap traffic');
    assertBytes(application.server, secrets.serverApplication, 's ap traffic');
    assertBytes(application.exporter, secrets.exporter, 'exp master');
  });

  it('record protection keys', () => {
    let key: Uint8Array | undefined;
    const spy: CryptoProvider = {
      ...nodeCrypto,
      aead(name, bytes) {
        key = Uint8Array.from(bytes);
        return nodeCrypto.aead(name, bytes);
      },
    };
    for (const [secret, expected, name] of [
      [handshake.client, secrets.keys.clientHandshake, 'client handshake'],
      [handshake.server, secrets.keys.serverHandshake, 'server handshake'],
      [application.client, secrets.keys.clientApplication, 'client application'],
      [application.server, secrets.keys.serverApplication, 'server application'],
    ] as const) {
      const { iv } = trafficKey(spy, suite, secret);
      assertBytes(key, expected.key, `${name} key`);
      assertBytes(iv, expected.iv, `${name} iv`);
    }
  });

  it('the verify_data of both Finished messages', () => {
    const server = finishedVerifyData(nodeCrypto, suite, handshake.server, digest(...untilVerify));
    assertBytes(server, secrets.serverFinished.subarray(4), 'server');
    const client = finishedVerifyData(nodeCrypto, suite, handshake.client, digest(...untilFinished));
    assertBytes(client, secrets.clientFinished.subarray(4), 'client');
  });

  it('the input of the signature', () => {
    const input = serverSignatureInput(digest(...untilCertificate));
    const key = new crypto.X509Certificate(certificate).publicKey;
    const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
    assert.ok(
      crypto.verify('sha256', input, { key, padding, saltLength: 32 }, simple.certificateVerify.subarray(-128)),
    );
  });

  it('the record of the NewSessionTicket, the first under the application key of the server', () => {
    const sealer = new Sealer13(trafficKey(nodeCrypto, suite, application.server), aeadShapes[suite.aead]);
    const record = new Uint8Array(secrets.newSessionTicket.length + sealer.overhead);
    sealer.seal(ContentType.handshake, secrets.newSessionTicket, 0, record, 0);
    assertBytes(record, simple.newSessionTicket, 'the record');
  });
});
