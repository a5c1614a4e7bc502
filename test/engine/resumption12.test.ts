import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { ClientVerdict } from '../../src/handshake/config.ts';
import { writeCertificate12 } from '../../src/messages/certificate.ts';
import { writeCertificateVerify } from '../../src/messages/certificate-verify.ts';
import { writeFinished } from '../../src/messages/finished.ts';
import { ServerSessions, type SessionOptions } from '../../src/node/sessions.ts';
import { ContentType, ExtensionType as E, HandshakeType, SignatureScheme } from '../../src/wire/code-points.ts';
import { certificatesOfPem } from '../../src/x509/pem.ts';
import { ext, type HelloFields, hello12, hello13, withExtension, withoutExtension } from '../support/client-hello.ts';
import { identity } from '../support/identities.ts';
import { RawClient } from '../support/raw-client.ts';
import type { ServerEndOptions } from '../support/server-end.ts';
import { StepClient } from '../support/step-client.ts';

type Change = (hello: HelloFields) => HelloFields;
const asItIs: Change = (hello) => hello;

const serverWith = (options: SessionOptions = {}): ServerEndOptions => ({
  policy: { sessions: new ServerSessions(new EventEmitter(), options) },
});

/** What a client keeps of a session: how the server knows it, and its secret. */
interface Kept {
  readonly ticket: Uint8Array | undefined;
  readonly id: Uint8Array;
  readonly master: Uint8Array;
}

const offerTicket = (ticket: Uint8Array = new Uint8Array()): Change => {
  return (hello) => withExtension(hello, [E.sessionTicket, ticket]);
};

/** A whole handshake, and the session of it. */
function getSession(server: ServerEndOptions, change: Change = asItIs): Kept {
  const client = new StepClient({ server, hellos: [() => change(hello12()), () => hello12()] });
  for (const step of ['hello', 'clientKeyExchange', 'changeCipherSpec', 'finished'] as const) client.take(step);
  assert.ok(client.server.isSecure, client.server.failure?.message);
  const message = client.messages.find(({ type }) => type === HandshakeType.newSessionTicket);
  return { ticket: message?.body.slice(6), id: client.serverHello!.sessionId, master: client.master! };
}

/** A client that comes back with what it kept. */
function comeBack(server: ServerEndOptions, { master }: Kept, change: Change): StepClient {
  return new StepClient({ server, hellos: [() => change(hello12()), () => hello12()], resumes: master }).take('hello');
}

const isResumed = (client: RawClient): boolean => client.server.connection.report.resumed;

/** Whether a session goes on where the client comes back changed. */
function goesOn(first: Change, again: Change, options: SessionOptions = {}): boolean {
  const server = serverWith(options);
  const kept = getSession(server, (hello) => offerTicket()(first(hello)));
  const client = comeBack(server, kept, (hello) => again(offerTicket(kept.ticket)(hello)));
  assert.equal(client.server.failure, undefined);
  return isResumed(client);
}

const without =
  (type: number): Change =>
  (hello) =>
    withoutExtension(hello, type);
const named =
  (name: string): Change =>
  (hello) =>
    withExtension(hello, ext.serverName(name));

/** The second flight of a client with these certificates, of which the first is that of our P-256 key. */
function authenticate(client: RawClient, certificates: readonly Uint8Array[]): void {
  const certificate = writeCertificate12(certificates);
  client.transcript.add(certificate);
  const exchange = client.sendMessage(certificate).clientKeyExchange12();
  const signed = Buffer.concat([client.firstHello!, ...client.messages.map(({ raw }) => raw), certificate, exchange]);
  const signature = sign('sha256', signed, identity('p256').privateKey);
  const verify = writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, signature);
  client.transcript.add(verify);
  client.sendMessage(exchange).sendMessage(verify).send(ContentType.changeCipherSpec, Uint8Array.of(1)).encrypt12();
  client.sendMessage(client.finished12());
}

