import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import grpc from '@grpc/grpc-js';
import { identity } from '../../build/test/support/identities.js';
import { ca, start, ways } from './support/application.mjs';

// The library imports node:http2 itself, so that there are no imports to change.
describe(`a server of gRPC that wants certificates, by ${ways[0]}`, () => {
  let application;
  before(async () => {
    application = await start('grpc', ways[0]);
  });
  after(() => application.stop());

  const same = (bytes) => bytes;
  function connect(own = identity('p384')) {
    const [root, key, cert] = [ca, own.key, own.cert].map((pem) => pem && Buffer.from(pem));
    const credentials = grpc.credentials.createSsl(root, key ?? null, cert ?? null);
    return new grpc.Client(`127.0.0.1:${application.port}`, credentials, {
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.max_receive_message_length': 10_000_000,
    });
  }

  it('answers calls of all sizes', async () => {
    const { length } = application.handshakes;
    const client = connect();
    for (const size of [0, 1, 16_384, 4_000_000]) {
      const sent = randomBytes(size);
      let metadata;
      const got = await new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest('/bytes/echo', same, same, sent, (error, answer) =>
          error ? reject(error) : resolve(answer),
        );
        call.on('metadata', (told) => {
          metadata = told;
        });
      });
      assert.ok(sent.equals(got), `${size} bytes`);
      assert.notDeepEqual(metadata.get('peer'), ['nobody']);
      assert.deepEqual(metadata.get('security'), ['ssl']);
    }
    assert.equal((await application.handshake(length)).alpn, 'h2');
    client.close();
  });

  it('talks in both directions at once, and hears that a call is cancelled', async () => {
    const client = connect();
    const call = client.makeBidiStreamRequest('/bytes/talk', same, same);
    const sent = Array.from({ length: 200 }, () => randomBytes(5000));
    const got = [];
    call.on('data', (message) => got.push(message));
    for (const message of sent) call.write(message);
    call.end();
    await once(call, 'end');
    assert.deepEqual(got, sent);
    const second = client.makeBidiStreamRequest('/bytes/talk', same, same).on('error', () => {});
    second.write(Buffer.from('hello'));
    await once(second, 'data');
    second.cancel();
    await application.until(({ output }) => output.includes('cancelled'), 'the cancellation');
    client.close();
  });

  it('refuses a client without a certificate', async () => {
    const { length } = application.failures;
    const client = connect({});
    const error = await new Promise((resolve) =>
      client.makeUnaryRequest('/bytes/echo', same, same, Buffer.alloc(1), { deadline: Date.now() + 5000 }, resolve),
    );
    assert.equal(error.code, grpc.status.UNAVAILABLE);
    await application.until(({ failures }) => failures.length > length, 'a failed handshake');
    assert.equal(application.failures[length].alert, 'certificate_required');
    client.close();
  });
});
