import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCrypto } from '../crypto/node/provider.ts';
import { DerivedTicketKeys, type TicketSeed } from './derived-ticket-keys.ts';
import { TicketKeyRing } from './ticket-key-ring.ts';
import { keyPeriod } from './ticket-key-source.ts';

const hour = 3600 * 1000;
const midnight = 20_000 * keyPeriod;
const session = Buffer.from('a session');

function process(now: number, seed?: TicketSeed) {
  const clock = { now };
  const options = { provider: nodeCrypto, now: () => clock.now };
  const keys = new DerivedTicketKeys(options, seed);
  const ring = new TicketKeyRing({ ...options, rotateAfter: 0, keepFor: () => 2 * hour });
  ring.follow(keys);
  return { clock, keys, ring };
}

describe('ticket keys that follow from a seed', () => {
  it('are the same wherever the seed is, in this period and later', () => {
    const one = process(midnight);
    const two = process(midnight, one.keys.seed);
    for (let day = 0; day < 5; day++) {
      assert.deepEqual(one.ring.copyKey(), two.ring.copyKey());
      assert.equal(two.ring.open(one.ring.seal(session))?.isOld, false);
      one.clock.now += keyPeriod;
      two.clock.now += keyPeriod;
    }
    assert.equal(one.ring.copyKey().length, 48);
  });

  it('are others in each period, and others for each seed', () => {
    const one = process(midnight);
    const key = one.ring.copyKey();
    assert.notDeepEqual(process(midnight).ring.copyKey(), key);
    one.clock.now += keyPeriod - 1;
    assert.deepEqual(one.ring.copyKey(), key);
    one.clock.now += 1;
    assert.notDeepEqual(one.ring.copyKey(), key);
  });

  it('are known to whoever comes later, those before as long as their tickets live', () => {
    const one = process(midnight - 1);
    const { seed } = one.keys;
    const ticket = one.ring.seal(session);
    const opens = (now: number) => process(now, seed).ring.open(ticket) !== undefined;
    assert.equal(opens(midnight), true);
    assert.equal(opens(midnight + 2 * hour), true);
    assert.equal(opens(midnight + 2 * hour + 1), false);
    assert.equal(opens(midnight + 30 * keyPeriod), false);
  });

  it('of the next period are taken from clocks that are ahead', () => {
    const one = process(midnight - 1);
    const ahead = process(midnight, one.keys.seed);
    assert.equal(one.ring.open(ahead.ring.seal(session))?.isOld, true);
  });

  it('of the past do not follow from a later seed', () => {
    const one = process(midnight);
    const ticket = one.ring.seal(session);
    one.clock.now += keyPeriod;
    const { seed } = one.keys;
    assert.equal(seed.period, 20_001);
    const late = process(one.clock.now, seed);
    assert.equal(late.ring.open(one.ring.seal(session))?.isOld, false);
    assert.equal(late.ring.open(ticket), undefined);
    assert.ok(one.ring.open(ticket), 'where it was sealed it is taken still');
  });

  it('stay when a clock is set back', () => {
    const one = process(midnight);
    const key = one.ring.copyKey();
    const ticket = one.ring.seal(session);
    one.clock.now -= 3 * keyPeriod;
    assert.deepEqual(one.ring.copyKey(), key);
    assert.ok(one.ring.open(ticket));
  });

  it('own their seed', () => {
    const one = process(midnight);
    const { secret, period } = one.keys.seed;
    const two = process(midnight, { secret, period });
    secret.fill(0);
    assert.deepEqual(one.ring.copyKey(), two.ring.copyKey());
  });
});

describe('a ring that follows a source', () => {
  it('still takes its tickets of before', () => {
    const { clock, keys, ring } = process(midnight);
    const own = new TicketKeyRing({ provider: nodeCrypto, now: () => clock.now, rotateAfter: 0, keepFor: () => hour });
    const ticket = own.seal(session);
    own.follow(keys);
    assert.deepEqual(own.copyKey(), ring.copyKey());
    assert.equal(own.open(ticket)?.isOld, true);
    clock.now += hour + 1;
    assert.equal(own.open(ticket), undefined);
  });

  it('keeps its own keys until there are others, and replaces them by itself', () => {
    const clock = { now: midnight };
    const ring = new TicketKeyRing({
      provider: nodeCrypto,
      now: () => clock.now,
      rotateAfter: keyPeriod,
      keepFor: () => hour,
    });
    const key = ring.copyKey();
    let found: DerivedTicketKeys | undefined;
    ring.follow({ keys: (keepFor) => found?.keys(keepFor) });
    assert.deepEqual(ring.copyKey(), key);
    clock.now += keyPeriod + 1;
    assert.notDeepEqual(ring.copyKey(), key);
    found = process(clock.now).keys;
    assert.deepEqual(ring.copyKey(), found.keys(hour).current);
  });

  it('leaves it for a key that is set', () => {
    const { clock, ring } = process(midnight);
    const key = Uint8Array.from(nodeCrypto.randomBytes(48));
    ring.replace(key);
    clock.now += keyPeriod;
    assert.deepEqual(ring.copyKey(), key);
  });
});