describe('resumption in TLS 1.2', () => {
  it('by ticket: the session id is echoed, and no ServerKeyExchange follows (RFC 5077 section 3.4)', () => {
    const server = serverWith();
    const kept = getSession(server, offerTicket());
    assert.equal(kept.id.length, 0, 'a session with a ticket has no id');
    for (const sessionId of [new Uint8Array(), Uint8Array.of(7), new Uint8Array(32).fill(5)]) {
      const client = comeBack(server, kept, (hello) => ({ ...offerTicket(kept.ticket)(hello), sessionId }));
      assert.ok(isResumed(client));
      assert.deepEqual(Buffer.from(client.serverHello!.sessionId), Buffer.from(sessionId));
      assert.ok(!client.messages.some(({ type }) => type === HandshakeType.serverKeyExchange));
      client.take('changeCipherSpec').take('finished');
      assert.ok(client.server.isSecure, client.server.failure?.message);
    }
  });

  it('by id: an id that is not known, or not whole, gets a new one (RFC 5246 section 7.4.1.3)', () => {
    const server = serverWith({ secureOptions: 0x4000 }); // SSL_OP_NO_TICKET
    const kept = getSession(server);
    assert.equal(kept.id.length, 32);
    assert.ok(isResumed(comeBack(server, kept, (hello) => ({ ...hello, sessionId: kept.id }))));
    for (const id of [kept.id.subarray(1), kept.id.map((byte) => byte ^ 1), Uint8Array.of(1)]) {
      const client = comeBack(server, kept, (hello) => ({ ...hello, sessionId: id }));
      assert.ok(!isResumed(client));
      assert.notDeepEqual(Buffer.from(client.serverHello!.sessionId), Buffer.from(id));
    }
  });

  it('a ticket with any byte changed, cut or longer is a full handshake', () => {
    const server = serverWith();
    const kept = getSession(server, offerTicket());
    const { ticket } = kept;
    assert.ok(ticket);
    const bent = [...ticket.keys()].map((at) => ticket.map((byte, i) => (i === at ? byte ^ 0x40 : byte)));
    for (const wrong of [...bent, ticket.subarray(0, -1), Buffer.concat([ticket, Buffer.alloc(1)]), Buffer.alloc(1)]) {
      const client = comeBack(server, kept, offerTicket(wrong));
      assert.equal(client.server.failure, undefined);
      assert.ok(!isResumed(client));
      assert.equal(client.serverHello?.extensions.has(E.sessionTicket), true, 'a new ticket is due');
    }
  });

  it('extended_master_secret binds it (RFC 7627 section 5.3)', () => {
    const bare = without(E.extendedMasterSecret);
    assert.equal(goesOn(asItIs, asItIs), true);
    assert.equal(goesOn(bare, bare), true);
    assert.equal(goesOn(bare, asItIs), false, 'a full handshake makes a better session');
    const server = serverWith();
    const kept = getSession(server, offerTicket());
    const { failure } = comeBack(server, kept, (hello) => bare(offerTicket(kept.ticket)(hello))).server;
    assert.equal(failure?.alert, 'handshakeFailure');
    assert.equal(failure.code, 'INCONSISTENT_EXTMS');
  });

  it('goes on with its suite, or not at all', () => {
    const suites = (cipherSuites: readonly number[]): Change => {
      return (hello) => ({ ...hello, cipherSuites });
    };
    assert.equal(goesOn(suites([0xc02b]), suites([0xc02c, 0xc02b])), true);
    assert.equal(goesOn(suites([0xc02b]), suites([0xc02c])), false);
  });

  it('goes on for its host, or not at all (RFC 6066 section 3)', () => {
    assert.equal(goesOn(named('a.example'), named('A.example')), true);
    assert.equal(goesOn(named('a.example'), named('b.example')), false);
    assert.equal(goesOn(named('a.example'), asItIs), false);
    assert.equal(goesOn(asItIs, named('a.example')), false);
  });

  it('by id does not go on after a connection that failed (RFC 5246 section 7.2.2)', () => {
    const server = serverWith({ secureOptions: 0x4000 });
    const kept = getSession(server);
    const withId: Change = (hello) => ({ ...hello, sessionId: kept.id });
    const again = (): StepClient => comeBack(server, kept, withId).take('changeCipherSpec').take('finished');
    const peaceful = again();
    peaceful.sendAlert(1, 0).server.connection.close();
    const failing = again();
    assert.ok(isResumed(failing), 'close_notify does no harm');
    failing.sendAlert(2, 80);
    assert.ok(!isResumed(comeBack(server, kept, withId)));
  });

  it('by id does not go on after a connection that we ended', () => {
    const server = serverWith({ secureOptions: 0x4000 });
    const client = new StepClient({ server, hellos: [hello12, hello12] });
    for (const step of ['hello', 'clientKeyExchange', 'changeCipherSpec', 'finished'] as const) client.take(step);
    client.take('unknown');
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
    const kept = { ticket: undefined, id: client.serverHello!.sessionId, master: client.master! };
    assert.ok(!isResumed(comeBack(server, kept, (hello) => ({ ...hello, sessionId: kept.id }))));
  });

  it('by id does not go on after it failed to go on, by whatever alert; a client that just left may come back', () => {
    const wrongFinished = writeFinished(new Uint8Array(12));
    const ways: [string, boolean, (client: StepClient) => unknown][] = [
      ['a Finished that is wrong', false, (client) => client.take('changeCipherSpec').sendMessage(wrongFinished)],
      ['an alert of the client', false, (client) => client.sendAlert(2, 51)],
      ['a record that does not decrypt', false, (client) => client.send(23, Buffer.alloc(50))],
      ['the end of the stream', true, (client) => client.server.connection.receiveEnd()],
      ['close_notify', true, (client) => client.sendAlert(1, 0)],
    ];
    for (const [what, mayGoOn, fail] of ways) {
      const server = serverWith({ secureOptions: 0x4000 });
      const kept = getSession(server);
      const withId: Change = (hello) => ({ ...hello, sessionId: kept.id });
      const failing = comeBack(server, kept, withId);
      assert.ok(isResumed(failing), what);
      fail(failing);
      assert.ok(failing.server.hasFailed, what);
      assert.equal(isResumed(comeBack(server, kept, withId)), mayGoOn, what);
    }
  });

  it('does not go on without the uncompressed format of points (RFC 8422 section 5.1.2)', () => {
    const server = serverWith();
    const kept = getSession(server, offerTicket());
    const { failure } = comeBack(server, kept, (hello) =>
      withExtension(offerTicket(kept.ticket)(hello), ext.ecPointFormats([1, 2])),
    ).server;
    assert.equal(failure?.alert, 'illegalParameter');
  });

  it('needs a ticket that a client can bring back: for long certificates it is empty (RFC 5077 section 3.3)', () => {
    const verify = (): ClientVerdict => ({ authorized: true });
    for (const [length, isGiven] of [
      [10_000, true],
      [20_000, false],
      [65_000, false],
    ] as const) {
      const server = { ...serverWith(), config: { clientAuth: { isRequired: true, authorities: [], verify } } };
      const certificates = [...certificatesOfPem(identity('p256').cert), new Uint8Array(length)];
      const client = new RawClient(server).sendHello(offerTicket()(hello12())).read();
      authenticate(client, certificates);
      assert.ok(client.server.isSecure, client.server.failure?.message);
      const ticket = client.read().messages.find(({ type }) => type === HandshakeType.newSessionTicket);
      assert.ok(ticket, 'what the ServerHello promised');
      assert.equal(ticket.body.length > 6, isGiven);
    }
  });

  it('goes on in its version, or not at all', () => {
    const server = serverWith();
    const kept = getSession(server, offerTicket());
    const client = new RawClient(server);
    client.sendHello(offerTicket(kept.ticket)(hello13(client.key))).read();
    assert.equal(client.server.connection.report.version, 'TLSv1.3');
    assert.ok(!isResumed(client));
  });
});
