import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { ClientAuthentication, ExternalPsk, Policy } from '../../src/handshake/config.ts';
import { type ImportedIdentity, readImportedIdentity } from '../../src/handshake/tls13/imported-psk.ts';
import { ServerSessions } from '../../src/node/sessions.ts';
import { ExtensionType, NamedGroup } from '../../src/wire/code-points.ts';
import { ext, type HelloFields, withExtension } from '../support/client-hello.ts';
import { RawClient } from '../support/raw-client.ts';
import { finishWithTicket, getSession, helloWithSession, type KeptSession, withBinder } from '../support/resumption.ts';
import type { ServerEndOptions } from '../support/server-end.ts';

type Hash = 'sha256' | 'sha384';
const size: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48 };
const suites: Readonly<Record<Hash, number>> = { sha256: 0x1301, sha384: 0x1302 };
const kdfs: Readonly<Record<Hash, number>> = { sha256: 1, sha384: 2 };
const externalKey = Buffer.alloc(32, 'key');

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const vector16 = (bytes: Uint8Array): Buffer => Buffer.concat([u16(bytes.length), bytes]);

interface Import {
  readonly name?: string;
  readonly context?: string;
  readonly protocol?: number;
  /** Of the external key. */
  readonly hash?: Hash;
  /** Of the suite. */
  readonly target?: Hash;
  readonly kdf?: number;
}

/** What a client makes of a key, by RFC 9258 section 5.1 and RFC 5869 alone. */
function importKey({
  name = 'psk',
  context = 'ctx',
  protocol = 0x0304,
  hash = 'sha256',
  ...more
}: Import): KeptSession {
  const { target = 'sha256', kdf = kdfs[target] } = more;
  const identity = Buffer.concat([
    vector16(Buffer.from(name)),
    vector16(Buffer.from(context)),
    u16(protocol),
    u16(kdf),
  ]);
  const extracted = createHmac(hash, Buffer.alloc(size[hash])).update(externalKey).digest();
  const label = Buffer.from('tls13 derived psk');
  const contextHash = createHash(hash).update(identity).digest();
  const length = size[target];
  const info = Buffer.concat([u16(length), Buffer.of(label.length), label, Buffer.of(contextHash.length), contextHash]);
  let [output, block] = [Buffer.alloc(0), Buffer.alloc(0)];
  for (let i = 1; output.length < length; i++) {
    block = createHmac(hash, extracted)
      .update(Buffer.concat([block, info, Buffer.of(i)]))
      .digest();
    output = Buffer.concat([output, block]);
  }
  const psk = output.subarray(0, length);
  return { identity, psk, suite: suites[target], ageAdd: 0, maxEarlyData: 0, binderLabel: 'imp binder' };
}

const serverWith = (externalPsk: Policy['externalPsk'], config: ServerEndOptions['config'] = {}): ServerEndOptions => ({
  config: { credentials: [], ...config },
  policy: { externalPsk, sessions: new ServerSessions(new EventEmitter(), {}) },
});

const known = (hash: Hash = 'sha256'): ServerEndOptions =>
  serverWith((_identity, _hello, imported) =>
    Buffer.from(imported?.externalIdentity ?? []).toString() === 'psk' &&
    Buffer.from(imported?.context ?? []).toString() === 'ctx'
      ? { key: Buffer.from(externalKey), hash, isImported: true }
      : undefined,
  );

function come(server: ServerEndOptions, session: KeptSession): RawClient {
  const client = new RawClient(server);
  return client.sendHello(helloWithSession(client, session)).read();
}

const takes = (client: RawClient): boolean => client.serverHello?.extensions.has(ExtensionType.preSharedKey) === true;

function finish(client: RawClient): void {
  client.sendMessage(client.finished13());
  assert.equal(client.server.failure, undefined);
  assert.ok(client.server.connection.isConfirmed);
}

