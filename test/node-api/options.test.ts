import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import { cipherSuites } from '../../src/crypto/cipher-suites.ts';
import tsls, { createSecureContext, createServer, TLSSocket } from '../../src/index.ts';
import { readClientHello } from '../../src/messages/client-hello.ts';
import { HandshakeReader } from '../../src/messages/handshake-reader.ts';
import { readCipherList } from '../../src/node/cipher-list.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { makeCertificate, testKey } from '../support/certificate-maker.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { ca, identity, makeIdentity } from '../support/identities.ts';
import { client, connect, listen } from '../support/tls-pair.ts';

const [major] = process.versions.node.split('.').map(Number) as [number];

/** What a call throws, as far as an application looks at it. */
function thrown(call: () => unknown): object | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return { name, code, message };
  }
}

describe("options are refused in node:tls's own words", () => {
  const { key, cert } = identity('p256');
  const other = makeIdentity('p256');
  const cases: [string, object][] = [
    ['a number as key', { key: 5 }],
    ['true as key', { key: true }],
    ['an object as key', { key: {} }],
    ['a number in an array of keys', { key: [5] }],
    ['a number as cert', { cert: 5 }],
    ['no PEM as cert', { cert: 'x' }],
    ['no PEM as key', { key: 'x' }],
    ['a key of another certificate', { key: other.key, cert }],
    ['a number as passphrase', { key, cert, passphrase: 5 }],
    ['an unknown minimum version', { minVersion: 'x' }],
    ['a number as minimum version', { minVersion: 5 }],
    ['an unknown maximum version', { maxVersion: 'TLSv1.4' }],
    ['a minimum version beside a method', { secureProtocol: 'TLS_method', minVersion: 'TLSv1.2' }],
    ['a maximum version beside a method', { secureProtocol: 'TLS_method', maxVersion: 'TLSv1.2' }],
    ['an unknown method', { secureProtocol: 'foo' }],
    ['SSLv2', { secureProtocol: 'SSLv2_method' }],
    ['SSLv3', { secureProtocol: 'SSLv3_server_method' }],
    ['a method that does not exist', { secureProtocol: 'TLSv1_3_method' }],
    ['a number as ciphers', { ciphers: 5 }],
    ['unknown ciphers', { ciphers: 'NOPE' }],
    ['ciphers that are a space', { ciphers: ' ' }],
    ['ciphers that are a colon', { ciphers: ':' }],
    ['an unknown suite of TLS 1.3', { ciphers: 'TLS_NOPE' }],
    ['an unknown command in ciphers', { ciphers: 'HIGH:@FOO' }],
    ['a number as sigalgs', { sigalgs: 5 }],
    ['empty sigalgs', { sigalgs: '' }],
    ['a number as ecdhCurve', { ecdhCurve: 5 }],
    ['null as ecdhCurve', { ecdhCurve: null }],
    ['an unknown curve', { ecdhCurve: 'P-257' }],
    ['a number as dhparam', { dhparam: 5 }],
    ['an identifier of a key without engine', { privateKeyIdentifier: 'x' }],
    ['a number as engine of the key', { privateKeyEngine: 5, privateKeyIdentifier: 'x' }],
    ['a number as engine of the client', { clientCertEngine: 5 }],
    ['both kinds of ALPN', { ALPNProtocols: ['a'], ALPNCallback() {} }],
    ['a protocol that is too long', { ALPNProtocols: ['a', 'x'.repeat(256)] }],
    ['a number as SNICallback', { SNICallback: 5 }],
    ['text as handshakeTimeout', { handshakeTimeout: 'x' }],
    ['text as keepAliveInitialDelay', { keepAliveInitialDelay: 'x' }],
  ];
  for (const [title, options] of cases) {
    it(title, () => {
      const theirs = thrown(() => tls.createServer(options));
      assert.ok(theirs, 'node:tls takes it');
      assert.deepEqual(
        thrown(() => createServer(options)),
        theirs,
      );
    });
  }

  it('an empty protocol', { skip: major < 24 && 'Node takes it before 24' }, () => {
    const options = { ALPNProtocols: [''] };
    assert.deepEqual(
      thrown(() => createServer(options)),
      thrown(() => tls.createServer(options)),
    );
  });

  const calls: [string, (face: typeof tls) => unknown][] = [
    ['options that are a number', (face) => face.createServer(5 as never)],
    ['a listener that is a number', (face) => face.createServer({}, 5 as never)],
    ['createSecureContext(5)', (face) => face.createSecureContext(5 as never)],
    [
      'createSecureContext with text as secureOptions',
      (face) => face.createSecureContext({ secureOptions: 'x' as never }),
    ],
    ['addContext()', (face) => face.createServer().addContext(undefined as never, {})],
    ['addContext of a number', (face) => face.createServer().addContext('a', 5 as never)],
    ['setSecureContext()', (face) => face.createServer().setSecureContext(undefined as never)],
    ['setSecureContext of a number', (face) => face.createServer().setSecureContext(5 as never)],
    [
      'SecureContext of an unknown method',
      (face) => (face as unknown as { SecureContext(method: string): void }).SecureContext('foo'),
    ],
  ];
  for (const [title, call] of calls) {
    it(title, () => {
      const [theirs, ours] = [thrown(() => call(tls)), thrown(() => call(tsls as unknown as typeof tls))];
      assert.ok(theirs, 'node:tls takes it');
      assert.deepEqual(ours, theirs);
    });
  }

  for (const options of [
    {},
    { key: undefined, cert: null },
    { ciphers: '' },
    { dhparam: 'auto' },
    { crl: undefined },
  ]) {
    it(`${JSON.stringify(options)} is nothing wrong`, () => assert.ok(createServer(options as object)));
  }
});

