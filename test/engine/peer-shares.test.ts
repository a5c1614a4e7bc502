import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { describe, it } from 'node:test';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { HandshakeType, NamedGroup } from '../../src/wire/code-points.ts';
import { ext, hello12, hello13, withExtension } from '../support/client-hello.ts';
import { RawClient } from '../support/raw-client.ts';

const curves = [
  [NamedGroup.secp256r1, 'prime256v1', 32],
  [NamedGroup.secp384r1, 'secp384r1', 48],
  [NamedGroup.secp521r1, 'secp521r1', 66],
] as const;

/** Shares of a curve that are no points of it in the form that the RFCs want, by what is wrong with them. */
function wrongPoints(curve: string, length: number): [string, Uint8Array][] {
  const ecdh = createECDH(curve);
  const point = ecdh.generateKeys();
  const changed = (at: number, bits: number): Buffer => {
    const copy = Buffer.from(point);
    copy[at]! ^= bits;
    return copy;
  };
  return [
    ['compressed', ecdh.getPublicKey(null, 'compressed')],
    ['hybrid', ecdh.getPublicKey(null, 'hybrid')],
    ['at infinity', Uint8Array.of(0)],
    ['infinity, filled up', new Uint8Array(1 + 2 * length)],
    ['with no more than its first byte', Uint8Array.of(4)],
    ['all zero', Buffer.concat([Uint8Array.of(4), new Uint8Array(2 * length)])],
    ['beyond the field', Buffer.concat([Uint8Array.of(4), new Uint8Array(2 * length).fill(255)])],
    ['off the curve', changed(2 * length, 1)],
    ['cut', point.subarray(0, -1)],
    ['longer', Buffer.concat([point, Uint8Array.of(0)])],
    ['of the coordinates alone', point.subarray(1)],
  ];
}

/** Shares of a Montgomery curve that leave no secret: zero, one, and points of order 8 (RFC 7748 section 6). */
const wrongX25519: [string, Uint8Array][] = [
  ['zero', new Uint8Array(32)],
  ['one', Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))],
  ['of order 8', Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex')],
  ['of order 8, the other', Buffer.from('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157', 'hex')],
  ['p', Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex')],
  ['cut', new Uint8Array(31).fill(9)],
  ['longer', new Uint8Array(33).fill(9)],
];
const wrongX448: [string, Uint8Array][] = [
  ['zero', new Uint8Array(56)],
  ['one', Uint8Array.from({ length: 56 }, (_, i) => (i === 0 ? 1 : 0))],
  ['cut', new Uint8Array(55).fill(9)],
  ['longer', new Uint8Array(57).fill(9)],
];

const groups: [number, [string, Uint8Array][]][] = [
  ...curves.map(([group, curve, length]): [number, [string, Uint8Array][]] => [group, wrongPoints(curve, length)]),
  [NamedGroup.x25519, wrongX25519],
  [NamedGroup.x448, wrongX448],
];

describe("a client's share that is wrong: illegal_parameter", () => {
  for (const [group, shares] of groups) {
    const server = { config: { groups: [group] } };
    const curve = ext.supportedGroups([group, NamedGroup.secp256r1]); // the second for the certificate's sake
    for (const [what, key] of shares) {
      it(`TLS 1.3, group ${group}, ${what}`, () => {
        const hello = withExtension(hello13(), curve);
        const { failure } = new RawClient(server).sendHello(
          withExtension(hello, ext.keyShare([{ group, key }])),
        ).server;
        assert.equal(failure?.alert, 'illegalParameter');
      });
      it(`TLS 1.2, group ${group}, ${what}`, () => {
        const client = new RawClient(server).sendHello(withExtension(hello12(), curve)).read();
        assert.equal(client.server.hasFailed, false, client.server.failure?.message);
        const message = writeMessage(HandshakeType.clientKeyExchange, (w) => w.vector8((point) => point.bytes(key)));
        assert.equal(client.sendMessage(message).server.failure?.alert, 'illegalParameter');
      });
    }
  }
});

describe('a ClientKeyExchange that does not parse: decode_error', () => {
  const valid = (client: RawClient): Uint8Array => client.key.share;
  for (const [what, write] of [
    ['empty', () => new Uint8Array()],
    ['with an empty point', () => Uint8Array.of(0)],
    ['cut', (c: RawClient) => Uint8Array.of(32, ...valid(c).subarray(1))],
    ['with a length that is too short', (c: RawClient) => Uint8Array.of(31, ...valid(c))],
    ['with a length that is too long', (c: RawClient) => Uint8Array.of(33, ...valid(c))],
    ['with a byte behind it', (c: RawClient) => Uint8Array.of(32, ...valid(c), 0)],
    ['with a length of two bytes', (c: RawClient) => Uint8Array.of(0, 32, ...valid(c))],
    ['of 60,000 bytes', (c: RawClient) => Buffer.concat([Uint8Array.of(32), valid(c), new Uint8Array(60_000)])],
  ] as const) {
    it(what, () => {
      const client = new RawClient().sendHello(hello12()).read();
      const message = writeMessage(HandshakeType.clientKeyExchange, (w) => w.bytes(write(client)), 70_000);
      client.sendMessage(message);
      assert.equal(client.server.failure?.alert, 'decodeError');
    });
  }
});