describe('imported PSKs (RFC 9258)', () => {
  for (const hash of ['sha256', 'sha384'] as const) {
    for (const target of ['sha256', 'sha384'] as const) {
      it(`of a key for ${hash} go with suites of ${target}`, () => {
        const client = come(known(hash), importKey({ hash, target }));
        assert.ok(takes(client));
        assert.equal(client.suite.hash, target);
        assert.equal(client.server.connection.report.resumed, false);
        finish(client);
      });
    }
  }

  it('leave a session that goes on by a ticket', () => {
    const server = known();
    const client = come(server, importKey({ target: 'sha384' }));
    const back = come(server, finishWithTicket(client));
    assert.ok(takes(back));
    assert.equal(back.server.connection.report.resumed, true);
    finish(back);
  });

  it('go on after a HelloRetryRequest', () => {
    const server = known();
    const session = importKey({});
    const client = new RawClient({ ...server, config: { ...server.config, groups: [NamedGroup.x25519] } });
    const change = (hello: Parameters<typeof withExtension>[0]) =>
      withExtension(hello, ext.keyShare([{ group: NamedGroup.secp256r1, key: Buffer.alloc(65, 4) }]));
    const first = helloWithSession(client, session, { change });
    client.sendHello(first).read();
    const fields = withExtension(first, ext.keyShare([{ group: NamedGroup.x25519, key: client.key.share }]));
    client.sendSecondHello(withBinder(fields, session, client.transcript)).read();
    assert.ok(takes(client));
    finish(client);
  });

  const unknown: readonly (readonly [string, KeptSession])[] = [
    ['another identity', importKey({ name: 'other' })],
    ['another context', importKey({ context: 'other' })],
    ['another version', importKey({ protocol: 0x0303 })],
    ['DTLS', importKey({ protocol: 0xfefc })],
    ['an unknown KDF', importKey({ kdf: 0x1234 })],
    ['bytes behind it', { ...importKey({}), identity: Buffer.concat([importKey({}).identity, Buffer.of(0)]) }],
  ];
  for (const [what, session] of unknown) {
    it(`are not known by ${what}, which gets the answer of a wrong key`, () => {
      const { failure } = come(known(), session).server;
      assert.deepEqual([failure?.alert, failure?.code], ['decryptError', 'PSK_IDENTITY_NOT_FOUND']);
    });
  }

  it('have a binder of their own', () => {
    const { failure } = come(known(), { ...importKey({}), binderLabel: 'ext binder' }).server;
    assert.deepEqual([failure?.alert, failure?.code], ['decryptError', 'BINDER_DOES_NOT_VERIFY']);
  });

  it('are not used as they are, nor other keys imported', () => {
    const plain: KeptSession = {
      ...importKey({}),
      identity: Buffer.from('psk'),
      psk: externalKey,
      binderLabel: 'ext binder',
    };
    const answers = (psk: ExternalPsk): ServerEndOptions => serverWith(() => psk);
    assert.ok(takes(come(answers({ key: Buffer.from(externalKey) }), plain)));
    assert.equal(takes(come(answers({ key: Buffer.from(externalKey), isImported: true }), plain)), false);
    assert.equal(takes(come(answers({ key: Buffer.from(externalKey) }), importKey({}))), false);
  });

  it('are told to the application by their parts', () => {
    const asked: (ImportedIdentity | undefined)[] = [];
    const server = serverWith((_identity, _hello, imported) => {
      asked.push(imported);
      return undefined;
    });
    come(server, importKey({ target: 'sha384' }));
    come(server, { ...importKey({}), identity: Buffer.from('psk') });
    const [imported, other] = asked;
    assert.equal(other, undefined);
    const text = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString();
    assert.deepEqual([text(imported?.externalIdentity), text(imported?.context)], ['psk', 'ctx']);
    assert.deepEqual([imported?.targetProtocol, imported?.targetKdf], [0x0304, 2]);
  });

  it('have identities that cannot be read as such', () => {
    const { identity } = importKey({});
    assert.ok(readImportedIdentity(identity));
    for (let length = 0; length < identity.length; length++) {
      assert.equal(readImportedIdentity(identity.subarray(0, length)), undefined);
    }
    assert.equal(readImportedIdentity(Buffer.concat([u16(0), u16(0), u16(0x0304), u16(1)])), undefined, 'an empty one');
  });
});

describe('PSKs and tickets of one server', () => {
  it('go on each with a suite of their hash', () => {
    const server: ServerEndOptions = {
      policy: { externalPsk: () => undefined, sessions: new ServerSessions(new EventEmitter(), {}) },
    };
    const session = getSession(server);
    assert.equal(session.suite, suites.sha384);
    assert.ok(takes(come(server, session)));
  });

  it('leave a certificate to be asked for later by a ticket, not by an external PSK (RFC 9846 section 4.4.2)', () => {
    const clientAuth: ClientAuthentication = {
      isRequired: false,
      authorities: [],
      verify: () => ({ authorized: true }),
    };
    const comeAgain = (server: ServerEndOptions, session: KeptSession): boolean => {
      const client = new RawClient(server);
      const change = (hello: HelloFields) => withExtension(hello, [ExtensionType.postHandshakeAuth, new Uint8Array()]);
      client.sendHello(helloWithSession(client, session, { change })).read();
      assert.ok(takes(client));
      finish(client);
      return client.server.connection.requestCertificate(clientAuth);
    };
    const tickets: ServerEndOptions = { policy: { sessions: new ServerSessions(new EventEmitter(), {}) } };
    assert.equal(comeAgain(tickets, getSession(tickets)), true);
    assert.equal(comeAgain(known(), importKey({})), false);
    const external: KeptSession = { ...importKey({}), psk: externalKey, binderLabel: 'ext binder' };
    assert.equal(
      comeAgain(
        serverWith(() => ({ key: Buffer.from(externalKey) })),
        external,
      ),
      false,
    );
  });
});
