import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { cipherSuites } from '../../src/crypto/cipher-suites.ts';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import { finishedVerifyData, KeySchedule } from '../../src/handshake/tls13/key-schedule.ts';
import { writeKeyUpdate } from '../../src/messages/key-update.ts';
import { ServerSessions } from '../../src/node/sessions.ts';
import { ExtensionType, ContentType as T } from '../../src/wire/code-points.ts';
import { Writer } from '../../src/wire/writer.ts';
import { ext, type HelloFields, hello13, withExtension, writeHello } from '../support/client-hello.ts';
import { connect13, RawClient } from '../support/raw-client.ts';
import { getSession, helloWithSession, type KeptSession, type ResumptionOptions } from '../support/resumption.ts';
import type { ServerEndOptions } from '../support/server-end.ts';

const server: ServerEndOptions = { policy: { sessions: new ServerSessions(new EventEmitter(), {}) } };
const kept = getSession(server);

/** A client that comes back with a session, and has read what the server said. */
function comeBack(session: KeptSession, options: ResumptionOptions = {}): RawClient {
  const client = new RawClient(server);
  return client.sendHello(helloWithSession(client, session, options)).read();
}

const isResumed = (client: RawClient): boolean => client.server.connection.report.resumed;

describe('a PSK that a client offers', () => {
  it('is of no use where any byte of its ticket is changed: a full handshake', () => {
    for (const at of kept.identity.keys()) {
      const identity = kept.identity.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const client = comeBack({ ...kept, identity });
      assert.equal(client.server.failure, undefined);
      assert.ok(!isResumed(client), `byte ${at}`);
    }
    for (const identity of [kept.identity.subarray(1), kept.identity.subarray(0, -1), Uint8Array.of(0)]) {
      assert.ok(!isResumed(comeBack({ ...kept, identity })));
    }
  });
  it('has a binder every bit of which counts: decrypt_error', () => {
    const { length } = kept.psk;
    for (let at = 0; at < length; at++) {
      const bend = (binder: Uint8Array) => binder.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      assert.equal(comeBack(kept, { bend }).server.failure?.alert, 'decryptError');
    }
    const bend = (binder: Uint8Array) => new Uint8Array(binder.length);
    assert.equal(comeBack(kept, { bend }).server.failure?.alert, 'decryptError');
  });
  it('is looked at only with a mode that we know (RFC 8446 section 4.2.9)', () => {
    for (const modes of [[0xfa], [2, 3, 255], [0]]) {
      const client = comeBack(kept, { modes });
      assert.equal(client.server.failure, undefined);
      assert.ok(!isResumed(client));
    }
    assert.ok(isResumed(comeBack(kept, { modes: [0xfa, 0, 1] })));
  });
  it('goes on whatever age the client tells, where there is no early data (RFC 8446 section 4.2.10)', () => {
    for (const age of [0, 1000, 10 ** 9, 2 ** 32 - 1]) assert.ok(isResumed(comeBack(kept, { age })));
  });
});

describe('several PSKs that a client offers', () => {
  const early: ServerEndOptions = {
    policy: { sessions: new ServerSessions(new EventEmitter(), { maxEarlyData: 100 }) },
  };
  const strange: KeptSession = { ...kept, identity: new Uint8Array(90), psk: new Uint8Array(32), suite: 0x1301 };

  /** The suite of all of them, whose binders have 32 bytes. */
  const withSha256 = (hello: HelloFields): HelloFields => ({ ...hello, cipherSuites: [0x1301] });

  /** Offers sessions with binders of their own, in an order that may be another; the last is to be taken. */
  function offer(
    at: ServerEndOptions,
    sessions: readonly KeptSession[],
    arrange = (binders: Uint8Array[]): readonly Uint8Array[] => binders,
  ): RawClient {
    const client = new RawClient(at);
    client.psk = sessions.at(-1)!.psk;
    const write = (hello: HelloFields, binders: readonly Uint8Array[]): HelloFields => {
      const body = new Writer()
        .vector16((list) => {
          for (const { identity, ageAdd } of sessions) list.vector16((id) => id.bytes(identity)).u32(ageAdd);
        })
        .vector16((list) => {
          for (const binder of binders) list.vector8((b) => b.bytes(binder));
        });
      return withExtension(hello, [ExtensionType.preSharedKey, body.take()]);
    };
    const modes = withExtension(withSha256(hello13(client.key)), ext.pskKeyExchangeModes([1]));
    const hello = withExtension(modes, ext.earlyData());
    const blank = writeHello(
      write(
        hello,
        sessions.map(() => new Uint8Array(32)),
      ),
    );
    const partialHash = nodeCrypto.digest('sha256', blank.subarray(0, blank.length - 2 - 33 * sessions.length));
    const binders = sessions.map(({ psk, suite }) => {
      const used = cipherSuites.find(({ id }) => id === suite)!;
      const key = new KeySchedule(nodeCrypto, used, psk).binderKey('res binder');
      return finishedVerifyData(nodeCrypto, used, key, partialHash);
    });
    return client.sendHello(write(hello, arrange(binders)));
  }

  it('each have the binder at their place', () => {
    const session = getSession(early, withSha256);
    const other = getSession(early, withSha256);
    const client = offer(early, [strange, session]);
    assert.equal(client.server.failure, undefined);
    assert.equal(client.read().serverHello?.extensions.get(ExtensionType.preSharedKey)?.[1], 1);
    for (const sessions of [
      [strange, session],
      [session, other],
    ])
      assert.equal(offer(early, sessions, (all) => all.reverse()).server.failure?.code, 'BINDER_DOES_NOT_VERIFY');
  });

  it('bring early data with the first of them only (RFC 8446 section 4.2.10)', () => {
    for (const [isFirst, expected] of [
      [true, 'accepted'],
      [false, 'rejected'],
    ] as const) {
      const session = getSession(early, withSha256);
      const client = offer(early, isFirst ? [session, strange] : [strange, session]);
      assert.ok(isResumed(client));
      assert.equal(client.server.connection.report.earlyData, expected);
    }
  });

  it('are looked for a few at a time', () => {
    const session = getSession(early, withSha256);
    const strangers = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...strange, identity: new Uint8Array(i + 1) }));
    assert.ok(isResumed(offer(early, [...strangers(3), session])));
    assert.ok(!isResumed(offer(early, [...strangers(4), session])));
  });
});

describe('a KeyUpdate in pieces', () => {
  it('is one all the same', () => {
    const client = connect13();
    for (const byte of writeKeyUpdate(true)) client.sendMessage(Uint8Array.of(byte));
    client.nextSendingKeys().send(T.applicationData, Buffer.from('x'));
    assert.equal(client.server.plaintext.toString(), 'x');
  });
  it('does not take the beginning of another message with it', () => {
    const client = connect13();
    const [update, rest] = [writeKeyUpdate(false), Uint8Array.of(24)];
    client.sendMessage(update.subarray(0, 4)).sendMessage(Buffer.concat([update.subarray(4), rest]));
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });
  it('may come by the thousand, with data in between', () => {
    const client = connect13();
    for (let i = 0; i < 2000; i++) {
      client.sendMessage(writeKeyUpdate(i % 2 === 0)).nextSendingKeys();
      if (i % 16 === 0) client.send(T.applicationData, Buffer.from('x'));
    }
    assert.equal(client.server.failure, undefined);
    assert.equal(client.server.plaintext.length, 125);
    client.read().send(T.applicationData, Buffer.from('the end'));
    assert.match(client.server.plaintext.toString(), /the end$/);
  });
});
