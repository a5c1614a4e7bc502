import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeKeyUpdate } from '../../src/messages/key-update.ts';
import { HandshakeType, messageName, ContentType as T } from '../../src/wire/code-points.ts';
import { ext, hello12, hello13, withExtension, writeHello } from '../support/client-hello.ts';
import { RawClient } from '../support/raw-client.ts';

const types = [...Object.values(HandshakeType), 3, 6, 99];
const empty = (type: number): Uint8Array => Uint8Array.of(type, 0, 0, 0);

/** Clients that have come to each point at which the server waits, and what it waits for. */
const waits: [string, () => RawClient, number | 'changeCipherSpec'][] = [
  ['at the start', () => new RawClient(), HandshakeType.clientHello],
  [
    'after the flight of TLS 1.3',
    () => {
      const client = new RawClient();
      return client.sendHello(hello13(client.key)).read();
    },
    HandshakeType.finished,
  ],
  ['after the flight of TLS 1.2', () => new RawClient().sendHello(hello12()).read(), HandshakeType.clientKeyExchange],
  [
    'after ClientKeyExchange',
    () => {
      const client = new RawClient().sendHello(hello12()).read();
      return client.sendMessage(client.clientKeyExchange12());
    },
    'changeCipherSpec',
  ],
  [
    'after ChangeCipherSpec',
    () => {
      const client = new RawClient().sendHello(hello12()).read();
      client.sendMessage(client.clientKeyExchange12());
      return client.send(T.changeCipherSpec, Uint8Array.of(1)).encrypt12();
    },
    HandshakeType.finished,
  ],
];

describe('messages out of order', () => {
  for (const [when, reach, expected] of waits) {
    for (const type of types) {
      if (type === expected) continue;
      it(`${messageName(type) ?? type} ${when}: unexpected_message`, () => {
        const client = reach();
        assert.equal(client.server.hasFailed, false);
        client.sendMessage(empty(type));
        assert.equal(client.server.failure?.alert, 'unexpectedMessage');
      });
    }
    it(`application data ${when}: unexpected_message`, () => {
      assert.equal(reach().send(T.applicationData, Buffer.from('x')).server.failure?.alert, 'unexpectedMessage');
    });
    if (expected !== 'changeCipherSpec' && when !== 'after the flight of TLS 1.3') {
      it(`ChangeCipherSpec ${when}: unexpected_message`, () => {
        assert.equal(reach().send(T.changeCipherSpec, Uint8Array.of(1)).server.failure?.alert, 'unexpectedMessage');
      });
    }
    it(`close_notify ${when} is a failure`, () => {
      const client = reach();
      client.sendAlert(1, 0);
      assert.equal(client.server.failure?.code, 'ECONNRESET');
    });
    it(`the end of the stream ${when} is a failure`, () => {
      const client = reach();
      client.server.connection.receiveEnd();
      assert.equal(client.server.failure?.code, 'ECONNRESET');
      assert.equal(client.server.connection.expecting, 'nothing');
    });
  }

  it('KeyUpdate instead of Finished (RFC 8446 section 4.6.3)', () => {
    const client = new RawClient();
    client.sendHello(hello13(client.key)).read().sendMessage(writeKeyUpdate(false));
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });

  it('a Finished that does not verify', () => {
    for (const version of ['13', '12']) {
      const client = new RawClient();
      client.sendHello(version === '13' ? hello13(client.key) : hello12()).read();
      if (version === '12') {
        client.sendMessage(client.clientKeyExchange12()).send(T.changeCipherSpec, Uint8Array.of(1)).encrypt12();
      }
      const finished = version === '13' ? client.finished13() : client.finished12();
      for (const [bad, alert] of [
        [Uint8Array.from(finished, (byte, i) => (i === finished.length - 1 ? byte ^ 1 : byte)), 'decryptError'],
      ] as const) {
        client.sendMessage(bad);
        assert.equal(client.server.failure?.alert, alert);
      }
    }
  });

  it('a Finished of another length', () => {
    const client = new RawClient();
    client
      .sendHello(hello13(client.key))
      .read()
      .sendMessage(Uint8Array.of(20, 0, 0, 1, 0));
    assert.equal(client.server.failure?.alert, 'decodeError');
  });

  it('bytes behind the Finished, under the old key', () => {
    const client = new RawClient();
    client.sendHello(hello13(client.key)).read();
    client.sendMessage(Buffer.concat([client.finished13(), writeKeyUpdate(false)]));
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });

  it('an unencrypted Finished in TLS 1.2', () => {
    const client = new RawClient().sendHello(hello12()).read();
    client.sendMessage(client.clientKeyExchange12()).send(T.changeCipherSpec, Uint8Array.of(1));
    client.sendMessage(client.finished12());
    assert.equal(client.server.failure?.alert, 'badRecordMac');
  });

  it('a client that could not read our flight and says so without keys', () => {
    const client = new RawClient();
    const plain = client.sealer;
    client.sendHello(hello13(client.key)).read();
    client.sealer = plain;
    client.sendAlert(2, 47);
    assert.equal(client.server.failure?.direction, 'received');
    assert.equal(client.server.failure?.alert, 'illegalParameter');
  });

  it('part of an answer to a flight that was not sent yet', () => {
    const hellos = [hello12(), hello13(), withExtension(hello13(), ext.keyShare([]))];
    for (const hello of hellos) {
      const client = new RawClient();
      client.sendMessage(Buffer.concat([writeHello(hello), Uint8Array.of(HandshakeType.clientKeyExchange)]));
      assert.equal(client.server.failure?.code, 'EXCESS_HANDSHAKE_DATA');
      assert.equal(client.server.failure?.alert, 'unexpectedMessage');
    }
    const client = new RawClient().sendHello(hello12()).read();
    client.sendMessage(client.clientKeyExchange12()).send(T.changeCipherSpec, Uint8Array.of(1)).encrypt12();
    client.sendMessage(Buffer.concat([client.finished12(), Uint8Array.of(HandshakeType.clientHello)]));
    assert.equal(client.server.failure?.code, 'EXCESS_HANDSHAKE_DATA');
  });

  it('two hellos in a row in TLS 1.2', () => {
    const client = new RawClient().sendHello(hello12());
    client.sendMessage(writeHello(hello12()));
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });
});

describe('a ClientKeyExchange that is wrong', () => {
  const shares: [string, number[], string][] = [
    ['empty', [0], 'decodeError'],
    ['nothing at all', [], 'decodeError'],
    ['too short', [2, 1, 2], 'illegalParameter'],
    ['of small order', [32, ...new Uint8Array(32)], 'illegalParameter'],
    ['with bytes behind it', [32, ...new Uint8Array(33).fill(9)], 'decodeError'],
  ];
  for (const [name, body, alert] of shares) {
    it(`${name}: ${alert}`, () => {
      const client = new RawClient().sendHello(hello12()).read();
      client.sendMessage(Uint8Array.of(16, 0, 0, body.length, ...body));
      assert.equal(client.server.failure?.alert, alert);
    });
  }
});
