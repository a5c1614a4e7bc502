import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tls from 'node:tls';
import tsls, { type ClientHello, createSecureContext, createServer, type TLSSocket } from '../../src/index.ts';
import { ca, identity, makeIdentity } from '../support/identities.ts';
import { client, connect, listen, readAll } from '../support/tls-pair.ts';

describe('the face', () => {
  it('has the names of node:tls', () => {
    for (const name of ['createServer', 'createSecureContext', 'Server', 'TLSSocket', 'SecureContext'] as const) {
      assert.equal(typeof tsls[name], 'function');
    }
    assert.deepEqual(tsls.rootCertificates, tls.rootCertificates);
    assert.ok(createServer() instanceof net.Server);
  });
});

describe('key and cert', () => {
  const { key, cert, privateKey } = identity('p256');
  const rsa = identity('rsa');
  const encrypted = privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString();
  const der = Buffer.from(cert.replace(/-----.*-----|\s/g, ''), 'base64');
  const forms: [string, object][] = [
    ['strings', { key, cert }],
    ['Buffers', { key: Buffer.from(key), cert: Buffer.from(cert) }],
    ['arrays', { key: [key], cert: [cert] }],
    [
      'one PEM with both, and text around',
      { key: `${cert}\n${key}`, cert: `subject=x\r\n${key}\r\n${cert.replaceAll('\n', '\r\n')}` },
    ],
    ['a chain in one PEM', { key, cert: cert + ca }],
    ['an encrypted key', { key: encrypted, cert, passphrase: 'secret' }],
    ['an encrypted key with its own passphrase', { key: [{ pem: encrypted, passphrase: 'secret' }], cert }],
    ['SEC 1', { key: privateKey.export({ type: 'sec1', format: 'pem' }), cert }],
    ['DER', { key: privateKey.export({ type: 'pkcs8', format: 'der' }), cert: der }],
    ['DER of SEC 1', { key: privateKey.export({ type: 'sec1', format: 'der' }), cert }],
    ['DER of PKCS #1', { key: rsa.privateKey.export({ type: 'pkcs1', format: 'der' }), cert: rsa.cert }],
    [
      'DER, encrypted',
      {
        key: privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'secret' }),
        cert,
        passphrase: 'secret',
      },
    ],
    ['a KeyObject and DER', { key: createPrivateKey(key), cert: der }],
    ['keys and chains in another order', { key: [rsa.key, key], cert: [cert, rsa.cert] }],
    ['a context made before', { key: undefined, cert: undefined, secureContext: createSecureContext({ key, cert }) }],
  ];
  for (const [name, options] of forms) {
    it(`as ${name}`, async () => {
      await using at = await listen(options);
      const peer = await connect(at.port);
      assert.equal(peer.authorized, true);
      peer.destroy();
    });
  }

  const refused: [string, object, object][] = [
    ['a key of another certificate', { key: rsa.key, cert }, { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' }],
    ['an encrypted key without passphrase', { key: encrypted, cert }, /passphrase|interrupted or cancelled/i],
    // Of 256 wrong decryptions one has padding that looks right, and is no key.
    ['a wrong passphrase', { key: encrypted, cert, passphrase: 'wrong' }, /decrypt|decoder/i],
    ['no PEM in cert', { key, cert: 'nothing' }, { code: 'ERR_OSSL_PEM_NO_START_LINE' }],
    ['a number as key', { key: 5, cert }, { code: 'ERR_INVALID_ARG_TYPE' }],
    ['a number as cert', { key, cert: 5 }, { code: 'ERR_INVALID_ARG_TYPE' }],
    ['an unknown version', { minVersion: 'TLSv1.4' }, { code: 'ERR_TLS_INVALID_PROTOCOL_VERSION' }],
    ['only versions that are too old', { maxVersion: 'TLSv1.1' }, { code: 'ERR_TLS_INVALID_PROTOCOL_VERSION' }],
    ['an unknown cipher', { ciphers: 'NOPE' }, { code: 'ERR_SSL_NO_CIPHER_MATCH' }],
    ['an unknown TLS 1.3 cipher', { ciphers: 'TLS_NOPE' }, { code: 'ERR_SSL_NO_CIPHER_MATCH' }],
    ['an unknown curve', { ecdhCurve: 'P-257' }, { code: 'ERR_CRYPTO_OPERATION_FAILED' }],
    ['an unknown signature scheme', { sigalgs: 'MD5' }, { code: 'ERR_CRYPTO_OPERATION_FAILED' }],
    [
      'both kinds of ALPN',
      { ALPNProtocols: ['h2'], ALPNCallback: () => 'h2' },
      { code: 'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS' },
    ],
    ['an SNICallback that is none', { SNICallback: 'x' }, { code: 'ERR_INVALID_ARG_TYPE' }],
    ['a handshakeTimeout that is none', { handshakeTimeout: 'x' }, { code: 'ERR_INVALID_ARG_TYPE' }],
    [
      'a handshakeTimeout that no timer can wait',
      { handshakeTimeout: Number.POSITIVE_INFINITY },
      { code: 'ERR_OUT_OF_RANGE' },
    ],
    ['a record size that cannot be', { recordSizeLimit: 63 }, { code: 'ERR_OUT_OF_RANGE' }],
  ];
  for (const [name, options, error] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => createServer(options as never), error);
    });
  }

  it('several identities, chosen by what the client verifies', async () => {
    const kinds = ['rsa', 'p256', 'ed25519'] as const;
    const all = kinds.map(identity);
    await using at = await listen({ key: all.map((i) => i.key), cert: all.map((i) => i.cert) });
    for (const [sigalgs, type] of [
      ['RSA-PSS+SHA256', 'rsa'],
      ['ECDSA+SHA256', 'ec'],
      ['ed25519', 'ed25519'],
    ]) {
      const strict = client(at.port, { sigalgs: sigalgs!, rejectUnauthorized: false });
      await once(strict, 'secureConnect');
      const { asymmetricKeyType } = createPublicKey(
        strict.getPeerX509Certificate()!.publicKey.export({ type: 'spki', format: 'pem' }),
      );
      assert.equal(asymmetricKeyType, type);
      strict.destroy();
    }
  });

  it('a remote key that signs later', async () => {
    const schemes: string[] = [];
    const remote = {
      publicKey: createPublicKey(privateKey),
      async sign(scheme: string, data: Uint8Array) {
        schemes.push(scheme);
        await sleep(5);
        return sign('sha256', data, privateKey);
      },
    };
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      await using at = await listen({ key: remote, cert, maxVersion: version });
      (await connect(at.port)).destroy();
    }
    assert.deepEqual(schemes, ['ecdsa_secp256r1_sha256', 'ecdsa_secp256r1_sha256']);
  });

  for (const [name, answer] of [
    [
      'throws',
      () => {
        throw new Error('HSM gone');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('HSM gone');
      },
    ],
    ['answers nonsense', () => 'signature'],
    ['answers nonsense later', async () => undefined],
  ] as const) {
    it(`a remote key that ${name} harms one connection`, async () => {
      await using at = await listen({ key: { publicKey: createPublicKey(privateKey), sign: answer as never }, cert });
      const failed = at.nextError();
      const peer = client(at.port);
      const [error] = (await once(peer, 'error')) as [Error & { code: string }];
      assert.match(error.code, /INTERNAL_ERROR/);
      const reported = await failed;
      assert.equal(reported.alert, 'internal_error');
      assert.equal(reported.stage, 'certificate');
      assert.equal(at.errors.length, 1);
    });
  }
});

