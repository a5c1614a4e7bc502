import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AlertName } from '../../src/wire/alert.ts';
import {
  ExtensionType as E,
  HandshakeType,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme as S,
} from '../../src/wire/code-points.ts';
import {
  ext,
  type HelloFields,
  hello12,
  hello13,
  withExtension,
  withoutExtension,
  writeHello,
} from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';
import type { ServerEndOptions } from '../support/server-end.ts';

type Change = (hello: HelloFields) => HelloFields;
const raw =
  (type: number, ...bytes: number[]): Change =>
  (hello) =>
    withExtension(hello, [type, Uint8Array.from(bytes)]);
const put =
  (entry: [number, Uint8Array]): Change =>
  (hello) =>
    withExtension(hello, entry);
const drop =
  (type: number): Change =>
  (hello) =>
    withoutExtension(hello, type);
const fields =
  (changed: Partial<HelloFields>): Change =>
  (hello) => ({ ...hello, ...changed });

function refuses(base: () => HelloFields, change: Change, alert: AlertName, options: ServerEndOptions = {}): void {
  const client = new RawClient(options).sendHello(change(base()));
  const { failure } = client.server;
  assert.equal(failure?.alert, alert, failure?.message ?? 'the hello was accepted');
  assert.equal(failure.direction, 'sent');
  const last = client.server.takeOutput().subarray(-2);
  assert.equal(last[0], 2, 'a fatal alert is the last that is sent');
  assert.ok(failure.report.stage === 'start' || failure.report.clientHello !== undefined);
  assert.equal(client.server.connection.buffered, 0);
}

const refusedByBoth: [string, Change, AlertName][] = [
  ['SSLv3 as its version', fields({ legacyVersion: 0x0300 }), 'protocolVersion'],
  ['a session id of 33 bytes', fields({ sessionId: new Uint8Array(33) }), 'decodeError'],
  ['no cipher suites', fields({ cipherSuites: [] }), 'decodeError'],
  ['no compression method', fields({ compressionMethods: [] }), 'decodeError'],
  ['only compression methods that compress', fields({ compressionMethods: [1] }), 'illegalParameter'],
  ['no common cipher suite', fields({ cipherSuites: [0x002f, 0xc013] }), 'handshakeFailure'],
  ['an extension twice', (h) => ({ ...h, extensions: [...h.extensions!, h.extensions![0]!] }), 'illegalParameter'],
  [
    'an unknown extension twice',
    (h) => ({ ...h, extensions: [...h.extensions!, [0x7777, new Uint8Array()], [0x7777, new Uint8Array()]] }),
    'illegalParameter',
  ],
  ['an empty supported_groups', raw(E.supportedGroups, 0, 0), 'decodeError'],
  ['an odd supported_groups', raw(E.supportedGroups, 0, 3, 0, 29, 0), 'decodeError'],
  ['trailing bytes in supported_groups', raw(E.supportedGroups, 0, 2, 0, 29, 0), 'decodeError'],
  ['a truncated extension body', raw(E.supportedGroups, 0, 4, 0, 29), 'decodeError'],
  ['an empty signature_algorithms', raw(E.signatureAlgorithms, 0, 0), 'decodeError'],
  ['an empty server_name', raw(E.serverName), 'decodeError'],
  ['a server_name without names', raw(E.serverName, 0, 0), 'decodeError'],
  ['an empty host name', raw(E.serverName, 0, 3, 0, 0, 0), 'decodeError'],
  ['two host names', raw(E.serverName, 0, 8, 0, 0, 1, 97, 0, 0, 1, 98), 'illegalParameter'],
  ['a NUL in the host name', put(ext.serverName('a\0b')), 'unrecognizedName'],
  ['an empty ALPN list', raw(E.alpn, 0, 0), 'decodeError'],
  ['an empty ALPN name', raw(E.alpn, 0, 1, 0), 'decodeError'],
  ['max_fragment_length 0', put(ext.maxFragmentLength(0)), 'illegalParameter'],
  ['max_fragment_length 5', put(ext.maxFragmentLength(5)), 'illegalParameter'],
  ['record_size_limit 63', put(ext.recordSizeLimit(63)), 'illegalParameter'],
  ['no version in supported_versions', raw(E.supportedVersions, 0), 'decodeError'],
  ['only old versions', put(ext.supportedVersions([0x0302, 0x0301])), 'protocolVersion'],
  ['only unknown versions', put(ext.supportedVersions([0x7f1c, 0x0305])), 'protocolVersion'],
  ['signature schemes that nobody has', put(ext.signatureAlgorithms([0x0101])), 'handshakeFailure'],
  [
    'no common group',
    (h) => withExtension(withExtension(h, ext.supportedGroups([0x0100])), ext.keyShare([])),
    'handshakeFailure',
  ],
];

