import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { describe, it } from 'node:test';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { helloRetryRequestRandom } from '../../src/messages/server-hello.ts';
import {
  ContentType,
  ExtensionType as E,
  HandshakeType,
  NamedGroup,
  SignatureScheme as S,
} from '../../src/wire/code-points.ts';
import { Reader } from '../../src/wire/reader.ts';
import type { Credential } from '../../src/x509/credential.ts';
import { ext, type HelloFields, hello12, hello13, withExtension, withoutExtension } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';
import { serverConfig } from '../support/server-end.ts';

const extensionsOf = (body: Uint8Array): Map<number, Uint8Array> =>
  new Map(new Reader(body).vector16().list((l): [number, Uint8Array] => [l.u16(), l.vector16().rest()]));
const find = (client: RawClient, type: number) => client.messages.find((message) => message.type === type);

describe('ServerHello', () => {
  it('echoes the session id in TLS 1.3 and sends none in TLS 1.2', () => {
    const client13 = new RawClient();
    const hello = hello13(client13.key);
    client13.sendHello(hello).read();
    assert.deepEqual(Buffer.from(client13.serverHello!.sessionId), Buffer.from(hello.sessionId));
    const client12 = new RawClient().sendHello({ ...hello12(), sessionId: new Uint8Array(32).fill(7) }).read();
    assert.equal(client12.serverHello!.sessionId.length, 0);
  });

  it('warns of a downgrade in its random when TLS 1.3 was possible (RFC 8446 section 4.1.3)', () => {
    const sentinel = Buffer.from('444f574e47524401', 'hex');
    const last = (client: RawClient) => Buffer.from(client.serverHello!.random.subarray(24));
    assert.deepEqual(last(new RawClient().sendHello(hello12()).read()), sentinel);
    assert.notDeepEqual(
      last(new RawClient({ context: { maxVersion: 'TLSv1.2' } }).sendHello(hello12()).read()),
      sentinel,
    );
    const client = new RawClient();
    assert.notDeepEqual(last(client.sendHello(hello13(client.key)).read()), sentinel);
  });

  it('answers only what was offered, in TLS 1.2', () => {
    const bare = withoutExtension(withoutExtension(hello12(), E.extendedMasterSecret), E.renegotiationInfo);
    const client = new RawClient({ config: { alpn: ['h2'] } })
      .sendHello(withoutExtension(bare, E.ecPointFormats))
      .read();
    assert.equal(client.serverHello!.extensions.size, 0);
  });

  it('knows secure renegotiation by extension or by suite (RFC 5746)', () => {
    const byExtension = new RawClient().sendHello(hello12()).read();
    assert.deepEqual([...byExtension.serverHello!.extensions.get(E.renegotiationInfo)!], [0]);
    const hello = withoutExtension(hello12(), E.renegotiationInfo);
    const bySuite = new RawClient().sendHello({ ...hello, cipherSuites: [...hello.cipherSuites, 0x00ff] }).read();
    assert.ok(bySuite.serverHello!.extensions.has(E.renegotiationInfo));
  });

  it('sends the ChangeCipherSpec of compatibility mode only to clients with a session id', () => {
    for (const length of [0, 32]) {
      const client = new RawClient();
      client.sendHello({ ...hello13(client.key), sessionId: new Uint8Array(length) });
      const output = client.server.takeOutput();
      const helloLength = output.readUInt16BE(3);
      const second = output.subarray(5 + helloLength, 11 + helloLength).toString('hex');
      assert.equal(second === '140303000101', length > 0);
    }
  });
});

