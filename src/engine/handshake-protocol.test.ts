import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScriptedConnection, secured, secured13 } from '../../test/support/scripted-connection.ts';
import type { ClientIdentity, Secured } from '../handshake/handshake.ts';
import { answer, changeCipherSpec, goOnEarly, message, type Steps } from '../handshake/steps.ts';
import { HandshakeType as H, ProtocolVersion } from '../wire/code-points.ts';

const { tls12, tls13 } = ProtocolVersion;
/** A message without a body. */
const bare = (type: number): number[] => [type, 0, 0, 0];
const keyUpdate = (requested: boolean): number[] => [H.keyUpdate, 0, 0, 1, requested ? 1 : 0];

/** A handshake of two messages. */
function* handshake(result: Secured): Steps<Secured> {
  yield* message('clientHello');
  yield* message('finished');
  return result;
}

/** A connection whose handshake is done. */
const connected = (version: number, result: Secured): ScriptedConnection =>
  new ScriptedConnection(version, handshake(result)).take(...bare(H.clientHello)).take(...bare(H.finished));

describe('HandshakeProtocol in the handshake', () => {
  it('tells what it waits for', () => {
    const connection = new ScriptedConnection(tls13, handshake(secured13()));
    assert.equal(connection.handshake.expecting, 'clientHello');
    assert.equal(connection.take(...bare(H.clientHello)).handshake.expecting, 'finished');
    assert.equal(connection.handshake.isConfirmed, false);
    assert.equal(connection.take(...bare(H.finished)).handshake.expecting, 'application data');
    assert.ok(connection.handshake.isConfirmed);
    assert.deepEqual(connection.events, ['secure']);
  });
  it('waits for a message to be whole, but not to refuse it', () => {
    const connection = new ScriptedConnection(tls13, handshake(secured13())).take(H.clientHello, 0, 0);
    assert.equal(connection.handshake.expecting, 'clientHello');
    assert.equal(connection.handshake.pending, 3);
    assert.equal(connection.take(0).handshake.expecting, 'finished');
    const refusal = { alert: 'unexpectedMessage', message: 'certificate instead of finished' };
    assert.throws(() => connection.take(H.certificate), refusal);
  });
  it('refuses a message that is too long by its header', () => {
    const connection = new ScriptedConnection(tls13, handshake(secured13()));
    assert.throws(() => connection.take(H.clientHello, 0xff, 0, 0), { alert: 'decodeError' });
  });
  it('an answer of the application comes where errors are caught', async () => {
    const connection = new ScriptedConnection(
      tls13,
      (function* () {
        yield* answer(Promise.resolve('yes'));
        return secured13();
      })(),
    );
    assert.ok(connection.handshake.isWaitingForAnswer);
    assert.equal(connection.handshake.expecting, 'an answer');
    await Promise.resolve();
    assert.equal(connection.answers.length, 1);
    assert.equal(connection.handshake.secured, undefined);
    connection.answers[0]!();
    assert.ok(connection.handshake.isConfirmed);
  });
  it('early data makes secure what is confirmed only later, with secrets of its own', () => {
    const released: string[] = [];
    const early = secured13({ release: () => void released.push('early') });
    const last = secured13({ release: () => void released.push('last') });
    const connection = new ScriptedConnection(
      tls13,
      (function* () {
        yield* goOnEarly(early);
        yield* message('endOfEarlyData');
        return last;
      })(),
    );
    assert.equal(connection.handshake.secured, early);
    assert.equal(connection.handshake.isConfirmed, false);
    connection.take(...bare(H.endOfEarlyData));
    assert.equal(connection.handshake.secured, last);
    assert.deepEqual(connection.events, ['secure', 'confirmed']);
    assert.deepEqual(released, ['early']);
    connection.handshake.release();
    assert.deepEqual(released, ['early', 'last']);
  });
  it('goes on at a ChangeCipherSpec', () => {
    const connection = new ScriptedConnection(
      tls12,
      (function* () {
        yield* changeCipherSpec();
        return secured();
      })(),
    );
    assert.equal(connection.handshake.expected, 'changeCipherSpec');
    connection.handshake.receiveChangeCipherSpec();
    assert.ok(connection.handshake.isConfirmed);
  });
});

