import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { nodeCrypto } from '../crypto/node/provider.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { TicketKeyRing } from './ticket-key-ring.ts';
import type { TicketKeySet } from './ticket-key-source.ts';

const day = 24 * 3600 * 1000;
const text = 'a session';
const session = Buffer.from(text);

function ring(key?: Uint8Array, rotateAfter = 0) {
  const clock = { now: 1_700_000_000_000 };
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const options = { provider: nodeCrypto, now: () => clock.now, rotateAfter, keepFor: () => day, onError };
  return { ring: new TicketKeyRing(options, key), clock, errors };
}

const opened = (keys: TicketKeyRing, ticket: Uint8Array) => {
  const found = keys.open(ticket);
  return found && { text: Buffer.from(found.session).toString(), isOld: found.isOld };
};

describe('the ring of ticket keys', () => {
  it('opens what it sealed, and no two tickets are alike', () => {
    const { ring: keys } = ring();
    const ticket = keys.seal(session);
    assert.deepEqual(opened(keys, ticket), { text, isOld: false });
    assert.notDeepEqual(keys.seal(session), ticket);
    assert.equal(Buffer.from(ticket).includes(session), false);
  });

  it('opens nothing that was changed anywhere, cut, or sealed by others', () => {
    const { ring: keys } = ring();
    const ticket = keys.seal(session);
    for (let at = 0; at < ticket.length; at++) {
      const forged = Uint8Array.from(ticket);
      forged[at]! ^= 1;
      assert.equal(keys.open(forged), undefined, `byte ${at}`);
      assert.equal(keys.open(ticket.subarray(0, at)), undefined, `${at} bytes`);
    }
    assert.equal(ring().ring.open(ticket), undefined);
  });

  it('opens tickets of a replaced key for as long as they live', () => {
    const { ring: keys, clock } = ring();
    const ticket = keys.seal(session);
    keys.rotate();
    assert.deepEqual(opened(keys, ticket), { text, isOld: true });
    clock.now += day;
    assert.deepEqual(opened(keys, ticket), { text, isOld: true });
    clock.now += 1;
    assert.equal(keys.open(ticket), undefined);
  });

  it('opens tickets of keys that are to come', () => {
    const next = randomBytes(48);
    const elsewhere = ring(next).ring.seal(session);
    const { ring: keys } = ring();
    assert.equal(keys.open(elsewhere), undefined);
    keys.expect([next]);
    assert.deepEqual(opened(keys, elsewhere), { text, isOld: true });
    keys.replace(next);
    assert.deepEqual(opened(keys, elsewhere), { text, isOld: false });
  });

  it('goes back to a key that it had', () => {
    const key = randomBytes(48);
    const { ring: keys } = ring(key);
    const ticket = keys.seal(session);
    keys.rotate();
    keys.replace(key);
    assert.deepEqual(opened(keys, ticket), { text, isOld: false });
  });

  it('replaces its key by itself, and keeps the one before', () => {
    const { ring: keys, clock } = ring(undefined, day);
    const key = keys.copyKey();
    const ticket = keys.seal(session);
    clock.now += day;
    assert.deepEqual(keys.copyKey(), key);
    clock.now += 1;
    assert.notDeepEqual(keys.copyKey(), key);
    assert.deepEqual(opened(keys, ticket), { text, isOld: true });
  });

  it('bears a clock that is set back', () => {
    const { ring: keys, clock } = ring(undefined, day);
    const ticket = keys.seal(session);
    clock.now -= 10 * day;
    assert.deepEqual(opened(keys, ticket), { text, isOld: false });
    clock.now += day + 1;
    assert.deepEqual(opened(keys, ticket), { text, isOld: true });
  });

  it('holds no more than so many keys', () => {
    const { ring: keys } = ring();
    const first = keys.seal(session);
    for (let i = 0; i < 16; i++) keys.rotate();
    assert.ok(keys.open(first));
    keys.rotate();
    assert.equal(keys.open(first), undefined);
  });

  it('wipes keys that open nothing any more, and those only', () => {
    const clock = { now: 1_700_000_000_000 };
    const seen: Uint8Array[] = [];
    const aead: CryptoProvider['aead'] = (name, key) => {
      seen.push(key);
      return nodeCrypto.aead(name, key);
    };
    const provider = { ...nodeCrypto, aead };
    const keys = new TicketKeyRing({ provider, now: () => clock.now, rotateAfter: 0, keepFor: () => day });
    const wiped = (): number[] => [...seen.keys()].filter((i) => seen[i]!.every((byte) => byte === 0));
    keys.expect([randomBytes(48)]);
    keys.replace(keys.copyKey());
    assert.deepEqual(wiped(), [2], 'the same once more');
    keys.rotate();
    keys.expect([]);
    assert.deepEqual(wiped(), [1, 2]);
    const ticket = keys.seal(session);
    clock.now += day + 1;
    keys.rotate();
    assert.deepEqual(opened(keys, ticket), { text, isOld: true });
    assert.deepEqual(wiped(), [0, 1, 2]);
  });

  it('has its last keys while their source fails, or gives what are none', () => {
    const { ring: keys, errors } = ring();
    const good = { current: randomBytes(48), previous: [], next: [] };
    let answer: () => unknown = () => good;
    keys.follow({ keys: () => answer() as TicketKeySet });
    const ticket = keys.seal(session);
    const bad = { current: randomBytes(48), previous: [{ key: randomBytes(47), replacedAt: 0 }], next: [] };
    const failure = (): never => {
      throw new Error('no keys today');
    };
    assert.deepEqual(errors, []);
    for (answer of [failure, () => bad, () => ({}), () => null, () => undefined]) {
      for (let i = 0; i < 2; i++) assert.deepEqual(opened(keys, keys.seal(session)), { text, isOld: false });
      assert.deepEqual(opened(keys, ticket), { text, isOld: false });
      assert.deepEqual(keys.copyKey(), Uint8Array.from(good.current));
    }
    // Six times each; the last has no keys yet, which is no failure.
    const told = errors.map((error) => (error as Error).constructor.name);
    const times = (name: string): string[] => Array.from({ length: 6 }, () => name);
    assert.deepEqual(told, [...times('Error'), ...times('RangeError'), ...times('TypeError'), ...times('TypeError')]);
    assert.throws(() => keys.follow({ keys: () => bad }), RangeError);
  });

  it('wants 48 bytes', () => {
    assert.throws(() => ring(randomBytes(32)), RangeError);
    assert.equal(ring().ring.copyKey().length, 48);
  });
});