describe('EncryptedExtensions', () => {
  it('acknowledges the host name and tells the application protocol', () => {
    const client = connect13({ config: { alpn: ['h2', 'http/1.1'] } }, (h) =>
      withExtension(withExtension(h, ext.serverName('localhost')), ext.alpn(['http/1.1', 'h2'])),
    );
    const extensions = extensionsOf(find(client, HandshakeType.encryptedExtensions)!.body);
    assert.equal(extensions.get(E.serverName)!.length, 0);
    assert.equal(Buffer.from(extensions.get(E.alpn)!).toString('latin1'), '\0\x03\x02h2');
    assert.equal(client.server.connection.report.alpnProtocol, 'h2');
  });

  it('no common protocol is refused; a client that names none is not', () => {
    const client = new RawClient({ config: { alpn: ['h2'] } });
    client.sendHello(withExtension(hello13(client.key), ext.alpn(['smtp', 'a\r\nb\x1b[2J'])));
    assert.equal(client.server.failure?.alert, 'noApplicationProtocol');
    // Somebody may print it.
    assert.equal(client.server.failure.message, 'no common protocol: the client offers smtp, a\\x0d\\x0ab\\x1b[2J');
    assert.equal(connect13({ config: { alpn: ['h2'] } }).server.connection.report.alpnProtocol, undefined);
  });

  it('may tell the groups of the server', () => {
    const client = connect13({ config: { announceGroups: true, groups: [29, 23] } });
    const groups = extensionsOf(find(client, HandshakeType.encryptedExtensions)!.body).get(E.supportedGroups);
    assert.equal(Buffer.from(groups!).toString('hex'), '0004001d0017');
  });

  it('tells the groups of the server where it likes one better that the client has too (RFC 8446 section 4.2.7)', () => {
    const told = (groups: readonly number[], offered: readonly number[]): string | undefined => {
      const client = connect13({ config: { groups } }, (h) => withExtension(h, ext.supportedGroups(offered)));
      const { body } = find(client, HandshakeType.encryptedExtensions)!;
      const list = extensionsOf(body).get(E.supportedGroups);
      return list && Buffer.from(list).toString('hex');
    };
    assert.equal(told([23, 24, 29], [29, 23]), '000600170018001d');
    assert.equal(told([29, 23], [23, 29]), undefined, 'its share is of the best');
    assert.equal(told([24, 29], [29, 23]), undefined, 'the client has no better one');
  });
});

describe('the choice of a cipher suite', () => {
  const chosen = (honorCipherOrder: boolean, base: typeof hello13 | typeof hello12, cipherSuites: number[]) => {
    const client = new RawClient({ context: { honorCipherOrder } }).sendHello({ ...base(), cipherSuites });
    return client.server.connection.report.cipherSuite?.id;
  };
  it("is ours, or with honorCipherOrder off the client's", () => {
    assert.equal(chosen(true, hello13, [0x1301, 0x1303, 0x1302]), 0x1302);
    assert.equal(chosen(false, hello13, [0x1301, 0x1303, 0x1302]), 0x1301);
    assert.equal(chosen(true, hello12, [0xcca9, 0xc02b]), 0xc02b);
    assert.equal(chosen(false, hello12, [0xcca9, 0xc02b]), 0xcca9);
  });
});

describe('the choice of a certificate', () => {
  const identities = ['rsa', 'p256', 'ed25519'] as const;
  // The choice is made before a signature, which for RSA comes from the thread pool, is there.
  const scheme13 = (schemes: readonly number[]) => {
    const client = new RawClient({ identities });
    client.sendHello(withExtension(hello13(client.key), ext.signatureAlgorithms(schemes)));
    return client.server.connection.report.signatureScheme;
  };

  it('follows what the client can verify', () => {
    assert.equal(scheme13([S.ed25519]), S.ed25519);
    assert.equal(scheme13([S.rsaPssRsaeSha384]), S.rsaPssRsaeSha384);
    assert.equal(scheme13([S.rsaPkcs1Sha256, S.ecdsaSecp256r1Sha256]), S.ecdsaSecp256r1Sha256);
  });

  it('a chain that signature_algorithms_cert does not allow is sent all the same (RFC 8446 section 4.4.2.2)', () => {
    // All chains are signed with ECDSA on P-256, and the client names RSA-PSS.
    const client = connect13({ identities: ['ed25519', 'p256'] }, (h) =>
      withExtension(h, [E.signatureAlgorithmsCert, Buffer.from([0, 2, 8, 4])]),
    );
    assert.equal(client.server.connection.report.signatureScheme, S.ed25519);
  });

  it('a chain with SHA-1 goes only to clients that name it (RFC 8446 section 4.4.2.2)', () => {
    const [old, other] = serverConfig({ identities: ['ed25519', 'p256'] }).credentials;
    for (const sha1 of [S.ecdsaSha1, S.rsaPkcs1Sha1]) {
      const weak: Credential = { ...old!, chainSchemes: [S.ecdsaSecp256r1Sha256, sha1] };
      const names = (...schemes: number[]) =>
        Buffer.from([schemes.length * 2, ...schemes].flatMap((n) => [n >> 8, n & 0xff]));
      const schemeWith = (credentials: Credential[], ...schemes: number[]) =>
        connect13({ config: { credentials } }, (h) => withExtension(h, [E.signatureAlgorithmsCert, names(...schemes)]))
          .server.connection.report.signatureScheme;
      assert.equal(schemeWith([weak, other!], S.rsaPssRsaeSha256), S.ecdsaSecp256r1Sha256);
      assert.equal(schemeWith([weak, other!], S.ecdsaSecp256r1Sha256, sha1), S.ed25519);
      assert.equal(schemeWith([weak], S.ecdsaSecp256r1Sha256, sha1), S.ed25519);
      const client = new RawClient({ config: { credentials: [weak] } });
      const list = names(S.ecdsaSecp256r1Sha256);
      client.sendHello(withExtension(hello13(client.key), [E.signatureAlgorithmsCert, list])).read();
      assert.equal(client.server.failure?.alert, 'handshakeFailure');
      assert.match(client.server.failure.message, /SHA-1/);
    }
  });

  it('prefers a chain whose issuer certificate_authorities names', () => {
    const config = serverConfig({ identities: ['ed25519', 'p256'] });
    const other = { ...config.credentials[0]!, issuers: [Uint8Array.of(0x30, 0)] };
    const [, named] = config.credentials;
    const issuer = Buffer.from(named!.issuers[0]!);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(issuer.length);
    const list = Buffer.concat([Buffer.from([0, issuer.length + 2]), length, issuer]);
    const client = connect13({ config: { credentials: [other, named!] } }, (h) =>
      withExtension(h, [E.certificateAuthorities, list]),
    );
    assert.equal(client.server.connection.report.signatureScheme, S.ecdsaSecp256r1Sha256);
  });
});