describe('HandshakeProtocol after the handshake', () => {
  it('TLS 1.3 takes KeyUpdates and nothing else, TLS 1.2 a ClientHello and nothing else', () => {
    for (const [version, result, type] of [
      [tls13, secured13(), H.keyUpdate],
      [tls12, secured(), H.clientHello],
    ] as const) {
      const words = / after the handshake$/;
      for (const other of [H.clientHello, H.keyUpdate, H.finished, H.certificate, 99]) {
        const connection = connected(version, result);
        if (other === type) assert.doesNotThrow(() => connection.take(type), `${type}`);
        else assert.throws(() => connection.take(other), { alert: 'unexpectedMessage', message: words }, `${other}`);
      }
    }
  });
  it('answers one KeyUpdate of an input, if it is asked to', () => {
    const connection = connected(tls13, secured13());
    connection.handshake.beginInput();
    connection.take(...keyUpdate(false));
    assert.deepEqual(flushed(connection), []);
    connection.take(...keyUpdate(true)).take(...keyUpdate(true));
    assert.deepEqual(flushed(connection), ['22: 24,0,0,1,0']);
    connection.handshake.beginInput();
    connection.parts.outbound.close();
    connection.take(...keyUpdate(true));
    assert.deepEqual(flushed(connection).slice(1), ['21: 1,0'], 'nothing follows close_notify');
  });
  it('a KeyUpdate ends at a record', () => {
    const connection = connected(tls13, secured13());
    const twice = [...keyUpdate(false), ...keyUpdate(false)];
    assert.throws(() => connection.take(...twice), { alert: 'unexpectedMessage', code: 'EXCESS_HANDSHAKE_DATA' });
  });
  it('only TLS 1.3 can replace keys', () => {
    assert.equal(connected(tls13, secured13()).handshake.canUpdateKeys, true);
    const connection = connected(tls12, secured());
    assert.equal(connection.handshake.canUpdateKeys, false);
    assert.throws(() => connection.handshake.updateKeys(true), { alert: 'internalError', code: 'KEYS_EXHAUSTED' });
  });
  it('refuses to renegotiate by a warning, until it is told to end the connection', () => {
    const connection = connected(tls12, secured()).take(...bare(H.clientHello));
    assert.deepEqual(flushed(connection), ['21: 1,100']);
    connection.parts.outbound.close();
    connection.take(...bare(H.clientHello));
    assert.deepEqual(flushed(connection), ['21: 1,100', '21: 1,0'], 'nothing follows close_notify');
    connection.handshake.disableRenegotiation();
    assert.throws(() => connection.take(...bare(H.clientHello)), { code: 'ERR_TLS_RENEGOTIATION_DISABLED' });
  });
  it('forgets its session', () => {
    let forgotten = 0;
    connected(tls12, secured({ forgetSession: () => void forgotten++ })).handshake.forgetSession();
    assert.equal(forgotten, 1);
  });
});

describe('HandshakeProtocol and authentication after the handshake', () => {
  const client: ClientIdentity = { chain: [], verdict: { authorized: true } };
  const auth = { isRequired: false, authorities: [], verify: () => ({ authorized: true }) };
  const requestCertificate = function* (): Steps<ClientIdentity> {
    yield* message('certificate');
    yield* message('finished');
    return client;
  };

  it('asks once at a time, and takes the answer in one piece', () => {
    const connection = connected(tls13, secured13({ requestCertificate }));
    const { handshake } = connection;
    assert.equal(handshake.requestCertificate(auth, connection.answered), true);
    assert.equal(handshake.requestCertificate(auth, connection.answered), false);
    connection.take(...keyUpdate(false));
    assert.equal(handshake.isAuthenticating, false);
    connection.take(...bare(H.certificate));
    assert.equal(handshake.isAuthenticating, true);
    assert.throws(() => connection.take(H.keyUpdate), { alert: 'unexpectedMessage' });
  });
  it('tells who the client is, who may be asked again then', () => {
    const connection = connected(tls13, secured13({ requestCertificate }));
    connection.handshake.requestCertificate(auth, connection.answered);
    connection.take(...bare(H.certificate)).take(...bare(H.finished));
    assert.deepEqual(connection.events, ['secure', 'client']);
    assert.equal(connection.handshake.requestCertificate(auth, connection.answered), true);
  });
  it('does not ask who cannot be asked', () => {
    const connection = connected(tls12, secured());
    assert.equal(connection.handshake.requestCertificate(auth, connection.answered), false);
    const refusing = connected(tls13, secured13({ requestCertificate: () => undefined }));
    assert.equal(refusing.handshake.requestCertificate(auth, refusing.answered), false);
  });
  it('a connection that is over wants no answer', async () => {
    const verdict = Promise.resolve();
    const connection = connected(
      tls13,
      secured13({
        requestCertificate: function* () {
          yield* answer(verdict);
          return client;
        },
      }),
    );
    connection.handshake.requestCertificate(auth, connection.answered);
    assert.ok(connection.handshake.isWaitingForAnswer);
    connection.handshake.release();
    await verdict;
    await verdict;
    assert.deepEqual(connection.answers, []);
    assert.equal(connection.handshake.isWaitingForAnswer, false);
  });
});

/** Everything that was sent, what waited for company included. */
function flushed({ parts, sent }: ScriptedConnection): readonly string[] {
  parts.outbound.flush();
  return sent;
}
