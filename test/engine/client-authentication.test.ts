import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { describe, it } from 'node:test';
import * as zlib from 'node:zlib';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import type { ClientAuthentication, ClientVerdict } from '../../src/handshake/config.ts';
import { finishedVerifyData } from '../../src/handshake/tls13/key-schedule.ts';
import { writeCertificate12, writeCertificate13 } from '../../src/messages/certificate.ts';
import { clientSignatureInput, writeCertificateVerify } from '../../src/messages/certificate-verify.ts';
import { writeCompressedCertificate } from '../../src/messages/compressed-certificate.ts';
import { writeFinished } from '../../src/messages/finished.ts';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { writeKeyUpdate } from '../../src/messages/key-update.ts';
import { readCertificateCompression } from '../../src/node/certificate-compression.ts';
import { ContentType, ExtensionType, HandshakeType, SignatureScheme } from '../../src/wire/code-points.ts';
import { Reader } from '../../src/wire/reader.ts';
import { certificatesOfPem } from '../../src/x509/pem.ts';
import { hello12, hello13, withExtension } from '../support/client-hello.ts';
import { type IdentityKind, identity } from '../support/identities.ts';
import { RawClient } from '../support/raw-client.ts';

const authorized: ClientVerdict = { authorized: true };
const refused: ClientVerdict = {
  authorized: false,
  code: 'CERT_REVOKED',
  message: 'revoked',
  alert: 'certificateRevoked',
};

const auth = (verdict: ClientVerdict, isRequired = true): ClientAuthentication => ({
  isRequired,
  authorities: [],
  verify: () => verdict,
});

const chainOf = (kind: IdentityKind): Uint8Array[] => certificatesOfPem(identity(kind).cert);
const ecdsa = (kind: IdentityKind, bytes: Uint8Array): Buffer => sign('sha256', bytes, identity(kind).privateKey);

/** Sends a message of the client's, and adds it to its transcript. */
function tell(client: RawClient, message: Uint8Array): void {
  client.sendMessage(message);
  client.transcript.add(message);
}

const failureOf = (client: RawClient) => {
  const { failure } = client.server;
  return failure && { alert: failure.alert, code: failure.code };
};

