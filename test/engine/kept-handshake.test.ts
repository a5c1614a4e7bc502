import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import { loadOpenssl } from '../../src/crypto/openssl/provider.ts';
import type { ClientHello } from '../../src/messages/client-hello.ts';
import { ExtensionType } from '../../src/wire/code-points.ts';
import { hello13, withExtension } from '../support/client-hello.ts';
import { RawClient } from '../support/raw-client.ts';
import { serverConfig } from '../support/server-end.ts';

// What of a handshake stays for as long as a connection, or a certificate, lives.

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const openssl = loadOpenssl();
const providers = [nodeCrypto, ...('provider' in openssl ? [openssl.provider] : [])];

for (const provider of providers) {
  it(`a client that can be asked for a certificate later leaves no ClientHello, ${provider.name}`, async () => {
    let hello: WeakRef<ClientHello> | undefined;
    const configure = (received: ClientHello) => {
      hello = new WeakRef(received);
      return serverConfig();
    };
    const client = new RawClient({ provider, policy: { configure } });
    client.sendHello(withExtension(hello13(client.key), [ExtensionType.postHandshakeAuth, new Uint8Array()])).read();
    client.sendMessage(client.finished13());
    assert.ok(client.server.isSecure);
    await new Promise(setImmediate); // a WeakRef holds on until the turn is over
    collectGarbage();
    assert.equal(hello?.deref(), undefined);
    const auth = { isRequired: false, authorities: [], verify: () => ({ authorized: true }) as const };
    assert.equal(client.server.connection.requestCertificate(auth), true);
  });
}

it('a Certificate message that is kept keeps nothing of what was sent beside it', async () => {
  const count = 200;
  const bytesNow = (): number => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const configs = Array.from({ length: count }, () => serverConfig());
  const begin = (prepared: (typeof configs)[number]): void => {
    const client = new RawClient({ prepared });
    client.sendHello(hello13(client.key)).read();
    assert.ok(client.messages.length > 0);
    client.server.connection.destroy();
  };
  begin(serverConfig());
  await new Promise(setImmediate);
  const before = bytesNow();
  for (const config of configs) begin(config);
  // Buffers are given back a while after the collection that found them.
  let each = Number.POSITIVE_INFINITY;
  for (let tries = 0; each >= 2000 && tries < 50; tries++) {
    await sleep(10);
    each = (bytesNow() - before) / count;
  }
  assert.ok(each < 2000, `${Math.round(each)} bytes for each certificate`);
  assert.equal(configs.length, count); // they live until here
});