describe('HelloRetryRequest', () => {
  const p256 = { groups: [NamedGroup.secp256r1] };
  const retry = (options: ConstructorParameters<typeof RawClient>[0] = { config: p256 }) => {
    const client = new RawClient(options);
    const hello = withExtension(hello13(client.key), ext.keyShare([]));
    client.sendHello(withExtension(hello, ext.supportedGroups([29, 23]))).read();
    return { client, hello: withExtension(hello, ext.supportedGroups([29, 23])) };
  };

  it('asks for a share of the best common group and goes on with it', () => {
    const { client, hello } = retry({});
    assert.deepEqual(Buffer.from(client.serverHello!.random), Buffer.from(helloRetryRequestRandom));
    assert.equal(Buffer.from(client.serverHello!.extensions.get(E.keyShare)!).toString('hex'), '001d');
    assert.equal(client.serverHello!.extensions.has(E.cookie), false);
    client.sendSecondHello(withExtension(hello, ext.keyShare([{ group: 29, key: client.key.share }]))).read();
    client.sendMessage(client.finished13());
    assert.ok(client.server.isSecure, client.server.failure?.message);
    assert.ok(client.server.connection.report.helloRetryRequest);
  });

  it('with a cookie, when asked to be stateless', () => {
    const { client, hello } = retry({ context: { statelessRetry: true } });
    const cookie = client.serverHello!.extensions.get(E.cookie)!.subarray(2);
    const second = withExtension(hello, ext.keyShare([{ group: 29, key: client.key.share }]));
    client.sendSecondHello(withExtension(second, ext.cookie(cookie))).read();
    client.sendMessage(client.finished13());
    assert.ok(client.server.isSecure, client.server.failure?.message);
  });

  it('with the cookie of another ClientHello, which is refused', () => {
    const prepared = serverConfig({ context: { statelessRetry: true } });
    const [{ client: other }, { client, hello }] = [retry({ prepared }), retry({ prepared })];
    const cookie = other.serverHello!.extensions.get(E.cookie)!.subarray(2);
    const second = withExtension(hello, ext.keyShare([{ group: 29, key: client.key.share }]));
    client.sendSecondHello(withExtension(second, ext.cookie(cookie)));
    assert.equal(client.server.failure?.alert, 'illegalParameter');
    assert.equal(client.server.failure.code, 'COOKIE_MISMATCH');
  });

  const share = (client: RawClient) => ext.keyShare([{ group: 29, key: client.key.share }]);
  type Second = (hello: ReturnType<typeof hello13>, client: RawClient) => ReturnType<typeof hello13>;
  const refused: [string, Second, string, object?][] = [
    ['no share', (h) => h, 'illegalParameter'],
    [
      'a share of another group',
      (h, c) => withExtension(h, ext.keyShare([{ group: 23, key: c.key.share }])),
      'illegalParameter',
    ],
    [
      'two shares',
      (h, c) =>
        withExtension(
          h,
          ext.keyShare([
            { group: 29, key: c.key.share },
            { group: 23, key: c.key.share },
          ]),
        ),
      'illegalParameter',
    ],
    ['another random', (h, c) => withExtension({ ...h, random: new Uint8Array(32) }, share(c)), 'illegalParameter'],
    [
      'another session id',
      (h, c) => withExtension({ ...h, sessionId: new Uint8Array(8) }, share(c)),
      'illegalParameter',
    ],
    ['other cipher suites', (h, c) => withExtension({ ...h, cipherSuites: [0x1301] }, share(c)), 'illegalParameter'],
    [
      'another host name',
      (h, c) => withExtension(withExtension(h, ext.serverName('other')), share(c)),
      'illegalParameter',
    ],
    [
      'one extension less',
      (h, c) => withoutExtension(withExtension(h, share(c)), E.signatureAlgorithms),
      'missingExtension',
    ],
    ['early data', (h, c) => withExtension(withExtension(h, share(c)), ext.earlyData()), 'illegalParameter'],
    [
      'another compression method',
      (h, c) => withExtension({ ...h, compressionMethods: [1] }, share(c)),
      'illegalParameter',
    ],
    ['another version', (h, c) => withExtension({ ...h, legacyVersion: 0x0302 }, share(c)), 'illegalParameter'],
    [
      'other groups',
      (h, c) => withExtension(withExtension(h, ext.supportedGroups([29])), share(c)),
      'illegalParameter',
    ],
    [
      'its extensions in another order',
      (h, c) => ({ ...h, extensions: withExtension(h, share(c)).extensions!.toReversed() }),
      'illegalParameter',
    ],
    [
      'a cookie that nobody gave',
      (h, c) => withExtension(withExtension(h, share(c)), ext.cookie(new Uint8Array(64))),
      'illegalParameter',
    ],
    [
      'a PSK that the first did not offer',
      (h, c) => [ext.pskKeyExchangeModes([1]), ext.preSharedKey()].reduce(withExtension, withExtension(h, share(c))),
      'illegalParameter',
    ],
    ['no cookie', (h, c) => withExtension(h, share(c)), 'missingExtension', { context: { statelessRetry: true } }],
    [
      'a cookie of its own',
      (h, c) => withExtension(withExtension(h, share(c)), ext.cookie(new Uint8Array(64))),
      'illegalParameter',
      { context: { statelessRetry: true } },
    ],
  ];
  for (const [name, change, alert, options] of refused) {
    it(`a second ClientHello with ${name}: ${alert}`, () => {
      const { client, hello } = retry(options ?? {});
      client.sendSecondHello(change(hello, client));
      assert.equal(client.server.failure?.alert, alert, client.server.failure?.message ?? 'accepted');
    });
  }

  it('a second ClientHello may change its padding and its encrypted_client_hello, and leave PSKs out', () => {
    for (const type of [21, 0xfe0d]) {
      const client = new RawClient({ config: p256 });
      const hello = [
        ext.supportedGroups([29, 23]),
        ext.pskKeyExchangeModes([1]),
        [type, new Uint8Array(9)] as [number, Uint8Array],
        ext.preSharedKey(),
      ].reduce(withExtension, hello13(client.key));
      client.sendHello(withExtension(hello, ext.keyShare([]))).read();
      const share = ext.keyShare([{ group: 23, key: createECDH('prime256v1').generateKeys() }]);
      const second = withExtension(withExtension(hello, share), [type, new Uint8Array(7)]);
      client.sendSecondHello(withoutExtension(second, E.preSharedKey));
      assert.equal(client.server.failure, undefined);
      assert.equal(client.server.connection.expecting, 'finished');
    }
  });

  it('X25519MLKEM768 is worth the round trip where both sides have it', () => {
    const client = new RawClient();
    client.sendHello(withExtension(hello13(client.key), ext.supportedGroups([29, NamedGroup.x25519MLKEM768]))).read();
    const groups = client.server.connection.report;
    assert.equal(groups.helloRetryRequest, true);
    assert.equal(groups.group, NamedGroup.x25519MLKEM768);
  });
});

