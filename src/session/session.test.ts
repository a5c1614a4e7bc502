import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isFresh, longestLifetime, readSession, type Session, writeSession } from './session.ts';

const session: Session = {
  version: 0x0304,
  cipherSuite: 0x1301,
  secret: Uint8Array.from({ length: 32 }, (_, i) => i),
  extendedMasterSecret: true,
  authenticatedAt: 1_700_000_000_000,
  issuedAt: 1_700_000_060_123,
  lifetime: 7200,
  ageAdd: 0xfedcba98,
  serverName: 'example.org',
  alpnProtocol: 'h2',
  context: Uint8Array.of(1, 2, 3),
  clientAuth: 'require',
  clientChain: [Uint8Array.of(0x30, 0), Uint8Array.of(0x30, 1, 5)],
  maxEarlyData: 16_384,
  issuer: Uint8Array.from({ length: 8 }, (_, i) => 200 + i),
};

const plain = (s: Session | undefined) =>
  s && {
    ...s,
    secret: [...s.secret],
    issuer: [...s.issuer],
    context: [...s.context],
    clientChain: s.clientChain.map((der) => [...der]),
  };

describe('a session', () => {
  it('reads as it was written', () => {
    assert.deepEqual(plain(readSession(writeSession(session))), plain(session));
    const bare = {
      ...session,
      serverName: undefined,
      alpnProtocol: undefined,
      clientChain: [],
      clientAuth: 'none' as const,
    };
    assert.deepEqual(plain(readSession(writeSession(bare))), plain(bare));
  });

  it('is written in one place: nothing of its secret is left beside it', () => {
    const secret = Buffer.from(Array.from({ length: 48 }, (_, i) => 255 - i));
    for (const length of [0, 100, 1000, 3000]) {
      const bytes = writeSession({ ...session, secret, clientChain: [new Uint8Array(length + 1)] });
      bytes.fill(0);
      assert.equal(Buffer.from(bytes.buffer).includes(secret), false, `${length} bytes of certificate`);
    }
  });

  it('is nothing where a byte is missing, or one too many', () => {
    const bytes = writeSession(session);
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(readSession(bytes.subarray(0, length)), undefined, `${length} bytes`);
    }
    assert.equal(readSession(Buffer.concat([bytes, Buffer.of(0)])), undefined);
  });

  it('is nothing, or a session, for any bytes: it never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        readSession(bytes);
        const prefixed = Uint8Array.from([1, ...bytes]);
        const read = readSession(prefixed);
        if (read !== undefined) assert.deepEqual([...writeSession(read)].length, prefixed.length);
      }),
    );
  });

  it('owns its bytes', () => {
    const bytes = writeSession(session);
    const read = readSession(bytes);
    bytes.fill(0);
    assert.deepEqual([...read!.secret], [...session.secret]);
  });
});

describe('freshness', () => {
  const { issuedAt, lifetime, authenticatedAt } = session;

  it('ends with the lifetime', () => {
    assert.equal(isFresh(session, issuedAt + lifetime * 1000), true);
    assert.equal(isFresh(session, issuedAt + lifetime * 1000 + 1), false);
  });

  it('ends a week after the authentication, however often the session was renewed', () => {
    const now = authenticatedAt + longestLifetime * 1000;
    const renewed = { ...session, issuedAt: now - 1000 };
    assert.equal(isFresh(renewed, now), true);
    assert.equal(isFresh(renewed, now + 1), false);
  });

  it('bears clocks that differ by a minute, not more', () => {
    assert.equal(isFresh(session, issuedAt - 60_000), true);
    assert.equal(isFresh(session, issuedAt - 60_001), false);
  });
});
