import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { HandshakeType, NamedGroup } from '../../src/wire/code-points.ts';
import { Reader } from '../../src/wire/reader.ts';
import { ext, hello12, withExtension } from '../support/client-hello.ts';
import { RawClient } from '../support/raw-client.ts';
import type { ServerEndOptions } from '../support/server-end.ts';

const dhePsk = 0x00aa;
const server: ServerEndOptions = {
  context: { ciphers: 'DHE-PSK-AES128-GCM-SHA256', dhparam: 'auto' },
  policy: { externalPsk: () => ({ key: new Uint8Array(32) }) },
};

/** A client that names groups, and has read what the server said. */
function come(groups: readonly number[]): RawClient {
  const client = new RawClient(server);
  return client.sendHello({ ...withExtension(hello12(), ext.supportedGroups(groups)), cipherSuites: [dhePsk] }).read();
}

/** Bytes of the prime that the server chose (RFC 4279 section 3). */
function primeLength(client: RawClient): number {
  const message = client.messages.find(({ type }) => type === HandshakeType.serverKeyExchange);
  assert.ok(message, 'a ServerKeyExchange');
  const r = new Reader(message.body);
  assert.equal(r.vector16().rest().length, 0, 'no hint');
  const prime = r.vector16(1).rest();
  assert.deepEqual([...r.vector16(1).rest()], [2]);
  assert.equal(r.vector16(1).rest().length, prime.length);
  return r.end(prime.length);
}

const exchange = (share: Uint8Array): Uint8Array =>
  writeMessage(HandshakeType.clientKeyExchange, (w) => {
    w.vector16((identity) => identity.ascii('me')).vector16((value) => value.bytes(share));
  });

describe('a key exchange in a finite field (RFC 7919)', () => {
  for (const [named, groups, bytes] of [
    ['none', [NamedGroup.x25519], 256],
    ['ffdhe2048', [0x0100], 256],
    ['ffdhe3072', [NamedGroup.x25519, 0x0101], 384],
    ['ffdhe4096 and one that is not known', [0x01fb, 0x0102], 512],
  ] as const) {
    it(`has one of ${bytes} bytes for a client that names ${named}`, () => {
      assert.equal(primeLength(come(groups)), bytes);
    });
  }

  it('is not for clients that name others only (section 4)', () => {
    const { failure } = come([NamedGroup.x25519, 0x01fb]).server;
    assert.equal(failure?.alert, 'insufficientSecurity');
  });

  for (const [what, share, alert] of [
    ['zero', new Uint8Array(256), 'illegalParameter'],
    ['one', Uint8Array.of(1), 'illegalParameter'],
    ['more than the prime', new Uint8Array(256).fill(255), 'illegalParameter'],
    ['too long', new Uint8Array(257).fill(1), 'illegalParameter'],
    ['empty', new Uint8Array(), 'decodeError'],
  ] as const) {
    it(`takes no share that is ${what}: ${alert}`, () => {
      const client = come([0x0100]);
      client.sendMessage(exchange(share));
      assert.equal(client.server.failure?.alert, alert);
    });
  }
});
