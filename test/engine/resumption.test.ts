import assert from 'node:assert/strict';
import { randomBytes, sign } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { cipherSuites } from '../../src/crypto/cipher-suites.ts';
import { SecretPair } from '../../src/handshake/tls13/secret-pair.ts';
import { TicketIssuer } from '../../src/handshake/tls13/tickets.ts';
import { writeCertificate13 } from '../../src/messages/certificate.ts';
import { clientSignatureInput, writeCertificateVerify } from '../../src/messages/certificate-verify.ts';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import { chooseCrypto } from '../../src/node/crypto-provider.ts';
import { ServerSessions, type SessionOptions } from '../../src/node/sessions.ts';
import { writeSession } from '../../src/session/session.ts';
import {
  ContentType,
  ExtensionType,
  HandshakeType,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
} from '../../src/wire/code-points.ts';
import { certificatesOfPem } from '../../src/x509/pem.ts';
import { ext, type HelloFields, hello12, hello13, withExtension, withoutExtension } from '../support/client-hello.ts';
import { identity } from '../support/identities.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  finishWithTicket,
  getSession,
  helloWithSession,
  type KeptSession,
  type ResumptionOptions,
  useEarlyKeys,
  withBinder,
} from '../support/resumption.ts';
import type { ServerEndOptions } from '../support/server-end.ts';

const serverWith = (options: SessionOptions = {}, more: ServerEndOptions = {}): ServerEndOptions => ({
  ...more,
  policy: { sessions: new ServerSessions(new EventEmitter(), options), ...more.policy },
});

const failureOf = (client: RawClient) => {
  const { failure } = client.server;
  return failure && { alert: failure.alert, code: failure.code };
};

/** A client that offers a session, and has read what the server said. */
function comeBack(server: ServerEndOptions, session: KeptSession, options: ResumptionOptions = {}): RawClient {
  const client = new RawClient(server);
  return client.sendHello(helloWithSession(client, session, options)).read();
}

const isResumed = (client: RawClient): boolean =>
  client.serverHello?.extensions.has(ExtensionType.preSharedKey) === true;

function finish(client: RawClient): void {
  client.sendMessage(client.finished13());
  assert.equal(client.server.failure, undefined);
  assert.ok(client.server.connection.isConfirmed);
}

