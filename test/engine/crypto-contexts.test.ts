import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadOpenssl } from '../../src/crypto/openssl/provider.ts';
import { TlsAlert } from '../../src/wire/alert.ts';
import { ContentType } from '../../src/wire/code-points.ts';
import { hello13 } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';

const attempt = loadOpenssl();
const skip = 'reason' in attempt ? `OpenSSL cannot be called directly here: ${attempt.reason}` : false;

/** Ways in which a connection comes to its end. */
const ends: readonly [string, (client: RawClient) => void][] = [
  ['destroyed', (client) => client.server.connection.destroy()],
  ['destroyed twice', (client) => [1, 2].forEach(() => void client.server.connection.destroy())],
  ['aborted', (client) => client.server.connection.abort(new TlsAlert('handshakeFailure', 'enough'))],
  ['a fatal alert', (client) => client.sendAlert(2, 80)],
  [
    'a record that does not decrypt',
    (client) => client.server.receive(Uint8Array.of(23, 3, 3, 0, 20, ...new Uint8Array(20))),
  ],
  ['closed and destroyed', (client) => [client.server.connection.close(), client.server.connection.destroy()]],
];

describe('a connection gives its cipher contexts back', { skip }, () => {
  const { provider } = attempt as Extract<typeof attempt, { provider: unknown }>;
  const { contexts } = provider;

  for (const [how, end] of ends) {
    for (const [version, connect] of [
      ['1.3', connect13],
      ['1.2', connect12],
    ] as const) {
      it(`${how}, TLS ${version}`, () => {
        const before = contexts.inUse;
        const client = connect({ provider });
        client.server.connection.protect(Buffer.from('something'));
        client.send(ContentType.applicationData, Buffer.from('something'));
        assert.equal(client.server.plaintext.toString(), 'something');
        assert.equal(contexts.inUse, before + 2);
        end(client);
        assert.equal(contexts.inUse, before);
        assert.equal(client.server.connection.protect(Buffer.from('more')), undefined);
      });
    }
  }

  it('in the middle of the handshake', () => {
    const before = contexts.inUse;
    for (const [, end] of ends) {
      const client = new RawClient({ provider });
      client.sendHello(hello13(client.key)).read();
      end(client);
      assert.equal(contexts.inUse, before);
    }
  });

  it('after changes of keys', () => {
    const before = contexts.inUse;
    const client = connect13({ provider });
    for (let i = 0; i < 5; i++) {
      client.server.connection.updateKeys();
      client.server.connection.protect(Buffer.from('more'));
    }
    assert.ok(contexts.inUse <= before + 2);
    client.server.connection.destroy();
    assert.equal(contexts.inUse, before);
  });

  it('destroyed by a callback in the middle of a write, which then fails', () => {
    const before = contexts.inUse;
    let calls = 0;
    const padding = (): number => {
      if (++calls > 8) client.server.connection.destroy();
      return 1;
    };
    const client: RawClient = connect13({ provider, config: { padding } });
    client.read();
    calls = 8;
    assert.throws(() => client.server.connection.protect(new Uint8Array(40_000)), /released/);
    assert.equal(contexts.inUse, before);
  });
});
