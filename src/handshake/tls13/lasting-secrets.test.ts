import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrafficSecret } from './key-schedule.ts';
import { type ApplicationSecrets, copySecrets, LastingSecrets } from './lasting-secrets.ts';

const filled = (value: number): TrafficSecret => Buffer.alloc(32, value) as Uint8Array as TrafficSecret;
const secrets = (): ApplicationSecrets => ({ client: filled(1), server: filled(2), exporter: filled(3) });
const pair = (first: number, second: number): Buffer => Buffer.concat([filled(first), filled(second)]);

describe('the secrets that outlive a handshake', () => {
  it('are taken over: nothing stays where they were', () => {
    const [from, resumption] = [secrets(), filled(4)];
    const { traffic, others } = new LastingSecrets(from, resumption);
    assert.deepEqual(Buffer.from(traffic.bytes), pair(1, 2));
    assert.deepEqual(Buffer.from(others.bytes), pair(3, 4));
    for (const bytes of [from.client, from.server, from.exporter, resumption]) {
      assert.deepEqual(Buffer.from(bytes), Buffer.alloc(32));
    }
  });
  it('have none of tickets where there are no tickets', () => {
    assert.deepEqual(Buffer.from(new LastingSecrets(secrets()).others.bytes), pair(3, 0));
  });
  it('are copies while the handshake needs its own', () => {
    const from = secrets();
    const { traffic } = copySecrets(from);
    assert.deepEqual(from, secrets());
    traffic.bytes.fill(0);
    assert.deepEqual(from, secrets());
    from.client.fill(9);
    assert.deepEqual(Buffer.from(traffic.bytes), pair(0, 0));
  });
});