describe('resumption in TLS 1.3 (RFC 8446 section 2.2)', () => {
  it('needs no certificate', () => {
    const server = serverWith();
    const client = comeBack(server, getSession(server));
    assert.ok(isResumed(client));
    assert.ok(!client.messages.some(({ type }) => type === HandshakeType.certificate));
    finish(client);
  });

  it('ends where the binder does not verify', () => {
    const server = serverWith();
    const bend = (binder: Uint8Array) => binder.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
    const client = comeBack(server, getSession(server), { bend });
    assert.deepEqual(failureOf(client), { alert: 'decryptError', code: 'BINDER_DOES_NOT_VERIFY' });
  });

  it('is a full handshake for a ticket that nobody knows, whatever its binder', () => {
    const server = serverWith();
    const session = { ...getSession(server), identity: new Uint8Array(100) };
    const client = comeBack(server, session);
    assert.ok(!isResumed(client));
    finish(client);
  });

  it('is a full handshake for a ticket of another version', () => {
    const server = serverWith();
    const { tickets } = server.policy!.sessions!;
    const secret = randomBytes(48);
    const ticketOf = (version: number): Uint8Array => {
      const now = Date.now();
      const facts = { version, cipherSuite: version === ProtocolVersion.tls13 ? 0x1302 : 0xc02b, secret };
      const times = {
        authenticatedAt: now,
        issuedAt: now,
        lifetime: 100,
        ageAdd: 0,
        maxEarlyData: 0,
        issuer: new Uint8Array(),
      };
      const client = { clientAuth: 'none', clientChain: [], context: new Uint8Array() } as const;
      const names = { serverName: undefined, alpnProtocol: undefined, extendedMasterSecret: true };
      return tickets!.seal(writeSession({ ...facts, ...times, ...client, ...names }));
    };
    for (const version of [ProtocolVersion.tls13, ProtocolVersion.tls12]) {
      const kept: KeptSession = { identity: ticketOf(version), psk: secret, suite: 0x1302, ageAdd: 0, maxEarlyData: 0 };
      assert.equal(isResumed(comeBack(server, kept)), version === ProtocolVersion.tls13);
      const client = new RawClient(server);
      client.sendHello(withExtension(hello12(), [ExtensionType.sessionTicket, ticketOf(version)]));
      assert.equal(client.server.failure, undefined);
      assert.equal(client.server.connection.report.resumed, version === ProtocolVersion.tls12);
    }
  });

  it('does not do without a key exchange unless the server allows it', () => {
    const server = serverWith();
    const client = comeBack(server, getSession(server), { modes: [0] });
    assert.ok(!isResumed(client));
    finish(client);
  });

  it('does without a key exchange where the server allows it (psk_ke)', () => {
    const allowNoDheKex = 0x400; // SSL_OP_ALLOW_NO_DHE_KEX
    const server = serverWith({}, { context: { secureOptions: allowNoDheKex } });
    const bare = (hello: HelloFields) =>
      [ExtensionType.keyShare, ExtensionType.supportedGroups, ExtensionType.signatureAlgorithms].reduce(
        withoutExtension,
        hello,
      );
    const client = new RawClient(server);
    client.sendHello(helloWithSession(client, getSession(server), { modes: [0], change: bare }));
    assert.equal(client.server.failure, undefined);
    assert.equal(client.server.connection.report.resumed, true);
    assert.equal(client.server.connection.report.group, undefined);
    assert.equal(client.server.connection.expecting, 'finished');
  });

  it('wants supported_groups and the rest only when a full handshake follows', () => {
    const server = serverWith();
    const bare = (hello: HelloFields) => withoutExtension(hello, ExtensionType.signatureAlgorithms);
    assert.ok(isResumed(comeBack(server, getSession(server), { change: bare })));
    const unknown = { ...getSession(server), identity: new Uint8Array(100) };
    assert.deepEqual(failureOf(comeBack(server, unknown, { change: bare })), {
      alert: 'missingExtension',
      code: 'MISSING_EXTENSION',
    });
  });

  it('goes on after a HelloRetryRequest, with a binder over all that was said', () => {
    const server = serverWith({}, { config: { groups: [NamedGroup.x25519] } });
    const session = getSession(server);
    for (const isRight of [true, false]) {
      const share = ext.keyShare([{ group: NamedGroup.secp256r1, key: Buffer.alloc(65, 4) }]);
      const client = new RawClient(server);
      const first = helloWithSession(client, session, { change: (hello) => withExtension(hello, share) });
      client.sendHello(first).read();
      assert.equal(client.server.connection.report.helloRetryRequest, true);
      const fields = withExtension(first, ext.keyShare([{ group: NamedGroup.x25519, key: client.key.share }]));
      client.sendSecondHello(isRight ? withBinder(fields, session, client.transcript) : fields).read();
      if (isRight) {
        assert.ok(isResumed(client));
        finish(client);
      } else {
        assert.deepEqual(failureOf(client), { alert: 'decryptError', code: 'BINDER_DOES_NOT_VERIFY' });
      }
    }
  });

  it('has a nonce of its own for each ticket of a connection, and no more tickets than nonces', async () => {
    const sessions = new ServerSessions(new EventEmitter(), { secureOptions: 0x4000 }); // SSL_OP_NO_TICKET
    Object.defineProperty(sessions, 'cache', { value: { save() {} } });
    const nonces = new Set<string>();
    const suite = cipherSuites.find(({ id }) => id === 0x1301)!;
    const facts = { version: 0x0304, cipherSuite: suite.id, authenticatedAt: Date.now(), serverName: undefined };
    const client = { alpnProtocol: undefined, clientAuth: 'none', clientChain: [], context: new Uint8Array() } as const;
    const secrets = new SecretPair(new Uint8Array(32), new Uint8Array(32));
    const issuer = new TicketIssuer(sessions, chooseCrypto(), suite, secrets, { ...facts, ...client });
    for (let i = 0; i < 65_536; i++) {
      const ticket = (await issuer.issue())!;
      nonces.add(Buffer.from(ticket.subarray(12, 15)).toString('hex')); // behind header, lifetime and ageAdd
    }
    assert.equal(nonces.size, 65_536);
    assert.equal(await issuer.issue(), undefined);
  });

  it('has no tickets for a client that cannot use them', () => {
    const server = serverWith();
    const client = new RawClient(server);
    client.sendHello(hello13(client.key)).read();
    finish(client);
    client.server.connection.flush();
    client.useApplicationKeys().read();
    assert.ok(!client.messages.some(({ type }) => type === HandshakeType.newSessionTicket));
  });
});