describe('what node:tls takes and is refused here says so', () => {
  const cases: [string, object, string][] = [
    ['an engine', { privateKeyEngine: 'x', privateKeyIdentifier: 'x' }, 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED'],
    ["a client's method", { secureProtocol: 'TLS_client_method' }, 'ERR_TLS_INVALID_PROTOCOL_METHOD'],
    ['TLS 1.1 alone', { secureProtocol: 'TLSv1_1_method' }, 'ERR_TLS_INVALID_PROTOCOL_VERSION'],
    [
      'no version at all',
      { secureOptions: constants.SSL_OP_NO_TLSv1_2 | constants.SSL_OP_NO_TLSv1_3 },
      'ERR_TLS_INVALID_PROTOCOL_VERSION',
    ],
    [
      'unsafe renegotiation',
      { secureOptions: constants.SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION },
      'ERR_TLS_OPTION_NOT_IMPLEMENTED',
    ],
    ['a context of node:tls', { secureContext: tls.createSecureContext() }, 'ERR_TLS_INVALID_CONTEXT'],
    ['a protocol list that is text', { ALPNProtocols: 'h2' }, 'ERR_INVALID_ARG_TYPE'],
    ['an ALPNCallback that is none', { ALPNCallback: 5 }, 'ERR_INVALID_ARG_TYPE'],
  ];
  for (const [title, options, code] of cases) {
    it(title, () => assert.throws(() => createServer(options), { code }));
  }
});

describe('a chain that is not whole', () => {
  it('is completed by certificates of ca, as node:tls does', async () => {
    const { key, cert } = identity('p256');
    await using at = await listen({ key, cert, ca });
    const peer = client(at.port, { rejectUnauthorized: false, ca: undefined });
    await once(peer, 'secureConnect');
    const { issuerCertificate, fingerprint256 } = peer.getPeerCertificate(true);
    assert.notEqual(issuerCertificate.fingerprint256, fingerprint256);
    peer.destroy();
  });
});

describe("ciphers mean what OpenSSL's list means", () => {
  /** The suites that the client of node:tls offers for a list, as far as we have them. */
  async function offered(ciphers: string): Promise<string[]> {
    const [far, near] = duplexPair();
    const socket = tls.connect({ socket: near, ciphers, minVersion: 'TLSv1.2' }).on('error', () => {});
    const [record] = (await once(far, 'data')) as [Buffer];
    socket.destroy();
    const reader = new HandshakeReader();
    reader.append(record.subarray(5));
    const hello = readClientHello(reader.next()!);
    return hello.cipherSuites.flatMap((id) => cipherSuites.find((suite) => suite.id === id)?.name ?? []);
  }
  const lists = [
    'HIGH',
    'DEFAULT',
    'ALL:!aNULL',
    'ECDHE',
    'AESGCM',
    'aRSA:@STRENGTH',
    'kECDHE+AESGCM:CHACHA20',
    'AESGCM+aRSA:AESGCM',
    'ALL:!aRSA:!CHACHA20',
    'aECDSA:-AES:ECDHE-ECDSA-AES128-GCM-SHA256',
    'ALL:-AES128:AESGCM',
    'ALL:-AESGCM:ALL',
    '!AES128:aRSA',
    'aRSA:+AES128',
    'ALL:+AESGCM:+aRSA',
    'AES128:AES256:CHACHA20:@STRENGTH',
    'AES128 AES256,CHACHA20;aRSA',
    'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES128-GCM-SHA256:HIGH:!DHE',
    'NOBODY:AES128+aRSA:NOPE+AES',
    'EECDH+AESGCM:EDH+AESGCM',
    'HIGH:!MD5:!DSS:!SRP:!PSK:!eNULL',
    'FIPS',
    'TLSv1.2+aECDSA',
    'ALL:DEFAULT:!AES256',
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384',
    'TLS_CHACHA20_POLY1305_SHA256:TLS_NOBODY:AESGCM+aECDSA',
    'ECDHE+AESGCM:@SECLEVEL=2',
    'ECDHE:@SECLEVEL=4',
    'DEFAULT@SECLEVEL=0',
    'ECDHE+AESGCM@SECLEVEL=2:!AES128',
  ];
  for (const list of lists) {
    it(list, async () => {
      const theirs = await offered(list);
      assert.ok(theirs.length > 0);
      // A client offers no suites with a PSK unless it has one.
      const ours = readCipherList(list).suites.filter(({ authentication }) => authentication !== 'psk');
      assert.deepEqual(
        ours.map(({ name }) => name),
        theirs,
      );
    });
  }
});

describe('options at work', () => {
  it('secureProtocol and secureOptions choose the version', async () => {
    const cases: [object, string][] = [
      [{ secureProtocol: 'TLSv1_2_method' }, 'TLSv1.2'],
      [{ secureProtocol: 'TLSv1_2_server_method' }, 'TLSv1.2'],
      [{ secureProtocol: 'TLS_method' }, 'TLSv1.3'],
      [{ secureProtocol: 'TLS_server_method' }, 'TLSv1.3'],
      [{ secureProtocol: 'SSLv23_method' }, 'TLSv1.2'],
      [{ secureOptions: constants.SSL_OP_NO_TLSv1_3 }, 'TLSv1.2'],
      [{ secureOptions: constants.SSL_OP_ALL | constants.SSL_OP_NO_SSLv3 }, 'TLSv1.3'],
    ];
    for (const [options, version] of cases) {
      await using at = await listen(options);
      const peer = await connect(at.port);
      assert.equal(peer.getProtocol(), version, JSON.stringify(options));
      peer.destroy();
    }
    await using at = await listen({ secureOptions: constants.SSL_OP_NO_TLSv1_2 });
    const failed = at.nextError();
    client(at.port, { maxVersion: 'TLSv1.2' }).on('error', () => {});
    assert.equal((await failed).alert, 'protocol_version');
  });

  it('SSL_OP_PRIORITIZE_CHACHA: who likes it best gets it', async () => {
    const { SSL_OP_PRIORITIZE_CHACHA: secureOptions } = constants as unknown as { SSL_OP_PRIORITIZE_CHACHA: number };
    await using at = await listen({ maxVersion: 'TLSv1.2', secureOptions });
    for (const [ciphers, expected] of [
      ['CHACHA20:AESGCM', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
      ['AESGCM:CHACHA20', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ] as const) {
      const peer = await connect(at.port, { ciphers });
      assert.equal(peer.getCipher().name, expected);
      peer.destroy();
    }
  });

  it("honorCipherOrder: false leaves the choice to the client's order", async () => {
    for (const [honorCipherOrder, expected] of [
      [true, 'ECDHE-ECDSA-AES256-GCM-SHA384'],
      [false, 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ] as const) {
      await using at = await listen({ maxVersion: 'TLSv1.2', ciphers: 'AES256:AES128', honorCipherOrder });
      const peer = await connect(at.port, { ciphers: 'AES128:AES256' });
      assert.equal(peer.getCipher().name, expected);
      peer.destroy();
    }
  });

  it('@SECLEVEL looks at keys and groups', async () => {
    const rsa = identity('rsa');
    assert.throws(() => createServer({ key: rsa.key, cert: rsa.cert, ciphers: 'HIGH:@SECLEVEL=3' }), {
      code: 'ERR_SSL_EE_KEY_TOO_SMALL',
    });
    const { key, cert } = identity('p384');
    await using at = await listen({ key, cert, ciphers: 'TLS_AES_256_GCM_SHA384:HIGH:@SECLEVEL=4' });
    const refused = client(at.port, { ecdhCurve: 'X25519' });
    refused.on('error', () => {});
    assert.equal((await at.nextError()).code, 'ERR_SSL_NO_SHARED_GROUP');
    (await connect(at.port, { ecdhCurve: 'P-384' })).destroy();
  });

  it('without @SECLEVEL the level is that of the running Node', () => {
    const weak = testKey('rsa1024');
    const key = weak.export({ type: 'pkcs8', format: 'pem' });
    const cert = encodePem('CERTIFICATE', makeCertificate({ key: weak }).der);
    // Whatever Node says of the same, so that moving over changes nothing.
    const outcome = (make: (options: object) => unknown, ciphers?: string): unknown => {
      try {
        make({ key, cert, ciphers });
        return 'taken';
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    for (const ciphers of [undefined, 'HIGH:@SECLEVEL=0', 'HIGH:@SECLEVEL=1', 'HIGH:@SECLEVEL=2']) {
      assert.equal(outcome(createSecureContext, ciphers), outcome(tls.createSecureContext, ciphers), ciphers);
    }
  });

  it('certificates without any key are taken, and of no use, as in Node', async () => {
    const { cert } = identity('p256');
    for (const [version, code] of [
      ['TLSv1.2', 'ERR_SSL_NO_SHARED_CIPHER'],
      ['TLSv1.3', 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM'],
    ] as const) {
      await using at = await listen({ key: undefined, cert });
      const failed = at.nextError();
      client(at.port, { minVersion: version, maxVersion: version }).on('error', () => {});
      const error = await failed;
      assert.deepEqual([error.code, error.alert], [code, 'handshake_failure']);
    }
  });

  it('ecdhCurve passes over groups that only OpenSSL has, while one is left', async () => {
    await using at = await listen({ ecdhCurve: 'secp256k1:ffdhe2048:P-256' });
    const peer = await connect(at.port);
    assert.equal((peer.getEphemeralKeyInfo() as tls.EphemeralKeyInfo).name, 'prime256v1');
    peer.destroy();
    assert.throws(() => createServer({ ecdhCurve: 'secp256k1' }), { code: 'ERR_CRYPTO_OPERATION_FAILED' });
  });

  it('sigalgs passes over unknown names after a question mark', () => {
    assert.ok(createServer({ sigalgs: 'ecdsa_secp256r1_sha256:?nobody' }));
    assert.throws(() => createServer({ sigalgs: 'nobody' }), { code: 'ERR_CRYPTO_OPERATION_FAILED' });
  });

  it('ALPNProtocols in every form of bytes, and no protocols at all', async () => {
    const wire = Buffer.from('\x02h2\x08http/1.1', 'latin1');
    const copy = Uint8Array.from(wire);
    const view = new DataView(copy.buffer);
    const words = new Uint16Array(copy.buffer, 0, copy.length / 2);
    for (const ALPNProtocols of [wire, copy, view, words, ['h2', Buffer.from('http/1.1')]]) {
      await using at = await listen({ ALPNProtocols });
      const peer = await connect(at.port, { ALPNProtocols: ['http/1.1'] });
      assert.equal(peer.alpnProtocol, 'http/1.1');
      peer.destroy();
    }
    for (const ALPNProtocols of [[], Buffer.alloc(0)]) {
      await using at = await listen({ ALPNProtocols });
      const peer = await connect(at.port, { ALPNProtocols: ['http/1.1'] });
      assert.equal(peer.alpnProtocol, false);
      peer.destroy();
    }
  });

  it('SecureContext without new', () => {
    const context = tsls.SecureContext('TLSv1_2_method');
    assert.ok(context instanceof tsls.SecureContext);
    assert.ok(new tsls.SecureContext() instanceof tsls.SecureContext);
    assert.equal(context.context, context);
    assert.ok(new TLSSocket(duplexPair()[0], { isServer: true, secureContext: context }));
  });
});
