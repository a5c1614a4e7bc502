import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tls from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadOpenssl } from '../../src/crypto/openssl/provider.ts';
import { TLSSocket } from '../../src/index.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { identity } from '../support/identities.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const attempt = loadOpenssl();
const skip = 'reason' in attempt ? `OpenSSL cannot be called directly here: ${attempt.reason}` : false;

it('keys of a socket over a stream that is forgotten are released', { skip }, async () => {
  const { contexts } = (attempt as Extract<typeof attempt, { provider: unknown }>).provider;

  /** Both ends of a connection are made, used and dropped. */
  async function abandon(): Promise<void> {
    const [near, far] = duplexPair();
    const socket = new TLSSocket(near, { isServer: true, cryptoProvider: 'openssl', ...identity('p256') });
    const peer = tls.connect({ socket: far, rejectUnauthorized: false });
    peer.write('hello');
    const [said] = await once(socket, 'data');
    assert.equal(`${said}`, 'hello');
  }

  const before = contexts.inUse;
  for (let i = 0; i < 5; i++) await abandon();
  assert.ok(contexts.inUse >= before + 5);
  for (let i = 0; i < 200 && contexts.inUse > before; i++) {
    collectGarbage();
    await sleep(5);
  }
  assert.equal(contexts.inUse, before);
});