describe('early data (RFC 8446 section 4.2.10)', () => {
  const early = (options: SessionOptions = {}, more: ServerEndOptions = {}) =>
    serverWith({ maxEarlyData: 100, ...options }, more);

  /** A client that sends a ClientHello and some early data with it. */
  function sendEarly(
    server: ServerEndOptions,
    session: KeptSession,
    data: string,
    options: ResumptionOptions = {},
  ): RawClient {
    const client = new RawClient(server);
    client.sendHello(helloWithSession(client, session, { earlyData: true, ...options }));
    useEarlyKeys(client, session);
    client.send(ContentType.applicationData, Buffer.from(data));
    return client;
  }

  const endOfEarlyData = writeMessage(HandshakeType.endOfEarlyData, () => {});

  /** EndOfEarlyData under the early keys, then Finished. */
  function end(client: RawClient): void {
    const { sealer } = client;
    client.read();
    const { sealer: handshakeSealer } = client;
    client.sealer = sealer;
    client.sendMessage(endOfEarlyData);
    client.transcript.add(endOfEarlyData);
    client.sealer = handshakeSealer;
  }

  it('is offered by tickets of a server that takes it', () => {
    assert.equal(getSession(early()).maxEarlyData, 100);
    assert.equal(getSession(serverWith()).maxEarlyData, 0);
  });

  it('is read before the handshake is done', () => {
    const server = early();
    const client = sendEarly(server, getSession(server), 'early');
    assert.equal(client.server.plaintext.toString(), 'early');
    assert.ok(client.server.isSecure);
    assert.equal(client.server.connection.isConfirmed, false);
    assert.equal(client.server.connection.report.earlyData, 'accepted');
    // The server may answer at once.
    client.server.connection.protect(Buffer.from('answer'));
    end(client);
    finish(client);
    client.useApplicationKeys().send(ContentType.applicationData, Buffer.from(' late'));
    assert.equal(client.server.plaintext.toString(), 'early late');
    assert.deepEqual(
      client.server.events.filter(({ type }) => type === 'secure' || type === 'confirmed').map(({ type }) => type),
      ['secure', 'confirmed'],
    );
  });

  it('comes from the client that showed its certificate when the session was made', () => {
    const verdicts = [true, true, false].map((authorized) => ({ authorized }));
    for (const isRequired of [true, false]) {
      const left = [...verdicts];
      const clientAuth = { isRequired, authorities: [], verify: () => left.shift()! };
      const server = early({}, { config: { clientAuth } });
      const [own] = certificatesOfPem(identity('p256').cert);
      const first = new RawClient(server);
      first.sendHello(withExtension(hello13(first.key), ext.pskKeyExchangeModes([1]))).read();
      const certificate = writeCertificate13([own!]);
      first.sendMessage(certificate).transcript.add(certificate);
      const signed = clientSignatureInput(first.transcript.digest());
      const signature = sign('sha256', signed, identity('p256').privateKey);
      const proof = writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, signature);
      first.sendMessage(proof).transcript.add(proof);
      const session = finishWithTicket(first);

      // The verdict of today is there with the early data, and stays.
      const client = sendEarly(server, session, 'early');
      const { connection, plaintext } = client.server;
      assert.equal(plaintext.toString(), 'early');
      assert.deepEqual(connection.secured?.client, { chain: [own], verdict: { authorized: true } });
      assert.deepEqual(
        client.server.events.flatMap((event) => (event.type === 'secure' ? [event.secured.client?.verdict] : [])),
        [{ authorized: true }],
      );
      end(client);
      finish(client);
      assert.deepEqual(connection.secured?.client, { chain: [own], verdict: { authorized: true } });

      // Revoked meanwhile: no early data where that counts, and told with it where it does not.
      const late = sendEarly(server, session, 'early');
      assert.equal(late.server.connection.report.resumed, !isRequired);
      assert.notEqual(late.server.connection.secured?.client?.verdict.authorized, true);
    }
  });

  it('comes in records of any length: the client knows of no limit yet (RFC 8449 section 4)', () => {
    const server = early({ maxEarlyData: 16_384 }, { config: { recordSizeLimit: 512 } });
    const limits = (hello: HelloFields) => withExtension(hello, ext.recordSizeLimit(16_385));
    const client = sendEarly(server, getSession(server), 'x'.repeat(16_384), { change: limits });
    assert.equal(client.server.plaintext.length, 16_384);
    end(client);
    finish(client);
    client.useApplicationKeys().send(ContentType.applicationData, Buffer.alloc(513));
    assert.equal(failureOf(client)?.alert, 'recordOverflow');
  });

  it('is taken once with each ticket', () => {
    const server = early();
    const session = getSession(server);
    assert.equal(sendEarly(server, session, 'x').server.plaintext.length, 1);
    const again = sendEarly(server, session, 'x');
    assert.equal(again.server.plaintext.length, 0);
    assert.equal(again.server.connection.report.earlyData, 'rejected');
    again.read();
    assert.ok(isResumed(again));
    finish(again);
  });

  it('is not taken twice by a copy of the bytes', () => {
    const server = early();
    const client = new RawClient(server);
    const session = getSession(server);
    client.sendHello(helloWithSession(client, session, { earlyData: true }));
    useEarlyKeys(client, session);
    const record = client.record(ContentType.applicationData, Buffer.from('pay'));
    client.server.receive(record);
    assert.equal(client.server.plaintext.toString(), 'pay');
    const replay = new RawClient(server);
    replay.sendMessage(client.firstHello!);
    replay.server.receive(record);
    assert.equal(replay.server.plaintext.length, 0);
    assert.equal(replay.server.failure, undefined);
  });

  const refused: [string, () => RawClient][] = [
    [
      'from a client that tells a wrong age',
      () => {
        const server = early();
        return sendEarly(server, getSession(server), 'x', { age: 60_000 });
      },
    ],
    [
      'where the server does not want any now',
      () => {
        const keys = new Uint8Array(48);
        const session = getSession(early({ ticketKeys: keys }));
        return sendEarly(serverWith({ ticketKeys: keys }), session, 'x');
      },
    ],
    [
      'where the application says no',
      () => {
        const server = early({}, { policy: { acceptEarlyData: () => false } });
        return sendEarly(server, getSession(server), 'x');
      },
    ],
    [
      'with another protocol than the session has',
      () => {
        const server = early({}, { config: { alpn: ['a', 'b'] } });
        const session = getSession(server, (hello) => withExtension(hello, ext.alpn(['a'])));
        return sendEarly(server, session, 'x', { change: (hello) => withExtension(hello, ext.alpn(['b'])) });
      },
    ],
    [
      'with another suite of the same hash than the session has',
      () => {
        const server = early();
        const session = getSession(server, (hello) => ({ ...hello, cipherSuites: [0x1301] }));
        return sendEarly(server, session, 'x', { change: (hello) => ({ ...hello, cipherSuites: [0x1303] }) });
      },
    ],
    [
      'with a ticket of a server before this one',
      () => {
        const ticketKeys = new Uint8Array(48);
        const session = getSession(early({ ticketKeys }));
        // It starts later, and cannot know what the other one took.
        const now = Date.now;
        Date.now = () => now() + 1000;
        try {
          return sendEarly(early({ ticketKeys }), session, 'x', { age: 1000 });
        } finally {
          Date.now = now;
        }
      },
    ],
  ];
  for (const [name, act] of refused) {
    it(`is passed over ${name}`, () => {
      const client = act();
      assert.equal(client.server.plaintext.length, 0);
      assert.equal(client.server.connection.report.earlyData, 'rejected');
      client.read();
      assert.ok(isResumed(client));
      finish(client);
    });
  }

  it('is passed over up to what tickets allow, however much that is', () => {
    const maxEarlyData = 200_000;
    const server = early({ maxEarlyData }, { policy: { acceptEarlyData: () => false } });
    const retrying = early({ maxEarlyData }, { config: { groups: [NamedGroup.x25519] } });
    const wantsRetry = (hello: HelloFields) =>
      withExtension(hello, ext.keyShare([{ group: NamedGroup.secp256r1, key: Buffer.alloc(65, 4) }]));
    for (const [at, change] of [
      [server, undefined],
      [retrying, wantsRetry],
    ] as const) {
      const client = sendEarly(at, getSession(server), 'x'.repeat(8000), change && { change });
      for (let i = 1; i < 25; i++) client.send(ContentType.applicationData, Buffer.alloc(8000));
      assert.equal(client.server.failure, undefined);
      assert.equal(client.server.connection.report.earlyData, 'rejected');
      if (change === undefined) finish(client.read());
    }
    const ticketKeys = new Uint8Array(48);
    const before = getSession(early({ maxEarlyData, ticketKeys }));
    const changed = sendEarly(serverWith({ ticketKeys }), before, 'x');
    for (let i = 0; i < 12; i++) changed.send(ContentType.applicationData, Buffer.alloc(16_000));
    finish(changed.read());
    const endless = sendEarly(server, getSession(server), 'x');
    for (let i = 0; i < 17; i++) endless.send(ContentType.applicationData, Buffer.alloc(16_000));
    assert.deepEqual(failureOf(endless), { alert: 'badRecordMac', code: 'TOO_MUCH_SKIPPED_EARLY_DATA' });
  });

  it('of more bytes than the ticket allows ends the connection', () => {
    const server = early();
    const client = sendEarly(server, getSession(server), 'x'.repeat(101));
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'TOO_MUCH_EARLY_DATA' });
  });

  it('may not go on after its end', () => {
    const server = early();
    const client = sendEarly(server, getSession(server), 'x');
    end(client);
    client.send(ContentType.applicationData, Buffer.from('y'));
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'APPLICATION_DATA_IN_HANDSHAKE' });
  });

  it('must be ended before the Finished', () => {
    const server = early();
    const client = sendEarly(server, getSession(server), 'x');
    const { sealer } = client;
    client.read();
    client.sealer = sealer;
    client.sendMessage(client.finished13());
    assert.deepEqual(failureOf(client), { alert: 'unexpectedMessage', code: 'UNEXPECTED_MESSAGE' });
  });

  it('is ended by a message without content', () => {
    const server = early();
    const client = sendEarly(server, getSession(server), 'x');
    client.sendMessage(writeMessage(HandshakeType.endOfEarlyData, (w) => w.u8(0)));
    assert.equal(failureOf(client)?.alert, 'decodeError');
  });

  it('is passed over with a HelloRetryRequest', () => {
    const server = early();
    const change = (hello: HelloFields) =>
      withExtension(hello, ext.keyShare([{ group: NamedGroup.secp256r1, key: Buffer.alloc(65, 4) }]));
    const retrying = early({}, { config: { groups: [NamedGroup.x25519] } });
    const client = sendEarly(retrying, getSession(server), 'x', { change });
    assert.equal(client.server.plaintext.length, 0);
    assert.equal(client.server.failure, undefined);
    assert.equal(client.server.connection.expecting, 'clientHello');
  });
});
