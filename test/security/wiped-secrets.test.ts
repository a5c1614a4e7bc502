import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { hashLength } from '../../src/crypto/cipher-suites.ts';
import { hkdfExpandLabel, hkdfExtract } from '../../src/crypto/hkdf.ts';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import type { Aead, CryptoProvider, EphemeralKey } from '../../src/crypto/provider.ts';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { ServerSessions } from '../../src/node/sessions.ts';
import { writeSession } from '../../src/session/session.ts';
import { ContentType, ExtensionType, HandshakeType } from '../../src/wire/code-points.ts';
import { ext, type HelloFields, hello12, hello13, withExtension, writeHello } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';
import { getSession, helloWithSession, useEarlyKeys } from '../support/resumption.ts';
import { type ServerEndOptions, serverConfig } from '../support/server-end.ts';
import { StepClient } from '../support/step-client.ts';

// What a connection computed with must be overwritten when it is over. The provider sees all of it.

/** A provider that remembers every key, and every value that is one. */
function watchful(): { readonly provider: CryptoProvider; left(): string[] } {
  const seen = new Map<Uint8Array, string>();
  const keys = new Set<Aead | EphemeralKey>();
  const note = <T extends Uint8Array>(what: string, bytes: T): T => {
    if (bytes.length >= 16) seen.set(bytes, what);
    return bytes;
  };
  const provider: CryptoProvider = {
    ...nodeCrypto,
    hmac: (name, key, bytes, length) =>
      note('output of HMAC', nodeCrypto.hmac(name, note('key of HMAC', key), bytes, length)),
    publicHmac: (name, key, bytes) => nodeCrypto.publicHmac(name, note('key of HMAC', key), bytes),
    aead(name, key) {
      const made = nodeCrypto.aead(name, note('key of an AEAD', key));
      const watched: Aead = {
        seal: (...args) => made.seal(...args),
        open: (...args) => made.open(...args),
        release() {
          keys.delete(watched);
          made.release();
        },
      };
      keys.add(watched);
      return watched;
    },
    keyAgreement(group) {
      const agreement = nodeCrypto.keyAgreement(group);
      if (agreement === undefined) return undefined;
      const { generate } = agreement;
      return {
        ...agreement,
        respond(share) {
          const answer = agreement.respond(share);
          note('shared secret', answer.secret);
          return answer;
        },
        ...(generate && {
          generate() {
            const key = generate();
            const watched: EphemeralKey = {
              share: key.share,
              derive: (share) => note('shared secret', key.derive(share)),
              release() {
                keys.delete(watched);
                key.release();
              },
            };
            keys.add(watched);
            return watched;
          },
        }),
      };
    },
  };
  const left = (): string[] => [
    ...[...seen].filter(([bytes]) => isSecret(bytes)).map(([, what]) => what),
    ...[...keys].map(() => 'key that is not released'),
  ];
  return { provider, left };
}

/** Checks that nothing is left once `live` is through and its connection over. */
function assertWiped(live: (options: ServerEndOptions) => RawClient, more: ServerEndOptions = {}): void {
  const { provider, left } = watchful();
  const client = live({ ...more, provider });
  client.server.connection.destroy();
  assert.deepEqual(left(), []);
}

/** What the extraction of the shared secret is salted with where there is no PSK: the same always (RFC 8446 section 7.1). */
const publicSalts = (['sha256', 'sha384'] as const).map((hash) => {
  const zeros = new Uint8Array(hashLength[hash]);
  const early = hkdfExtract(nodeCrypto, hash, zeros, zeros);
  const context = nodeCrypto.digest(hash, new Uint8Array());
  return Buffer.from(hkdfExpandLabel(nodeCrypto, hash, early, 'derived', context, zeros.length));
});
const isSecret = (bytes: Uint8Array): boolean =>
  bytes.some((byte) => byte !== 0) && !publicSalts.some((salt) => salt.equals(bytes));

const sessions = (): ServerEndOptions => ({
  policy: { sessions: new ServerSessions(new EventEmitter(), { maxEarlyData: 1000 }) },
});

/** Before anything is watched: what is computed once in a process. */
connect13();