describe('client certificates in TLS 1.3', () => {
  /** A client that has been asked for a certificate. */
  function asked(clientAuth: ClientAuthentication = auth(authorized)): RawClient {
    const client = new RawClient({ config: { clientAuth } });
    client.sendHello(hello13(client.key)).read();
    assert.ok(client.messages.some(({ type }) => type === HandshakeType.certificateRequest));
    return client;
  }

  function verify(client: RawClient, scheme: number = SignatureScheme.ecdsaSecp256r1Sha256): void {
    tell(client, writeCertificateVerify(scheme, ecdsa('p256', clientSignatureInput(client.transcript.digest()))));
  }

  it('tells who the client is', () => {
    const client = asked();
    tell(client, writeCertificate13(chainOf('p256')));
    verify(client);
    client.sendMessage(client.finished13());
    assert.ok(client.server.isSecure);
    const identityOfClient = client.server.connection.secured?.client;
    assert.deepEqual(
      identityOfClient?.chain.map((der) => Buffer.from(der)),
      chainOf('p256').map((der) => Buffer.from(der)),
    );
    assert.equal(identityOfClient?.verdict.authorized, true);
  });

  it('names our signature schemes and authorities in the request', () => {
    const name = Buffer.from('300e310c300a06035504030c0374736c', 'hex');
    const client = asked({ ...auth(authorized), authorities: [name] });
    const { body } = client.messages.find(({ type }) => type === HandshakeType.certificateRequest)!;
    const r = new Reader(body);
    assert.equal(r.vector8().remaining, 0);
    const extensions = new Map(r.vector16().list((l) => [l.u16(), l.vector16().rest()] as const));
    assert.ok(extensions.has(ExtensionType.signatureAlgorithms));
    assert.deepEqual(Buffer.from(extensions.get(ExtensionType.certificateAuthorities)!.subarray(4)), name);
  });

  const wrongs: [string, (client: RawClient) => void, { alert: string; code: string }][] = [
    [
      'no certificate',
      (client) => tell(client, writeCertificate13([])),
      { alert: 'certificateRequired', code: 'PEER_DID_NOT_RETURN_A_CERTIFICATE' },
    ],
    [
      'Finished instead of Certificate',
      (client) => client.sendMessage(client.finished13()),
      { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' },
    ],
    [
      'Finished instead of CertificateVerify',
      (client) => {
        tell(client, writeCertificate13(chainOf('p256')));
        client.sendMessage(client.finished13());
      },
      { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' },
    ],
    [
      'a certificate that is none',
      (client) => {
        tell(client, writeCertificate13([Buffer.from('3000', 'hex')]));
      },
      { alert: 'badCertificate', code: 'BAD_CERTIFICATE' },
    ],
    [
      'a context that was not asked for',
      (client) =>
        tell(
          client,
          writeMessage(HandshakeType.certificate, (w) => w.vector8((c) => c.u8(1)).vector24(() => {})),
        ),
      { alert: 'illegalParameter', code: 'INVALID_CONTEXT' },
    ],
    [
      'an extension that was not asked for',
      (client) => tell(client, writeCertificate13(chainOf('p256'), Buffer.from('staple'))),
      { alert: 'unsupportedExtension', code: 'UNSUPPORTED_EXTENSION' },
    ],
    [
      'a signature under another key',
      (client) => {
        tell(client, writeCertificate13(chainOf('p256')));
        const input = clientSignatureInput(client.transcript.digest());
        tell(client, writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, ecdsa('p384', input)));
      },
      { alert: 'decryptError', code: 'BAD_SIGNATURE' },
    ],
    [
      "a signature as a server's",
      (client) => {
        tell(client, writeCertificate13(chainOf('p256')));
        const input = Buffer.from(clientSignatureInput(client.transcript.digest()));
        input.write('TLS 1.3, server', 64);
        tell(client, writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, ecdsa('p256', input)));
      },
      { alert: 'decryptError', code: 'BAD_SIGNATURE' },
    ],
    [
      "a scheme that is not the key's",
      (client) => {
        tell(client, writeCertificate13(chainOf('p256')));
        verify(client, SignatureScheme.ecdsaSecp384r1Sha384);
      },
      { alert: 'illegalParameter', code: 'WRONG_SIGNATURE_TYPE' },
    ],
    [
      'a PKCS #1 scheme',
      (client) => {
        tell(client, writeCertificate13(chainOf('rsa')));
        verify(client, SignatureScheme.rsaPkcs1Sha256);
      },
      { alert: 'illegalParameter', code: 'WRONG_SIGNATURE_TYPE' },
    ],
  ];
  for (const [name, act, expected] of wrongs) {
    it(`refuses ${name}`, () => {
      const client = asked();
      act(client);
      assert.deepEqual(failureOf(client), expected);
    });
  }

  it('refuses with the alert of the verdict', () => {
    const client = asked(auth(refused));
    tell(client, writeCertificate13(chainOf('p256')));
    verify(client);
    assert.deepEqual(failureOf(client), { alert: 'certificateRevoked', code: 'X509_V_ERR_CERT_REVOKED' });
  });

  it('goes on with a client that need not be authorized', () => {
    const client = asked(auth(refused, false));
    tell(client, writeCertificate13(chainOf('p256')));
    verify(client);
    client.sendMessage(client.finished13());
    assert.ok(client.server.isSecure);
    assert.equal(client.server.connection.secured?.client?.verdict.authorized, false);
  });
});