describe('choices for each connection', () => {
  const a = makeIdentity('p256', ['a.example']);
  const b = makeIdentity('ed25519', ['b.example']);
  const names = async (port: number, servername: string) => {
    const peer = await connect(port, { servername });
    const { subjectaltname } = peer.getPeerCertificate();
    peer.destroy();
    return subjectaltname;
  };

  it('SNICallback: now, later, a promise, none', async () => {
    for (const delay of [0, 5]) {
      await using at = await listen({
        key: a.key,
        cert: a.cert,
        SNICallback(servername, callback) {
          const context = servername === 'b.example' ? createSecureContext(b) : null;
          if (delay) setTimeout(callback, delay, null, context);
          else callback(null, context ?? undefined);
        },
      });
      assert.match((await names(at.port, 'b.example'))!, /b\.example/);
      assert.match((await names(at.port, 'a.example'))!, /a\.example/);
    }
  });

  it('SNICallback: what is falsy is no context, as in Node', async () => {
    for (const none of [false, 0, '', null, undefined]) {
      await using at = await listen({
        key: a.key,
        cert: a.cert,
        SNICallback: (_name, callback) => callback(null, none as null),
      });
      assert.match((await names(at.port, 'a.example'))!, /a\.example/);
    }
  });

  const boom = new Error('no such tenant');
  for (const [name, options] of [
    [
      'an SNICallback that throws',
      {
        SNICallback: () => {
          throw boom;
        },
      },
    ],
    ['an SNICallback that calls back an error', { SNICallback: (_n: string, cb: (e: Error) => void) => cb(boom) }],
    [
      'an SNICallback that rejects',
      {
        SNICallback: async () => {
          throw boom;
        },
      },
    ],
    [
      'an SNICallback that gives no context',
      { SNICallback: (_n: string, cb: (e: null, c: object) => void) => cb(null, { cert: 5 }) },
    ],
    [
      'an ALPNCallback that throws',
      {
        ALPNCallback: () => {
          throw boom;
        },
      },
    ],
    ['an ALPNCallback that gives a protocol not offered', { ALPNCallback: () => 'gopher' }],
    [
      'an onClientHello that throws',
      {
        onClientHello: () => {
          throw boom;
        },
      },
    ],
    [
      'an onClientHello that rejects',
      {
        onClientHello: async () => {
          throw boom;
        },
      },
    ],
  ] as const) {
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      it(`${name} ends that connection with a report, ${version}`, async () => {
        await using at = await listen({ ...(options as object), maxVersion: version });
        const failed = at.nextError();
        const peer = client(at.port, { ALPNProtocols: ['h2'] });
        const [error] = (await once(peer, 'error')) as [Error & { code: string }];
        assert.match(error.code, /INTERNAL_ERROR/);
        const reported = await failed;
        assert.equal(reported.alert, 'internal_error');
        assert.equal(reported.alertDirection, 'sent');
        assert.equal(reported.stage, 'clientHello');
        assert.equal(reported.remoteAddress, '127.0.0.1');
        assert.ok(reported.remotePort);
        assert.equal(reported.clientHello?.offers.serverName, 'localhost');
        assert.ok(reported.cause);
        assert.equal(typeof reported.code, 'string');
        await sleep(20);
        assert.equal(at.errors.length, 1);
      });
    }
  }

  it('an SNICallback that calls back twice', async () => {
    await using at = await listen({
      SNICallback(_name, callback) {
        callback(null);
        callback(new Error('again'));
        callback(null);
      },
    });
    (await connect(at.port)).destroy();
    assert.equal(at.errors.length, 0);
  });

  it('ALPN: our order, the callback, none in common', async () => {
    await using at = await listen({ ALPNProtocols: ['h2', 'http/1.1'] });
    const peer = await connect(at.port, { ALPNProtocols: ['http/1.1', 'h2'] });
    assert.equal(peer.alpnProtocol, 'h2');
    peer.destroy();
    const other = client(at.port, { ALPNProtocols: ['smtp'] });
    const [error] = (await once(other, 'error')) as [Error & { code: string }];
    assert.match(error.code, /NO_APPLICATION_PROTOCOL/);
    const without = await connect(at.port);
    assert.equal(without.alpnProtocol, false);
    without.destroy();

    const seen: unknown[] = [];
    await using withCallback = await listen({
      ALPNCallback: (offer) => {
        seen.push(offer);
        return offer.protocols.at(-1);
      },
    });
    const third = await connect(withCallback.port, { ALPNProtocols: ['x', 'y'] });
    assert.equal(third.alpnProtocol, 'y');
    assert.deepEqual(seen, [{ servername: 'localhost', protocols: ['x', 'y'] }]);
    third.destroy();
  });

  it('ALPNProtocols in the wire format', async () => {
    await using at = await listen({ ALPNProtocols: Buffer.from('\x02h2\x08http/1.1', 'latin1') });
    const peer = await connect(at.port, { ALPNProtocols: ['http/1.1'] });
    assert.equal(peer.alpnProtocol, 'http/1.1');
    peer.destroy();
    assert.throws(() => createServer({ ALPNProtocols: Buffer.from('\x05h2') }), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  it('onClientHello sees the hello and its bytes, and chooses later', async () => {
    await using at = await listen({
      async onClientHello(hello: ClientHello) {
        assert.equal(hello.raw[0], 1);
        assert.equal(Buffer.from(hello.raw).readUIntBE(1, 3), hello.raw.length - 4);
        assert.deepEqual(hello.offers.alpn, ['p']);
        await sleep(5);
        return {
          secureContext: hello.offers.serverName === 'b.example' ? createSecureContext(b) : undefined,
          ALPNProtocols: ['p'],
        };
      },
    } as never);
    const peer = await connect(at.port, { servername: 'b.example', ALPNProtocols: ['p'] });
    assert.equal(peer.alpnProtocol, 'p');
    assert.match(peer.getPeerCertificate().subjectaltname!, /b\.example/);
    peer.destroy();
  });
});

describe('handshakes that fail', () => {
  const raw = async (port: number, bytes: Uint8Array | string): Promise<Buffer> => {
    const socket = net.connect(port, '127.0.0.1');
    socket.write(bytes);
    return readAll(socket);
  };

  it('HTTP is told to use https', async () => {
    await using at = await listen();
    const failed = at.nextError();
    assert.match((await raw(at.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toString(), /^HTTP\/1\.0 400 /);
    const error = await failed;
    assert.equal(error.code, 'ERR_SSL_HTTP_REQUEST');
    assert.match(error.message, /HTTP request to a TLS server/);
  });

  it('rubbish gets an alert and a report', async () => {
    await using at = await listen();
    const failed = at.nextError();
    assert.equal((await raw(at.port, Buffer.alloc(100))).toString('hex'), '1503030002020a');
    const error = await failed;
    assert.deepEqual([error.alert, error.alertDirection, error.stage], ['unexpected_message', 'sent', 'start']);
  });

  it('what comes after the alert is thrown away', async () => {
    await using at = await listen({ handshakeTimeout: 500 });
    const talk = async (opening: string, then: string): Promise<void> => {
      const failed = at.nextError();
      const socket = net.connect(at.port, '127.0.0.1').on('error', () => {});
      socket.write(opening);
      await failed;
      // The socket lingers now: bytes keep coming, in pieces.
      for (let i = 0; i < 5; i++) {
        socket.write(then);
        await sleep(5);
      }
      socket.destroy();
    };
    await talk('99999999999', 'more');
    await talk('POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n', 'body');
    await talk('\x16\x03\x01', 'late');
    (await connect(at.port)).destroy();
    assert.equal(at.errors.length, 3);
  });

  it('what comes after an alert on a secure connection, too', async () => {
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      await using at = await listen({ maxVersion: version });
      const accepted = at.nextSocket();
      const raw = net.connect(at.port, '127.0.0.1').on('error', () => {});
      const peer = client(at.port, { socket: raw }).on('error', () => {});
      await once(peer, 'secureConnect');
      const socket = await accepted;
      const failed = new Promise<Error & { code?: string }>((resolve) => socket.once('error', resolve));
      socket.resume();
      const garbage = Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32, 7)]);
      raw.write(garbage);
      for (let i = 0; i < 5; i++) {
        await sleep(5);
        raw.write(garbage);
      }
      raw.destroy();
      assert.equal((await failed).code, 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC');
      assert.equal(socket.destroyed, true);
    }
  });

  it('a client that distrusts us: the alert it sends is reported', async () => {
    await using at = await listen();
    const failed = at.nextError();
    const peer = tls.connect({
      port: at.port,
      host: '127.0.0.1',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: 'AES128-SHA',
    });
    peer.on('error', () => {});
    const error = await failed;
    assert.equal(error.code, 'ERR_SSL_NO_SHARED_CIPHER');
    assert.equal(error.reason, 'no shared cipher');
  });

  it('a client that goes away at each stage is one report', async () => {
    await using at = await listen({ onClientHello: () => sleep(30) as never });
    const vanish = [
      async () => net.connect(at.port, '127.0.0.1').destroy(),
      async () => {
        const socket = net.connect(at.port, '127.0.0.1');
        await once(socket, 'connect');
        socket.end();
      },
      async () => {
        const socket = net.connect(at.port, '127.0.0.1');
        await once(socket, 'connect');
        socket.resetAndDestroy();
      },
      async () => {
        const socket = net.connect(at.port, '127.0.0.1');
        const peer = client(at.port, { socket });
        peer.on('error', () => {});
        await sleep(15);
        socket.destroy();
      },
    ];
    for (const [index, act] of vanish.entries()) {
      const failed = index === 0 ? undefined : at.nextError();
      await act();
      if (failed) assert.match((await failed).code, /ECONNRESET/);
    }
    await sleep(60);
    assert.ok(at.errors.length <= vanish.length);
    (await connect(at.port)).destroy();
  });

  it('handshakeTimeout', async () => {
    await using at = await listen({ handshakeTimeout: 500 });
    const socket = net.connect(at.port, '127.0.0.1');
    const error = await at.nextError();
    assert.equal(error.code, 'ERR_TLS_HANDSHAKE_TIMEOUT');
    assert.equal(error.message, 'TLS handshake timeout');
    await once(socket.resume(), 'close');
    const peer = await connect(at.port);
    await sleep(600);
    assert.equal(peer.destroyed, false);
    peer.destroy();
  });

  it('a failing handshake leaves its neighbours alone', async () => {
    await using at = await listen({}, (socket) => socket.pipe(socket));
    const peer = await connect(at.port);
    await Promise.all(Array.from({ length: 50 }, () => raw(at.port, Buffer.alloc(20))));
    peer.end('alive');
    assert.equal((await readAll(peer)).toString(), 'alive');
    assert.equal(at.errors.length, 50);
  });
});

describe('with the rest of Node', () => {
  it('HTTP/1.1 over a TLSSocket', async () => {
    const web = http.createServer((request, response) => {
      assert.ok((request.socket as TLSSocket).encrypted);
      request.pipe(response);
    });
    await using at = await listen({}, (socket) => web.emit('connection', socket));
    const peer = await connect(at.port);
    const body = Buffer.alloc(300_000, 'x');
    peer.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
    peer.write(body);
    const answer = await readAll(peer);
    assert.match(answer.subarray(0, 15).toString(), /HTTP\/1\.1 200 OK/);
    assert.ok(answer.length > 300_000);
    web.close();
  });

  it('HTTP/2 over a TLSSocket', async () => {
    const web = http2.createServer();
    web.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    await using at = await listen({ ALPNProtocols: ['h2'] }, (socket) => web.emit('connection', socket));
    const session = http2.connect(`https://localhost:${at.port}`, { ca });
    const stream = session.request({ ':method': 'POST' });
    const body = Buffer.alloc(300_000, 'x');
    stream.end(body);
    assert.equal((await readAll(stream)).length, body.length);
    session.close();
    await once(session, 'close');
  });

  it('keylog: the lines that the client has too', async () => {
    const ours: string[] = [];
    const theirs: string[] = [];
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      await using at = await listen({ maxVersion: version });
      at.server.on('keylog', (line, socket) => {
        assert.ok(socket.remotePort);
        ours.push(line.toString());
      });
      const peer = client(at.port);
      peer.on('keylog', (line: Buffer) => theirs.push(line.toString()));
      await once(peer, 'secureConnect');
      peer.destroy();
    }
    assert.deepEqual(ours.toSorted(), theirs.toSorted());
    assert.equal(ours.length, 6);
  });

  it('close() waits for connections, then says so', async () => {
    await using at = await listen({}, (socket) => socket.resume());
    const peer = await connect(at.port);
    let closed = false;
    at.server.close(() => {
      closed = true;
    });
    await sleep(30);
    assert.equal(closed, false);
    peer.resume().end();
    await once(at.server, 'close');
    assert.equal(closed, true);
  });
});
