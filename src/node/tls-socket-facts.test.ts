import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hello13 } from '../../test/support/client-hello.ts';
import { connect13, RawClient } from '../../test/support/raw-client.ts';
import { HandshakeReport } from '../handshake/report.ts';
import {
  chosenProtocol,
  cipherInfo,
  earlyDataState,
  keyingMaterial,
  requestedHost,
  sharedSigalgs,
} from './tls-socket-facts.ts';

const report = (): HandshakeReport => new HandshakeReport(() => 0);

describe('what a TLSSocket tells', () => {
  it('before anything was chosen', () => {
    const { connection } = new RawClient().server;
    assert.equal(cipherInfo(connection.report), undefined);
    assert.equal(chosenProtocol(connection, 'alpnProtocol'), null);
    assert.equal(requestedHost(connection.report), null);
    assert.equal(earlyDataState(connection), null);
    assert.deepEqual(sharedSigalgs(connection.report), []);
    const state = { code: 'ERR_TLS_INVALID_STATE' };
    assert.throws(() => keyingMaterial(connection, 32, 'label', undefined), state);
  });
  it('once the handshake is done', () => {
    const { connection } = connect13({}, (hello) => ({ ...hello, suites: [0x1302] })).server;
    const standardName = 'TLS_AES_256_GCM_SHA384';
    assert.deepEqual(cipherInfo(connection.report), { name: standardName, standardName, version: 'TLSv1.3' });
    assert.equal(chosenProtocol(connection, 'alpnProtocol'), false);
    connection.report.alpnProtocol = 'h2';
    assert.equal(chosenProtocol(connection, 'alpnProtocol'), 'h2');
    assert.equal(chosenProtocol(connection, 'npnProtocol'), false);
  });
  it('the host, or that there was none', () => {
    const named = report();
    named.reach('clientHello');
    assert.equal(requestedHost(named), false);
    named.serverName = 'a.example';
    assert.equal(requestedHost(named), 'a.example');
  });
  it('early data: accepted before the handshake is done, confirmed from then on', () => {
    const state = (earlyData: HandshakeReport['earlyData'], isConfirmed: boolean): unknown =>
      earlyDataState({ report: Object.assign(report(), { earlyData }), isConfirmed } as never);
    assert.deepEqual([state('accepted', false), state('accepted', true)], ['accepted', 'confirmed']);
    assert.deepEqual([state('rejected', false), state('rejected', true)], ['rejected', 'rejected']);
    assert.equal(state(undefined, true), null);
  });
  it('the schemes of both, in our order', () => {
    const client = new RawClient();
    client.sendHello(hello13(client.key));
    const both = sharedSigalgs(client.server.connection.report);
    assert.ok(both.includes('ECDSA+SHA256'), `${both}`);
    client.server.connection.report.signatureSchemes = [0x0804, 0x0403, 0x0777];
    assert.deepEqual(sharedSigalgs(client.server.connection.report), ['RSA-PSS+SHA256', 'ECDSA+SHA256']);
  });
  it('keying material: of the length asked for, for arguments that are some, while there are secrets', () => {
    const { connection } = connect13().server;
    const label = 'EXPORTER-test';
    const bytes = keyingMaterial(connection, 40, label, undefined);
    assert.ok(Buffer.isBuffer(bytes));
    assert.equal(bytes.length, 40);
    assert.notDeepEqual(keyingMaterial(connection, 40, label, Buffer.from('context')), bytes);
    for (const [length, name, context, code] of [
      [0, label, undefined, 'ERR_OUT_OF_RANGE'],
      ['1', label, undefined, 'ERR_INVALID_ARG_TYPE'],
      [1, 5, undefined, 'ERR_INVALID_ARG_TYPE'],
      [1, label, 'context', 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      assert.throws(() => keyingMaterial(connection, length as never, name as never, context as never), { code });
    }
    connection.destroy();
    assert.throws(() => keyingMaterial(connection, 40, label, undefined), { code: 'ERR_TLS_INVALID_STATE' });
  });
});