describe('client certificates in TLS 1.2', () => {
  function asked(clientAuth: ClientAuthentication = auth(authorized)): RawClient {
    const client = new RawClient({ config: { clientAuth } });
    client.sendHello(hello12()).read();
    assert.ok(client.messages.some(({ type }) => type === HandshakeType.certificateRequest));
    return client;
  }

  /** All messages so far, as a CertificateVerify signs them. */
  const everything = (client: RawClient, ...own: Uint8Array[]): Buffer =>
    Buffer.concat([client.firstHello!, ...client.messages.map(({ raw }) => raw), ...own]);

  it('tells who the client is', () => {
    const client = asked();
    const certificate = writeCertificate12(chainOf('p256'));
    tell(client, certificate);
    const exchange = client.clientKeyExchange12();
    client.sendMessage(exchange);
    const input = everything(client, certificate, exchange);
    tell(client, writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, ecdsa('p256', input)));
    client.send(ContentType.changeCipherSpec, Uint8Array.of(1)).encrypt12();
    client.sendMessage(client.finished12());
    assert.ok(client.server.isSecure);
    assert.equal(client.server.connection.secured?.client?.chain.length, 1);
  });

  it('refuses a client without with handshake_failure', () => {
    const client = asked();
    tell(client, writeCertificate12([]));
    assert.deepEqual(failureOf(client), { alert: 'handshakeFailure', code: 'PEER_DID_NOT_RETURN_A_CERTIFICATE' });
  });

  it('refuses a ClientKeyExchange instead of Certificate', () => {
    const client = asked();
    client.sendMessage(client.clientKeyExchange12());
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' });
  });

  it('refuses a ChangeCipherSpec instead of CertificateVerify', () => {
    const client = asked();
    tell(client, writeCertificate12(chainOf('p256')));
    client.sendMessage(client.clientKeyExchange12());
    client.send(ContentType.changeCipherSpec, Uint8Array.of(1));
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_CCS' });
  });

  it('refuses a signature over something else', () => {
    const client = asked();
    const certificate = writeCertificate12(chainOf('p256'));
    tell(client, certificate);
    client.sendMessage(client.clientKeyExchange12());
    const input = everything(client, certificate);
    tell(client, writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, ecdsa('p256', input)));
    assert.deepEqual(failureOf(client), { alert: 'decryptError', code: 'BAD_SIGNATURE' });
  });
});

describe('client certificates after the handshake (RFC 8446 section 4.6.2)', () => {
  /** A connected client that can be asked later, with its own Finished in its transcript. */
  function connected(offers = true): RawClient {
    const client = new RawClient();
    const hello = hello13(client.key);
    client.sendHello(offers ? withExtension(hello, [ExtensionType.postHandshakeAuth, new Uint8Array()]) : hello).read();
    tell(client, client.finished13());
    assert.ok(client.server.isSecure);
    return client.useApplicationKeys();
  }

  /** Asks, and gives the request's context to the client, whose transcript has the request. */
  function ask(client: RawClient, clientAuth: ClientAuthentication = auth(authorized)): Uint8Array {
    assert.equal(client.server.connection.requestCertificate(clientAuth), true);
    client.read();
    const request = client.messages.at(-1)!;
    assert.equal(request.type, HandshakeType.certificateRequest);
    return new Reader(request.body).vector8(1).rest();
  }

  const certificateWith = (context: Uint8Array): Uint8Array =>
    writeMessage(HandshakeType.certificate, (w) =>
      w
        .vector8((c) => c.bytes(context))
        .vector24((list) => {
          for (const der of chainOf('p256')) list.vector24((entry) => entry.bytes(der)).vector16(() => {});
        }),
    );

  function prove(client: RawClient): void {
    const input = clientSignatureInput(client.transcript.digest());
    tell(client, writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, ecdsa('p256', input)));
  }

  const finished = (client: RawClient): Uint8Array =>
    writeFinished(
      finishedVerifyData(nodeCrypto, client.suite, client.applicationSecrets.client, client.transcript.digest()),
    );

  const clients = (client: RawClient) =>
    client.server.events.flatMap((event) => (event.type === 'client' ? event.client : []));

  it('tells who the client is, with data before and after', () => {
    const client = connected();
    const context = ask(client);
    client.send(ContentType.applicationData, Buffer.from('before '));
    tell(client, certificateWith(context));
    prove(client);
    client.sendMessage(finished(client));
    client.send(ContentType.applicationData, Buffer.from('after'));
    assert.deepEqual(
      clients(client).map(({ verdict }) => verdict.authorized),
      [true],
    );
    assert.equal(client.server.plaintext.toString(), 'before after');
    assert.equal(client.server.hasFailed, false);
  });

  it('can be asked again once answered, not before', () => {
    const client = connected();
    ask(client);
    assert.equal(client.server.connection.requestCertificate(auth(authorized)), false);
  });

  it('is not possible with a client that did not offer it', () => {
    assert.equal(connected(false).server.connection.requestCertificate(auth(authorized)), false);
  });

  it('takes a client that has none where none is required', () => {
    const client = connected();
    const context = ask(client, auth(authorized, false));
    tell(
      client,
      writeMessage(HandshakeType.certificate, (w) => w.vector8((c) => c.bytes(context)).vector24(() => {})),
    );
    client.sendMessage(finished(client));
    assert.deepEqual(
      clients(client).map(({ chain }) => chain.length),
      [0],
    );
  });

  it('refuses data in the middle of the answer', () => {
    const client = connected();
    tell(client, certificateWith(ask(client)));
    client.send(ContentType.applicationData, Buffer.from('x'));
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_RECORD' });
  });

  it('refuses a KeyUpdate in the middle of the answer', () => {
    const client = connected();
    tell(client, certificateWith(ask(client)));
    client.sendMessage(writeKeyUpdate(false));
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });

  it("refuses the answer to another request, and a Finished that is not the answer's", () => {
    const other = connected();
    ask(other);
    tell(other, certificateWith(Buffer.from('another context')));
    assert.deepEqual(failureOf(other), { alert: 'illegalParameter', code: 'INVALID_CONTEXT' });
    const client = connected();
    tell(client, certificateWith(ask(client)));
    prove(client);
    client.transcript.add(Buffer.from('x'));
    client.sendMessage(finished(client));
    assert.deepEqual(failureOf(client), { alert: 'decryptError', code: 'DIGEST_CHECK_FAILED' });
  });

  it('refuses a Certificate that nobody asked for', () => {
    const client = connected();
    tell(client, certificateWith(Buffer.from('x')));
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' });
  });
});