describe('a ClientHello of TLS 1.3 that no server may take', () => {
  const table: [string, Change, AlertName][] = [
    ...refusedByBoth,
    ['no supported_groups', drop(E.supportedGroups), 'missingExtension'],
    ['no key_share', drop(E.keyShare), 'missingExtension'],
    ['no signature_algorithms', drop(E.signatureAlgorithms), 'missingExtension'],
    ['a compression method beside null', fields({ compressionMethods: [1, 0] }), 'illegalParameter'],
    [
      'two shares of a group',
      (h) =>
        put(
          ext.keyShare([
            { group: 29, key: new Uint8Array(32) },
            { group: 29, key: new Uint8Array(32) },
          ]),
        )(h),
      'illegalParameter',
    ],
    [
      'a share of a group not in supported_groups',
      put(ext.keyShare([{ group: NamedGroup.secp384r1, key: new Uint8Array(97) }])),
      'illegalParameter',
    ],
    ['an empty share', raw(E.keyShare, 0, 4, 0, 29, 0, 0), 'decodeError'],
    ['a share that is too short', put(ext.keyShare([{ group: 29, key: new Uint8Array(31) }])), 'illegalParameter'],
    ['a share of small order', put(ext.keyShare([{ group: 29, key: new Uint8Array(32) }])), 'illegalParameter'],
    [
      'a point that is not on the curve',
      put(ext.keyShare([{ group: 23, key: new Uint8Array(65).fill(4) }])),
      'illegalParameter',
    ],
    ['a compressed point', put(ext.keyShare([{ group: 23, key: new Uint8Array(33).fill(2) }])), 'illegalParameter'],
    [
      'pre_shared_key before other extensions',
      (h) => ({ ...h, extensions: [ext.preSharedKey(), ...h.extensions!, ext.pskKeyExchangeModes([1])] }),
      'illegalParameter',
    ],
    ['pre_shared_key without modes', put(ext.preSharedKey()), 'missingExtension'],
    ['an empty list of PSK modes', raw(E.pskKeyExchangeModes, 0), 'decodeError'],
    [
      'more binders than identities',
      (h) =>
        withExtension(withExtension(h, ext.pskKeyExchangeModes([1])), [
          E.preSharedKey,
          Buffer.concat([
            Buffer.from([0, 7, 0, 1, 1, 0, 0, 0, 0, 0, 66]),
            Buffer.from([32]),
            Buffer.alloc(32),
            Buffer.from([32]),
            Buffer.alloc(32),
          ]),
        ]),
      'illegalParameter',
    ],
    ['an early_data with content', raw(E.earlyData, 1), 'decodeError'],
    ['an empty cookie', raw(E.cookie, 0, 0), 'decodeError'],
    ['an empty certificate_authorities', raw(E.certificateAuthorities, 0, 0), 'decodeError'],
    ['only signature schemes of TLS 1.2', put(ext.signatureAlgorithms([S.rsaPkcs1Sha256])), 'handshakeFailure'],
  ];
  for (const [name, change, alert] of table) {
    it(`${name}: ${alert}`, () => refuses(hello13, change, alert));
  }

  it('an RSA key signs with no PKCS #1 scheme in TLS 1.3', () =>
    refuses(hello13, put(ext.signatureAlgorithms([S.rsaPkcs1Sha256])), 'handshakeFailure', { identities: ['rsa'] }));

  it('a curve of the key that the scheme does not name', () =>
    refuses(hello13, put(ext.signatureAlgorithms([S.ecdsaSecp384r1Sha384])), 'handshakeFailure'));
});