describe('secrets are wiped when a connection is over', () => {
  it('TLS 1.3', () => assertWiped((options) => connect13(options)));
  it('TLS 1.2', () => assertWiped((options) => connect12(options)));

  it('TLS 1.3, after new keys and an exporter', () => {
    assertWiped((options) => {
      const client = connect13(options);
      client.server.connection.updateKeys();
      client.sendMessage(Uint8Array.of(HandshakeType.keyUpdate, 0, 0, 1, 1)).nextSendingKeys();
      client.send(ContentType.applicationData, Buffer.from('data'));
      client.server.connection.secured?.exportKeyingMaterial('EXPORTER-test', 15);
      client.server.connection.secured?.exportKeyingMaterial('EXPORTER-test', 100);
      return client;
    });
  });

  it('TLS 1.3, with tickets, and resumed by one', () => {
    const more = sessions();
    const session = getSession(more);
    assertWiped((options) => {
      const client = new RawClient({ ...options, policy: more.policy! });
      client.sendHello(helloWithSession(client, session)).read();
      client.sendMessage(client.finished13());
      assert.equal(client.server.connection.report.resumed, true);
      assert.equal(client.server.hasFailed, false);
      return client;
    });
  });

  it('TLS 1.3, where a resumption ends before anything was sent', () => {
    const more = { ...sessions(), config: { alpn: ['ours'] } };
    const session = getSession(more);
    assertWiped((options) => {
      const client = new RawClient(options);
      const change = (hello: HelloFields): HelloFields => withExtension(hello, ext.alpn(['theirs']));
      client.sendHello(helloWithSession(client, session, { change }));
      assert.equal(client.server.failure?.alert, 'noApplicationProtocol');
      return client;
    }, more);
  });

  it('TLS 1.3, with early data', () => {
    const more = sessions();
    const session = getSession(more);
    assertWiped((options) => {
      const client = new RawClient({ ...options, policy: more.policy! });
      client.sendHello(helloWithSession(client, session, { earlyData: true }));
      useEarlyKeys(client, session);
      client.send(ContentType.applicationData, Buffer.from('early'));
      assert.equal(client.server.plaintext.toString(), 'early');
      client.read();
      return client;
    });
  });

  it('TLS 1.2, with a ticket', () => {
    const hello = (): HelloFields => withExtension(hello12(), [ExtensionType.sessionTicket, new Uint8Array()]);
    assertWiped((options) => {
      const client = new StepClient({ server: options, hellos: [hello, hello] });
      for (const step of ['hello', 'clientKeyExchange', 'changeCipherSpec', 'finished'] as const) client.take(step);
      assert.ok(client.messages.some(({ type }) => type === HandshakeType.newSessionTicket));
      return client;
    }, sessions());
  });

  it('where it ends in the middle of the handshake', () => {
    assertWiped((options) => {
      const client = new RawClient(options);
      return client.sendHello(hello13(client.key));
    });
    assertWiped((options) => {
      const client = new RawClient(options);
      client.sendHello(hello12()).read();
      return client.sendMessage(client.clientKeyExchange12());
    });
    for (const last of [1, 2, 3, 4]) {
      assertWiped((options) => {
        const client = new StepClient({ server: options, hellos: [hello12, hello12] });
        for (const step of (['hello', 'clientKeyExchange', 'changeCipherSpec', 'finished'] as const).slice(0, last))
          client.take(step);
        return client;
      });
    }
  });

  it('where the Finished is wrong', () => {
    assertWiped((options) => {
      const client = new RawClient(options);
      client.sendHello(hello13(client.key)).read();
      const finished = client.finished13();
      finished[10]! ^= 1;
      client.sendMessage(finished);
      assert.equal(client.server.failure?.alert, 'decryptError');
      return client;
    });
  });

  it('where more comes behind the Finished than may', () => {
    assertWiped((options) => {
      const client = new RawClient(options);
      client.sendHello(hello13(client.key)).read();
      client.sendMessage(Buffer.concat([client.finished13(), Uint8Array.of(HandshakeType.keyUpdate)]));
      assert.equal(client.server.failure?.code, 'EXCESS_HANDSHAKE_DATA');
      return client;
    });
  });

  it('where more comes behind a ClientHello with early data than may', () => {
    const more = sessions();
    const session = getSession(more);
    assertWiped((options) => {
      const client = new RawClient(options);
      const hello = writeHello(helloWithSession(client, session, { earlyData: true }));
      client.sendMessage(Buffer.concat([hello, Uint8Array.of(HandshakeType.finished)]));
      assert.equal(client.server.failure?.code, 'EXCESS_HANDSHAKE_DATA');
      return client;
    }, more);
  });

  it('of sessions that were kept, or could not be', () => {
    const steps12 = ['hello', 'clientKeyExchange', 'changeCipherSpec', 'finished'] as const;
    const for13 = (client: RawClient): HelloFields => withExtension(hello13(client.key), ext.pskKeyExchangeModes([1]));
    for (const [hello, steps] of [
      [() => hello12(), steps12],
      [for13, ['hello', 'finished'] as const],
    ] as const) {
      for (const answer of [() => undefined, () => new Promise<void>(() => {})]) {
        const told: Uint8Array[] = [];
        const save = (_id: Uint8Array, session: Uint8Array) => {
          assert.ok(isSecret(session));
          told.push(session);
          return answer();
        };
        const own = new ServerSessions(new EventEmitter(), { secureOptions: 0x4000 });
        Object.defineProperty(own, 'cache', { value: { load: () => undefined, save } });
        const client = new StepClient({ server: { policy: { sessions: own } }, hellos: [hello, hello] });
        for (const step of steps) client.take(step);
        client.server.connection.destroy();
        assert.ok(told.length > 0);
        assert.deepEqual(told.filter(isSecret), []);
      }
    }
  });

  it('of a session whose client cannot be judged', () => {
    const verify = () => {
      throw new Error('no judge');
    };
    const now = Date.now();
    for (const version of [0x0304, 0x0303]) {
      const facts = { version, cipherSuite: 0x1301, secret: new Uint8Array(32).fill(7), extendedMasterSecret: true };
      const times = { authenticatedAt: now, issuedAt: now, lifetime: 100, ageAdd: 0 };
      const client = { clientAuth: 'request', clientChain: [new Uint8Array(9)], serverName: undefined } as const;
      const none = { alpnProtocol: undefined, context: new Uint8Array(), maxEarlyData: 0, issuer: new Uint8Array() };
      const session = writeSession({ ...facts, ...times, ...client, ...none });
      const own = new ServerSessions(new EventEmitter(), {});
      Object.defineProperty(own, 'tickets', { value: { open: () => ({ session, isOld: false }) } });
      const config = { clientAuth: { isRequired: false, authorities: [], verify } };
      const raw = new RawClient({ config, policy: { sessions: own } });
      const kept = { identity: new Uint8Array(100), psk: facts.secret, suite: 0x1301, ageAdd: 0, maxEarlyData: 0 };
      const ticket: [number, Uint8Array] = [ExtensionType.sessionTicket, kept.identity];
      raw.sendHello(version === 0x0304 ? helloWithSession(raw, kept) : withExtension(hello12(), ticket));
      assert.equal(raw.server.failure?.alert, 'internalError');
      assert.ok(!isSecret(session));
    }
  });

  it('of a key that was agreed upon beforehand, however it is used', () => {
    const imported = Buffer.concat([Buffer.of(0, 2), Buffer.from('me'), Buffer.of(0, 0, 3, 4, 0, 1)]);
    for (const isImported of [undefined, false, true]) {
      const told: Uint8Array[] = [];
      const externalPsk = () => {
        told.push(new Uint8Array(32).fill(7));
        return { key: told[0]!, isImported: isImported === true };
      };
      assertWiped(
        (options) => {
          const client = new RawClient({
            ...options,
            context: { ciphers: 'PSK-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256' },
          });
          if (isImported === undefined) {
            client.sendHello({ ...hello12(), cipherSuites: [0x00a8] });
            client.sendMessage(
              writeMessage(HandshakeType.clientKeyExchange, (w) => w.vector16((identity) => identity.ascii('me'))),
            );
          } else {
            const psk = new Uint8Array(32).fill(7);
            const kept = { identity: imported, psk, suite: 0x1301, ageAdd: 0, maxEarlyData: 0 };
            client.sendHello(helloWithSession(client, { ...kept, binderLabel: 'ext binder' }));
          }
          assert.equal(told.length, 1, client.server.failure?.message);
          return client;
        },
        { policy: { externalPsk } },
      );
      assert.deepEqual(told.filter(isSecret), []);
    }
  });

  it('while it waits for a signature', () => {
    const { credentials } = serverConfig();
    const signer = { ...credentials[0]!.signer, sign: () => new Promise<never>(() => {}) };
    const config = { credentials: [{ ...credentials[0]!, signer }] };
    assertWiped((options) => {
      const client = new RawClient({ ...options, config });
      client.sendHello(hello13(client.key));
      assert.equal(client.server.connection.expecting, 'an answer');
      return client;
    });
  });

  it('and nothing can be computed with what they leave', () => {
    for (const connect of [connect13, connect12]) {
      const client = connect();
      const { secured } = client.server.connection;
      assert.equal(secured?.exportKeyingMaterial('EXPORTER-test', 16).length, 16);
      client.server.connection.destroy();
      assert.throws(() => secured?.exportKeyingMaterial('EXPORTER-test', 16), /over/);
      assert.equal(secured?.session?.(), undefined);
    }
  });
});
