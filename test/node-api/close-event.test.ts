import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { identity } from '../support/identities.ts';
import { connectInMemory } from '../support/memory-connection.ts';

describe('the close event of a TLSSocket over any Duplex', () => {
  const connect = () => {
    const { key, cert } = identity('p256');
    return connectInMemory({ key, cert });
  };

  it('tells that there was no error', async () => {
    const { server, client } = await connect();
    const closed = once(server, 'close');
    server.resume();
    client.end();
    assert.deepEqual(await closed, [false]);
  });

  it('tells that there was an error, after the error itself', async () => {
    const { server, client } = await connect();
    const heard: unknown[] = [];
    server.on('error', (error: Error) => heard.push(error.message));
    const closed = new Promise<boolean>((resolve) => server.on('close', resolve));
    server.destroy(new Error('enough'));
    heard.push(await closed);
    client.destroy();
    assert.deepEqual(heard, ['enough', true]);
  });
});