describe('a ClientHello of TLS 1.2 that no server may take', () => {
  const table: [string, Change, AlertName][] = [
    ...refusedByBoth,
    ['an older version', fields({ legacyVersion: ProtocolVersion.tls11 }), 'protocolVersion'],
    ['point formats without the uncompressed one', put(ext.ecPointFormats([1])), 'illegalParameter'],
    ['an empty list of point formats', raw(E.ecPointFormats, 0), 'decodeError'],
    [
      'renegotiation_info of a handshake that was not',
      put(ext.renegotiationInfo(new Uint8Array(12))),
      'handshakeFailure',
    ],
    ['an extended_master_secret with content', raw(E.extendedMasterSecret, 0), 'decodeError'],
    ['a fallback', (h) => ({ ...h, cipherSuites: [...h.cipherSuites, 0x5600] }), 'inappropriateFallback'],
    ['no suite for the certificate', fields({ cipherSuites: [0xc02f] }), 'handshakeFailure'],
    ['no curve of the certificate', put(ext.supportedGroups([NamedGroup.x25519])), 'handshakeFailure'],
  ];
  for (const [name, change, alert] of table) {
    it(`${name}: ${alert}`, () => refuses(hello12, change, alert));
  }

  it('bytes after the compression methods that are no extensions', () => {
    const hello = writeHello({ ...hello12(), extensions: undefined });
    const message = Buffer.concat([hello, Buffer.from([0])]);
    message.writeUIntBE(message.length - 4, 1, 3);
    const client = new RawClient().sendMessage(message);
    assert.equal(client.server.failure?.alert, 'decodeError');
  });

  it('bytes after the extensions', () => {
    const message = Buffer.concat([writeHello(hello12()), Buffer.from([0])]);
    message.writeUIntBE(message.length - 4, 1, 3);
    assert.equal(new RawClient().sendMessage(message).server.failure?.alert, 'decodeError');
  });

  it('every truncation of a hello', () => {
    for (const hello of [writeHello(hello12()), writeHello(hello13())]) {
      for (let length = 4; length < hello.length; length++) {
        const message = Buffer.from(hello.subarray(0, length));
        message.writeUIntBE(length - 4, 1, 3);
        const { failure } = new RawClient().sendMessage(message).server;
        // A hello of TLS 1.2 may end before its extensions; nothing common is left in it then.
        assert.ok(
          failure?.alert === 'decodeError' || failure?.alert === 'handshakeFailure',
          `${length}: ${failure?.alert}`,
        );
      }
    }
  });
});

describe('what a server must not mind in a ClientHello', () => {
  const grease: Change = (h) => ({
    ...h,
    cipherSuites: [0x2a2a, ...h.cipherSuites, 0x00ff],
    extensions: [
      [0x3a3a, new Uint8Array()],
      ...h.extensions!.filter(([t]) => t !== E.supportedGroups),
      [0xfafa, Uint8Array.of(0)],
      ext.supportedGroups([0x4a4a, 29, 23]),
    ],
  });
  it('GREASE everywhere (RFC 8701), TLS 1.3', () => {
    const client = connect13({}, (h) =>
      withExtension(withExtension(grease(h), ext.supportedVersions([0x6a6a, 0x0304, 0x0303])), [
        E.keyShare,
        Buffer.concat([
          Buffer.from([0, 41, 0x4a, 0x4a, 0, 1, 0]),
          h.extensions!.find(([t]) => t === E.keyShare)![1].subarray(2),
        ]),
      ]),
    );
    assert.equal(client.server.connection.report.version, 'TLSv1.3');
  });
  it('GREASE everywhere (RFC 8701), TLS 1.2', () => {
    assert.equal(connect12({}, grease).server.connection.report.version, 'TLSv1.2');
  });
  it('a PSK that nobody knows', () => {
    connect13({}, (h) => withExtension(withExtension(h, ext.pskKeyExchangeModes([1])), ext.preSharedKey()));
  });
  it('a host name of a type that nobody knows', () => {
    const client = connect13({}, raw(E.serverName, 0, 5, 1, 0, 2, 97, 98));
    assert.equal(client.server.connection.report.serverName, undefined);
  });
  it('a TLS 1.2 hello without extensions, given a certificate that fits', () => {
    // Without signature_algorithms only SHA-1 is left (RFC 5246 section 7.4.1.4.1), which we do not sign with.
    refuses(hello12, fields({ extensions: undefined }), 'handshakeFailure');
  });
  it('TLS 1.2 chosen in supported_versions', () => {
    const client = connect12({}, put(ext.supportedVersions([0x0303])));
    assert.equal(client.server.connection.report.version, 'TLSv1.2');
  });
  it('the version of a record (RFC 8446 section 5.1)', () => {
    for (const version of [0x0300, 0x0301, 0x0303, 0x0304, 0x03ff, 0x0505, 0xffff]) {
      const client = new RawClient();
      client.firstHello = writeHello(hello13(client.key));
      const record = Buffer.from(client.record(22, client.firstHello));
      record.writeUInt16BE(version, 1);
      client.server.receive(record);
      assert.equal(client.server.hasFailed, false);
      assert.equal(client.read().messages[0]?.type, HandshakeType.serverHello);
    }
  });
  it('a version that is not there yet (RFC 8446 appendix D.2)', () => {
    for (const legacyVersion of [0x0304, 0x0305, 0x0399, 0x0400, 0x04ff, 0xffff]) {
      assert.equal(connect12({}, fields({ legacyVersion })).serverHello?.version, 0x0303);
      assert.equal(connect13({}, fields({ legacyVersion })).server.connection.report.version, 'TLSv1.3');
    }
  });
});
