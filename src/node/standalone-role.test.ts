import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { identity } from '../../test/support/identities.ts';
import { createSecureContext } from './secure-context.ts';
import { standaloneRole } from './standalone-role.ts';
import type { TLSSocket } from './tls-socket.ts';
import type { TLSSocketOptions } from './tls-socket-options.ts';

const { key, cert } = identity('p256');
const options: TLSSocketOptions = { isServer: true, key, cert };

/** A role, and the socket that plays it, as far as that is an emitter. */
function play(more: TLSSocketOptions = {}, server?: EventEmitter) {
  const socket = Object.assign(new EventEmitter(), { server });
  return { socket, role: standaloneRole({ ...options, ...more })(socket as unknown as TLSSocket) };
}

describe('standaloneRole', () => {
  it('refuses options before there is a socket', () => {
    assert.throws(() => standaloneRole({ key, cert }), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
    assert.throws(() => standaloneRole({ ...options, SNICallback: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => standaloneRole({ ...options, secureContext: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  });
  it('an error of the handshake ends nothing, one behind it does', () => {
    const { socket, role } = play();
    assert.equal(role.emitsHandshakeErrors, true);
    socket.emit('error', new Error('in the handshake'));
    let secure = 0;
    socket.on('secure', () => secure++);
    role.onHandshake(undefined);
    assert.equal(secure, 1);
    assert.throws(() => socket.emit('error', new Error('afterwards')), /^Error: afterwards$/);
  });
  it('a handshake that failed is not secure', () => {
    const { socket, role } = play();
    socket.on('secure', () => assert.fail('it is not'));
    role.onHandshake(new Error('no') as never);
    socket.emit('error', new Error('still not heard'));
  });
  it('keylog lines are for the socket and the server that it was given', () => {
    const server = new EventEmitter();
    const { socket, role } = play({}, server);
    assert.equal(role.wantsKeylog(), false);
    const heard: unknown[] = [];
    server.on('keylog', (line: Buffer, of: unknown) => heard.push(`${line} ${of === socket}`));
    assert.equal(role.wantsKeylog(), true);
    role.onKeylog(Buffer.from('line'));
    socket.on('keylog', (line: Buffer) => heard.push(`${line}`));
    server.removeAllListeners();
    assert.equal(role.wantsKeylog(), true);
    role.onKeylog(Buffer.from('another'));
    assert.deepEqual(heard, ['line true', 'another']);
    assert.equal(play().role.wantsKeylog(), false);
  });
  it('has the sessions of its context, and those of its server where that is nobody else’s', () => {
    const server = new EventEmitter() as never;
    const sessions = (more: TLSSocketOptions) => play({ server, ...more }).role.policy.sessions;
    const [a, b] = [createSecureContext({ key, cert }), createSecureContext({ key, cert, sessionIdContext: 'b' })];
    assert.equal(sessions({}), sessions({}));
    assert.equal(sessions({ secureContext: a }), sessions({ secureContext: a }));
    assert.notEqual(sessions({ secureContext: a }), sessions({ secureContext: b }));
    assert.notEqual(sessions({ sessionIdContext: 'c' }), sessions({}));
    assert.equal(Buffer.from(sessions({ secureContext: b })!.context).toString(), 'b');
    assert.notEqual(
      sessions({ secureContext: a }),
      sessions({ secureContext: a, server: new EventEmitter() as never }),
    );
    assert.equal(play({ secureContext: a }).role.policy.sessions, play({ secureContext: a }).role.policy.sessions);
  });
  it('gives the connection away only where somebody may ask for it', () => {
    assert.equal(play().role.mayHandOver, false);
    assert.equal(play({ onClientHello: () => undefined }).role.mayHandOver, true);
  });
});