describe('compressed certificates (RFC 8879)', () => {
  const certificateCompression = readCertificateCompression(['brotli', 'zlib']);
  const offer = (...algorithms: number[]): [number, Uint8Array] => {
    const body = Buffer.alloc(1 + 2 * algorithms.length);
    body[0] = 2 * algorithms.length;
    for (const [i, algorithm] of algorithms.entries()) body.writeUInt16BE(algorithm, 1 + 2 * i);
    return [ExtensionType.compressCertificate, body];
  };

  function connect(config: object, ...algorithms: number[]): RawClient {
    const client = new RawClient({ config });
    client.sendHello(withExtension(hello13(client.key), offer(...algorithms))).read();
    return client;
  }

  const received = (client: RawClient) =>
    client.messages.find(
      ({ type }) => type === HandshakeType.certificate || type === HandshakeType.compressedCertificate,
    )!;

  for (const [algorithm, decompress] of [
    [1, zlib.inflateSync],
    [2, zlib.brotliDecompressSync],
  ] as const) {
    it(`by algorithm ${algorithm} are what they were`, () => {
      const client = connect({ certificateCompression }, algorithm);
      const message = received(client);
      assert.equal(message.type, HandshakeType.compressedCertificate);
      const r = new Reader(message.body);
      assert.equal(r.u16(), algorithm);
      const length = r.u24();
      const body = decompress(r.vector24().rest());
      assert.equal(body.length, length);
      const plain = received(connect({}, algorithm));
      assert.equal(plain.type, HandshakeType.certificate);
      assert.deepEqual(body, Buffer.from(plain.body));
      client.sendMessage(client.finished13());
      assert.ok(client.server.isSecure);
    });
  }

  it('go by our order, and not at all where nothing is common', () => {
    const algorithmOf = (client: RawClient) => new Reader(received(client).body).u16();
    assert.equal(algorithmOf(connect({ certificateCompression }, 1, 2)), 2);
    assert.equal(received(connect({ certificateCompression }, 3, 77)).type, HandshakeType.certificate);
  });

  describe('of clients', () => {
    const config = { certificateCompression, clientAuth: auth(authorized) };
    const body = writeCertificate13(chainOf('p256')).subarray(4);

    function answer(message: Uint8Array): RawClient {
      const client = connect(config, 2);
      tell(client, message);
      if (client.server.hasFailed) return client;
      const input = clientSignatureInput(client.transcript.digest());
      tell(client, writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, ecdsa('p256', input)));
      client.sendMessage(client.finished13());
      return client;
    }

    it('are taken, compressed or not', () => {
      const compressed = zlib.brotliCompressSync(body);
      assert.ok(answer(writeCompressedCertificate({ algorithm: 2, length: body.length, compressed })).server.isSecure);
      assert.ok(answer(writeCertificate13(chainOf('p256'))).server.isSecure);
    });

    const bombs: [string, { algorithm: number; length: number; compressed: Uint8Array }, string, string][] = [
      [
        'an algorithm that was not offered',
        { algorithm: 3, length: 9, compressed: Buffer.of(1) },
        'illegalParameter',
        'UNKNOWN_CERT_COMPRESSION_ALG',
      ],
      [
        'garbage',
        { algorithm: 2, length: 900, compressed: Buffer.from('garbage') },
        'badCertificate',
        'CERT_DECOMPRESSION_FAILED',
      ],
      [
        'more than it says',
        { algorithm: 1, length: 10, compressed: zlib.deflateSync(body) },
        'badCertificate',
        'CERT_DECOMPRESSION_FAILED',
      ],
      [
        'less than it says',
        { algorithm: 1, length: body.length + 1, compressed: zlib.deflateSync(body) },
        'badCertificate',
        'CERT_DECOMPRESSION_FAILED',
      ],
      [
        'a bomb',
        { algorithm: 1, length: 0xff_ffff, compressed: zlib.deflateSync(new Uint8Array(0xff_ffff)) },
        'badCertificate',
        'UNCOMPRESSED_CERT_TOO_LARGE',
      ],
    ];
    for (const [name, message, alert, code] of bombs) {
      it(`are refused where they are ${name}`, () => {
        assert.deepEqual(failureOf(answer(writeCompressedCertificate(message))), { alert, code });
      });
    }

    it('are refused where nothing was said of compression', () => {
      const client = connect({ clientAuth: auth(authorized) }, 2);
      const compressed = zlib.brotliCompressSync(body);
      tell(client, writeCompressedCertificate({ algorithm: 2, length: body.length, compressed }));
      assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' });
    });
  });
});