describe('record size limits', () => {
  const longest = (client: RawClient, length: number): number => {
    const output = Buffer.from(client.server.connection.protect(new Uint8Array(length))!);
    let most = 0;
    for (let at = 0; at < output.length; at += 5 + output.readUInt16BE(at + 3))
      most = Math.max(most, output.readUInt16BE(at + 3));
    return most;
  };
  it('record_size_limit bounds what we send: content, type and padding (RFC 8449)', () => {
    const client = connect13({ config: { padding: () => 5000 } }, (h) => withExtension(h, ext.recordSizeLimit(512)));
    assert.equal(longest(client, 4000), 512 + 16);
    const extensions = extensionsOf(find(client, HandshakeType.encryptedExtensions)!.body);
    assert.equal(Buffer.from(extensions.get(E.recordSizeLimit)!).readUInt16BE(), 16_385);
    assert.equal(
      longest(
        connect12({}, (h) => withExtension(h, ext.recordSizeLimit(512))),
        4000,
      ),
      512 + 24,
    );
  });
  it('max_fragment_length does where there is no record_size_limit (RFC 6066)', () => {
    assert.equal(
      longest(
        connect13({}, (h) => withExtension(h, ext.maxFragmentLength(1))),
        4000,
      ),
      512 + 17,
    );
    const client = connect12({}, (h) => withExtension(h, ext.maxFragmentLength(2)));
    assert.equal(longest(client, 4000), 1024 + 24);
    assert.deepEqual([...client.serverHello!.extensions.get(E.maxFragmentLength)!], [2]);
  });
  it('max_fragment_length counts for nothing next to record_size_limit, whatever it is (RFC 8449 section 5)', () => {
    for (const code of [0, 1, 5, 255]) {
      for (const order of [
        [ext.maxFragmentLength(code), ext.recordSizeLimit(1000)],
        [ext.recordSizeLimit(1000), ext.maxFragmentLength(code)],
      ]) {
        const both = (hello: HelloFields): HelloFields => ({ ...hello, extensions: [...hello.extensions!, ...order] });
        assert.equal(longest(connect13({}, both), 4000), 1000 + 16);
        const client = connect12({}, both);
        assert.equal(longest(client, 4000), 1000 + 24);
        assert.equal(client.serverHello!.extensions.has(E.maxFragmentLength), false);
      }
    }
  });
  it('max_fragment_length is enforced (RFC 6066 section 4)', () => {
    for (const connect of [connect13, connect12]) {
      const client = connect({}, (h) => withExtension(h, ext.maxFragmentLength(1)));
      client.send(ContentType.applicationData, new Uint8Array(512), connect === connect13 ? 600 : 0);
      assert.equal(client.server.plaintext.length, 512);
      client.send(ContentType.applicationData, new Uint8Array(513));
      assert.equal(client.server.failure?.alert, 'recordOverflow');
    }
  });
  it('max_fragment_length is enforced before encryption begins, record_size_limit is not (RFC 8449 section 4)', () => {
    for (const [extension, alert] of [
      [ext.maxFragmentLength(1), 'recordOverflow'],
      [ext.recordSizeLimit(512), 'decodeError'],
    ] as const) {
      const client = new RawClient({ context: { recordSizeLimit: 512 } });
      client.sendHello(withExtension(hello12(), extension)).read();
      client.sendMessage(writeMessage(HandshakeType.clientKeyExchange, (w) => w.bytes(new Uint8Array(600))));
      assert.equal(client.server.failure?.alert, alert);
    }
  });
  it('a limit of our own is told and enforced', () => {
    for (const connect of [connect13, connect12]) {
      const client = connect({ context: { recordSizeLimit: 100 } }, (h) =>
        withExtension(h, ext.recordSizeLimit(16_384)),
      );
      client.send(ContentType.applicationData, new Uint8Array(100));
      assert.equal(client.server.plaintext.length, 100);
      client.send(ContentType.applicationData, new Uint8Array(102));
      assert.equal(client.server.failure?.alert, 'recordOverflow');
    }
  });
  it('padding hides the length of what is sent', () => {
    const client = connect13({ context: { recordPadding: 128 } });
    const sizes = [1, 50, 127, 128].map((length) => client.server.connection.protect(new Uint8Array(length))!.length);
    assert.deepEqual(new Set(sizes), new Set([5 + 128 + 1 + 16]));
  });
});
