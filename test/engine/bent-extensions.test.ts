import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExtensionType as E, extensionName } from '../../src/wire/code-points.ts';
import { ext, type HelloFields, hello12, hello13, withExtension, writeHello } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';

const hex = (type: number, text: string): [number, Uint8Array] => [type, Buffer.from(text.replaceAll(' ', ''), 'hex')];

/** Each extension that we read, as a client may send it. */
const wellFormed: readonly [number, Uint8Array][] = [
  ext.serverName('localhost'),
  ext.maxFragmentLength(1),
  hex(E.statusRequest, '01 0000 0000'),
  ext.supportedGroups([29, 23]),
  ext.ecPointFormats([0]),
  ext.signatureAlgorithms([0x0403, 0x0804]),
  ext.alpn(['h2', 'http/1.1']),
  ext.recordSizeLimit(16_385),
  hex(E.compressCertificate, '02 0002'),
  ext.cookie(new Uint8Array(3)),
  ext.pskKeyExchangeModes([1]),
  hex(E.certificateAuthorities, '0005 0003 300100'),
  hex(E.signatureAlgorithmsCert, '0002 0403'),
  ext.extendedMasterSecret(),
  ext.renegotiationInfo(),
  ext.earlyData(),
  hex(E.postHandshakeAuth, ''),
  hex(E.nextProtocolNegotiation, ''),
  ext.keyShare([{ group: 29, key: new Uint8Array(32).fill(9) }]),
];

/** The extension with another body. */
const bent = ([type, data]: [number, Uint8Array], change: (data: Buffer) => Uint8Array): [number, Uint8Array] => [
  type,
  change(Buffer.from(data)),
];

function alertFor(base: HelloFields, extension: [number, Uint8Array]): string | undefined {
  return new RawClient().sendMessage(writeHello(withExtension(base, extension))).server.failure?.alert;
}

describe('an extension whose body is not what it should be', () => {
  for (const [version, base] of [
    ['TLS 1.3', hello13],
    ['TLS 1.2', hello12],
  ] as const) {
    for (const extension of wellFormed) {
      it(`${version}, ${extensionName(extension[0])}: decode_error`, () => {
        assert.equal(
          alertFor(
            base(),
            bent(extension, (data) => Buffer.concat([data, Buffer.alloc(1)])),
          ),
          'decodeError',
        );
        for (let length = 0; length < extension[1].length; length++) {
          const alert = alertFor(
            base(),
            bent(extension, (data) => data.subarray(0, length)),
          );
          assert.equal(alert, 'decodeError', `cut to ${length} bytes`);
        }
      });
    }
  }

  it('a list whose own length is odd, or that has half an element', () => {
    for (const [type, text] of [
      [E.supportedVersions, '03 0304 03'],
      [E.supportedGroups, '0003 001d 00'],
      [E.signatureAlgorithms, '0003 0403 04'],
      [E.signatureAlgorithmsCert, '0001 04'],
      [E.compressCertificate, '03 0002 00'],
      [E.alpn, '0003 02 6832 05'],
      [E.serverName, '0006 00 0001 61 00 00'],
      [E.keyShare, '0003 001d 00'],
      [E.certificateAuthorities, '0003 0002 30'],
    ] as const) {
      assert.equal(alertFor(hello13(), hex(type, text)), 'decodeError', extensionName(type));
    }
  });
  it('lengths of pre_shared_key: decode_error', () => {
    const modes = withExtension(hello13(), ext.pskKeyExchangeModes([1]));
    const binder = `20${'00'.repeat(32)}`;
    for (const text of [
      '',
      `0000 0021${binder}`, // no identities
      `0006 0000 00000000 0021${binder}`, // an identity without bytes
      '0007 0001 61 00000000 0000', // no binders
      `0007 0001 61 00000000 0020 1f${'00'.repeat(31)}`, // a binder that is too short
      `0007 0001 61 00000000 0021${binder}00`, // a byte too many
      `0008 0001 61 00000000 00 0021${binder}`,
    ]) {
      assert.equal(alertFor(modes, hex(E.preSharedKey, text)), 'decodeError', text);
    }
  });
  it('server_name with two names of one type: illegal_parameter (RFC 6066 section 3)', () => {
    assert.equal(alertFor(hello13(), hex(E.serverName, '0008 00 0001 61 00 0001 62')), 'illegalParameter');
    assert.equal(alertFor(hello13(), hex(E.serverName, '0008 07 0001 61 07 0001 62')), 'illegalParameter');
    assert.equal(alertFor(hello13(), hex(E.serverName, '0008 07 0001 61 00 0001 62')), undefined);
  });
});

