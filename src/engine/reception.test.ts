import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clearOpener, ScriptedConnection, secured, secured13 } from '../../test/support/scripted-connection.ts';
import type { Secured } from '../handshake/handshake.ts';
import { changeCipherSpec, goOnEarly, message, type Steps } from '../handshake/steps.ts';
import { AlertDescription as A } from '../wire/alert.ts';
import { HandshakeType as H, ProtocolVersion, ContentType as T } from '../wire/code-points.ts';
import { ConnectionFailure } from './failure.ts';
import type { Sink } from './sink.ts';

const { tls12, tls13 } = ProtocolVersion;
const hello = [H.clientHello, 0, 0, 0];
const unexpected = { name: 'TlsAlert', alert: 'unexpectedMessage' };

function* handshake(result: Secured): Steps<Secured> {
  yield* message('clientHello');
  return result;
}

const begun = (version: number): ScriptedConnection => new ScriptedConnection(version, handshake(secured()));
/** A connection whose handshake is done. */
const connected = (version: number, sink?: Partial<Sink>): ScriptedConnection =>
  new ScriptedConnection(version, handshake(version === tls13 ? secured13() : secured()), sink).take(...hello);
/** A connection that takes early data. */
const early = (): ScriptedConnection =>
  new ScriptedConnection(
    tls13,
    (function* () {
      yield* goOnEarly(secured13());
      yield* message('finished');
      return secured13();
    })(),
  );

describe('Reception of contents', () => {
  it('gives handshake messages to their protocol, and application data to the application', () => {
    const connection = begun(tls13).receive(T.handshake, hello);
    assert.equal(connection.handshake.receiveNext(), true);
    connection.receive(T.applicationData, Buffer.from('abc'));
    assert.deepEqual(connection.plaintext, ['abc']);
    assert.deepEqual(
      connection.trace.map(({ direction, kind, name, length }) => `${direction} ${kind} ${name} ${length}`),
      ['received record handshake 4', 'received message clientHello 4'],
    );
  });
  it('refuses an empty handshake record and unknown types', () => {
    assert.throws(() => begun(tls12).receive(T.handshake), unexpected);
    assert.throws(() => begun(tls12).receive(99, [1]), { ...unexpected, code: 'UNEXPECTED_RECORD' });
  });
  it('takes no application data before its time, and early data up to its bound', () => {
    assert.throws(() => begun(tls13).receive(T.applicationData, [1]), unexpected);
    const connection = early();
    connection.parts.inbound.takeEarlyData(2);
    connection.receive(T.applicationData, Buffer.from('ab'));
    assert.deepEqual(connection.plaintext, ['ab']);
    assert.throws(() => connection.receive(T.applicationData, [1]), { code: 'TOO_MUCH_EARLY_DATA' });
  });
  it('counts empty records up to the next that is none', () => {
    const connection = connected(tls13);
    const many = (count: number): void => {
      for (let i = 0; i < count; i++) connection.receive(T.applicationData);
    };
    many(32);
    connection.receive(T.applicationData, [65]);
    many(32);
    assert.throws(() => many(1), { code: 'TOO_MANY_EMPTY_FRAGMENTS' });
    assert.deepEqual(connection.plaintext, ['A']);
  });
  it('says so while the application has plaintext in its hands, and when it threw', () => {
    const seen: boolean[] = [];
    const connection: ScriptedConnection = connected(tls13, {
      plaintext: ([first]) => {
        seen.push(connection.reception.isDelivering);
        if (first === 0) throw new Error('no');
      },
    });
    connection.receive(T.applicationData, [1]);
    assert.equal(connection.reception.isDelivering, false);
    assert.throws(() => connection.receive(T.applicationData, [0]), /^Error: no$/);
    assert.equal(connection.reception.isDelivering, true);
    assert.deepEqual(seen, [true, true]);
  });
  it('takes application data between the messages of TLS 1.2 alone, an alert that ends it between all', () => {
    const part = (version: number): ScriptedConnection => connected(version).receive(T.handshake, [H.clientHello]);
    assert.deepEqual(part(tls12).receive(T.applicationData, [65]).plaintext, ['A']);
    assert.throws(() => part(tls13).receive(T.applicationData, [65]), unexpected);
    assert.throws(() => part(tls13).receive(T.alert, [1, A.userCanceled]), unexpected);
    assert.doesNotThrow(() => part(tls12).receive(T.alert, [1, A.userCanceled]));
    for (const version of [tls12, tls13]) {
      assert.deepEqual(part(version).receive(T.alert, [1, A.closeNotify]).events, ['secure', 'end']);
    }
  });
  it('takes no application data within an authentication', () => {
    const requestCertificate = function* () {
      yield* message('certificate');
      yield* message('finished');
      return { chain: [], verdict: { authorized: true } };
    };
    const connection = new ScriptedConnection(tls13, handshake(secured13({ requestCertificate }))).take(...hello);
    const auth = { isRequired: false, authorities: [], verify: () => ({ authorized: true }) };
    connection.handshake.requestCertificate(auth, connection.answered);
    connection.receive(T.applicationData, [65]).take(H.certificate, 0, 0, 0);
    assert.throws(() => connection.receive(T.applicationData, [65]), unexpected);
  });
});