describe('NPN (draft-agl-tls-nextprotoneg-04)', () => {
  const npn = ['http/1.1', 'spdy/3'];
  const offer: [number, Uint8Array] = [ExtensionType.nextProtocolNegotiation, new Uint8Array()];

  function connect(hello = withExtension(hello12(), offer), config: object = { npn }): RawClient {
    const client = new RawClient({ config });
    client.sendHello(hello).read();
    client.sendMessage(client.clientKeyExchange12());
    return client.send(ContentType.changeCipherSpec, Uint8Array.of(1)).encrypt12();
  }

  const nextProtocol = (name: string, padding = 32 - ((name.length + 2) % 32)): Uint8Array =>
    writeMessage(HandshakeType.nextProtocol, (w) =>
      w.vector8((n) => n.ascii(name)).vector8((p) => p.bytes(new Uint8Array(padding))),
    );

  it('lists our protocols, and takes what the client chooses, be it none of them', () => {
    const client = connect();
    const list = client.serverHello!.extensions.get(ExtensionType.nextProtocolNegotiation);
    assert.equal(Buffer.from(list!).toString('latin1'), '\x08http/1.1\x06spdy/3');
    tell(client, nextProtocol('something'));
    client.sendMessage(client.finished12());
    assert.ok(client.server.isSecure);
    assert.equal(client.server.connection.report.npnProtocol, 'something');
  });

  it('needs the message that it promised, before the Finished', () => {
    const client = connect();
    client.sendMessage(client.finished12());
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' });
  });

  it('takes no message that nobody promised', () => {
    const client = connect(hello12());
    assert.equal(client.serverHello!.extensions.has(ExtensionType.nextProtocolNegotiation), false);
    tell(client, nextProtocol('x'));
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' });
  });

  it('refuses padding that is not zero, and a name that is cut', () => {
    const padded = Buffer.from(nextProtocol('x'));
    padded[padded.length - 1] = 1;
    const client = connect();
    client.sendMessage(padded);
    assert.equal(failureOf(client)?.alert, 'illegalParameter');
    const other = connect();
    other.sendMessage(writeMessage(HandshakeType.nextProtocol, (w) => w.u8(5).ascii('x')));
    assert.equal(failureOf(other)?.alert, 'decodeError');
  });
});