describe('a client that fills its ClientHello with what it does not need', () => {
  it('key shares and groups by the thousand', () => {
    const groups = Array.from({ length: 8000 }, (_, i) => 0x4000 + i);
    const shares = groups.map((group) => ({ group, key: Uint8Array.of(1) }));
    connect13({}, (hello) => {
      const own = { group: 29, key: hello.extensions!.find(([type]) => type === E.keyShare)![1].slice(6) };
      return [ext.supportedGroups([29, 23, ...groups]), ext.keyShare([own, ...shares])].reduce(withExtension, hello);
    });
    const hello = [ext.supportedGroups([29, 23, ...groups.slice(1)]), ext.keyShare(shares)].reduce(
      withExtension,
      hello13(),
    );
    assert.equal(new RawClient().sendHello(hello).server.failure?.alert, 'illegalParameter');
  });
  it('signature schemes and protocols by the thousand: the error names a few', () => {
    const schemes = Array.from({ length: 20_000 }, (_, i) => 0x4000 + i);
    const protocols = Array.from({ length: 4000 }, (_, i) => `protocol ${i}`);
    for (const [extension, alert] of [
      [ext.signatureAlgorithms(schemes), 'handshakeFailure'],
      [ext.alpn(protocols), 'noApplicationProtocol'],
    ] as const) {
      const client = new RawClient({ config: { alpn: ['h2'] } });
      client.sendHello(withExtension(hello13(), extension));
      assert.equal(client.server.failure?.alert, alert);
      assert.ok(client.server.failure.message.length < 1000);
    }
  });
});

describe('what a client may say and we do not mind', () => {
  const both = (extension: [number, Uint8Array]): void => {
    connect13({}, (hello) => withExtension(hello, extension));
    connect12({}, (hello) => withExtension(hello, extension));
  };

  it('extensions of any length and content that nobody knows', () => {
    for (const length of [0, 1, 2, 255, 256, 16_000]) both([0x7a77, new Uint8Array(length).fill(length)]);
  });
  it('heartbeat, truncated_hmac, encrypt_then_mac, status_request_v2, which are not answered', () => {
    for (const type of [15, 4, 22, 17]) {
      const client = connect12({}, (hello) => withExtension(hello, [type, Uint8Array.of(1)]));
      assert.equal(client.serverHello?.extensions.has(type), false);
      connect13({}, (hello) => withExtension(hello, [type, Uint8Array.of(1)]));
    }
  });
  it('an IP address, a trailing dot or bytes beyond ASCII in server_name', () => {
    for (const name of ['127.0.0.1', '::1', 'localhost.', 'b\u00fccher.example', 'x'.repeat(255)])
      both(ext.serverName(name));
  });
  it('padding, whatever it holds (RFC 7685)', () => both([21, new Uint8Array(300).fill(1)]));
  it('a cookie that nobody gave, in a first ClientHello', () => both(ext.cookie(new Uint8Array(100))));
  it('PSK modes and signature schemes that nobody knows, beside known ones', () => {
    both(ext.pskKeyExchangeModes([0xfa, 1, 7]));
    both(ext.signatureAlgorithms([0x0a0a, 0x0201, 0x0403]));
  });
  it('a list of drafts and nothing else beside TLS 1.2', () => {
    const client = connect12({}, (hello) => withExtension(hello, ext.supportedVersions([0x7f12, 0x7f1c, 0x0303])));
    assert.equal(client.serverHello?.extensions.has(E.supportedVersions), false);
  });
});

describe('ec_point_formats in ServerHello', () => {
  it('goes with a suite that has a curve, and no other (RFC 8422 section 5.2)', () => {
    assert.ok(connect12().serverHello?.extensions.has(E.ecPointFormats));
    const client = new RawClient({ identities: ['rsa'], context: { dhparam: 'auto' } });
    client.sendHello({ ...hello12(), cipherSuites: [0x009e] }).read();
    assert.equal(client.serverHello?.cipherSuite, 0x009e);
    assert.equal(client.serverHello?.extensions.has(E.ecPointFormats), false);
  });
});