describe('Reception of ChangeCipherSpec', () => {
  it('TLS 1.3 passes 32 over until the handshake is done', () => {
    const connection = begun(tls13);
    for (let i = 0; i < 32; i++) connection.receive(T.changeCipherSpec, [1]);
    assert.equal(connection.handshake.expecting, 'clientHello');
    assert.throws(() => connection.receive(T.changeCipherSpec, [1]), { ...unexpected, code: 'UNEXPECTED_CCS' });
    assert.throws(() => connected(tls13).receive(T.changeCipherSpec, [1]), unexpected);
    for (const content of [[], [2], [1, 1]]) {
      assert.throws(() => begun(tls13).receive(T.changeCipherSpec, content), unexpected, `${content}`);
    }
    const part = begun(tls13).receive(T.handshake, [H.clientHello]);
    assert.throws(() => part.receive(T.changeCipherSpec, [1]), unexpected);
  });
  it('TLS 1.2 takes one, at its turn', () => {
    assert.throws(() => begun(tls12).receive(T.changeCipherSpec, [1]), { ...unexpected, code: 'UNEXPECTED_CCS' });
    const waiting = (): ScriptedConnection =>
      new ScriptedConnection(
        tls12,
        (function* () {
          yield* changeCipherSpec();
          return secured();
        })(),
      );
    assert.throws(() => waiting().receive(T.changeCipherSpec, [2]), { alert: 'illegalParameter' });
    assert.ok(waiting().receive(T.changeCipherSpec, [1]).handshake.isConfirmed);
  });
});

describe('Reception of alerts', () => {
  const failure = (act: () => unknown): ConnectionFailure => {
    try {
      act();
    } catch (error) {
      assert.ok(error instanceof ConnectionFailure, `${error}`);
      return error;
    }
    return assert.fail('nothing was thrown');
  };

  it('an error ends the connection as the peer has it', () => {
    const { alert, code, direction } = failure(() => connected(tls13).receive(T.alert, [2, A.badCertificate]));
    assert.deepEqual([alert, code, direction], ['badCertificate', 'ALERT_BAD_CERTIFICATE', 'received']);
  });
  it('close_notify ends the input of a secure connection', () => {
    const connection = connected(tls13).receive(T.alert, [1, A.closeNotify]);
    assert.deepEqual(connection.events, ['secure', 'end']);
    assert.ok(connection.reception.isClosed);
    assert.deepEqual(connection.sent, [], 'our side is the application’s to close');
  });
  it('close_notify ends a handshake, and is answered', () => {
    const connection = begun(tls13);
    const { alert, code } = failure(() => connection.receive(T.alert, [1, A.closeNotify]));
    assert.deepEqual([alert, code], ['closeNotify', 'ECONNRESET']);
    assert.deepEqual(connection.sent, ['21: 1,0']);
  });
  it('takes four warnings up to the next application data', () => {
    const connection = connected(tls12);
    const warn = (count: number): void => {
      for (let i = 0; i < count; i++) connection.receive(T.alert, [1, A.noRenegotiation]);
    };
    warn(4);
    connection.receive(T.applicationData, [65]);
    warn(4);
    assert.throws(() => warn(1), { alert: 'decodeError', code: 'TOO_MANY_WARNING_ALERTS' });
  });
  it('reads an alert in clear, of a TLS 1.3 client that has no keys yet', () => {
    const connection = begun(tls13);
    const refused = { name: 'TlsAlert', alert: 'badRecordMac' };
    connection.parts.inbound.protect({ ...clearOpener, open: () => undefined });
    assert.throws(() => connection.receive(T.handshake, hello), refused);
    assert.equal(failure(() => connection.receive(T.alert, [2, A.decodeError])).alert, 'decodeError');
    const done = connected(tls13);
    done.parts.inbound.protect({ ...clearOpener, open: () => undefined });
    assert.throws(() => done.receive(T.alert, [2, A.decodeError]), refused, 'it has keys now');
  });
});
