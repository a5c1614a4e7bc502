import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tls from 'node:tls';
import { createSecureContext, createServer, TLSSocket } from '../../src/index.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { ca, identity, makeIdentity } from '../support/identities.ts';
import { client, connect, listen, readAll } from '../support/tls-pair.ts';

describe('onClientHello', () => {
  it('refuses with an alert of its choice', async () => {
    for (const delay of [0, 5]) {
      await using at = await listen({
        onClientHello: () => {
          const answer = { alert: 'access_denied', message: 'not on the list' };
          return delay ? sleep(delay, answer) : answer;
        },
      });
      const failed = at.nextError();
      const peer = client(at.port);
      const [error] = (await once(peer, 'error')) as [Error & { code: string }];
      assert.match(error.code, /ACCESS_DENIED/);
      const { code, alert, alertDirection, message } = await failed;
      assert.deepEqual(
        { code, alert, alertDirection, message },
        {
          code: 'ERR_TLS_CLIENT_HELLO_REJECTED',
          alert: 'access_denied',
          alertDirection: 'sent',
          message: 'not on the list',
        },
      );
    }
  });

  it('null is no choice, and no context', async () => {
    for (const nothing of [null, { secureContext: null }]) {
      await using at = await listen({ onClientHello: () => nothing as never });
      const peer = await connect(at.port);
      assert.equal(peer.getProtocol(), 'TLSv1.3');
      peer.destroy();
    }
  });

  it('an alert that does not exist is an internal error', async () => {
    await using at = await listen({ onClientHello: () => ({ alert: 'go_away' }) });
    const failed = at.nextError();
    client(at.port).on('error', () => {});
    const error = await failed;
    assert.deepEqual([error.alert, error.code], ['internal_error', 'ERR_INVALID_ARG_VALUE']);
  });

  /** A server that passes connections for `other.example` on to another one, with all that it does to the raw stream. */
  async function router(secondListener: boolean) {
    const other = makeIdentity('p256', ['other.example']);
    const target = createServer({ key: other.key, cert: other.cert }, (socket) => socket.pipe(socket));
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
    const at = await listen(
      {
        allowHalfOpen: true, // the raw streams are as the server makes them
        onClientHello: async (hello) => {
          await sleep(2);
          if (hello.offers.serverName !== 'other.example') return undefined;
          return {
            handOver(stream: Duplex) {
              const onward = net.connect({
                port: (target.address() as net.AddressInfo).port,
                host: '127.0.0.1',
                allowHalfOpen: true,
              });
              stream.pipe(onward).pipe(stream);
              stream.on('error', () => onward.destroy());
              onward.on('error', () => stream.destroy());
            },
          };
        },
      },
      (socket) => socket.end('mine'),
    );
    if (secondListener) at.server.on('connection', () => {});
    return { at, target };
  }

  for (const secondListener of [false, true]) {
    it(`hands a connection over as it came, ${secondListener ? 'on a stream' : 'on a handle'}`, async () => {
      const { at, target } = await router(secondListener);
      await using _ = at;
      const mine = await connect(at.port);
      assert.equal((await readAll(mine)).toString(), 'mine');
      const theirs = await connect(at.port, { servername: 'other.example' });
      assert.match(theirs.getPeerCertificate().subjectaltname!, /other\.example/);
      assert.equal(at.server.connections, 1, 'it still counts');
      const body = Buffer.alloc(500_000, 'x');
      theirs.end(body);
      assert.equal((await readAll(theirs)).length, body.length);
      assert.equal(at.errors.length, 0);
      target.close();
    });
  }

  it('what handOver throws is one failed connection', async () => {
    await using at = await listen({
      onClientHello: () => ({
        handOver() {
          throw new Error('nowhere to go');
        },
      }),
    });
    const failed = at.nextError();
    const peer = client(at.port).on('error', () => {});
    assert.equal((await failed).message, 'nowhere to go');
    if (!peer.closed) await new Promise((resolve) => peer.once('close', resolve));
  });
});

describe('setKeyCert', () => {
  const other = makeIdentity('rsa', ['other.example']);
  for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
    for (const form of [other, createSecureContext(other)]) {
      it(`in an ALPNCallback, ${version}, with ${'context' in form ? 'a context' : 'options'}`, async () => {
        await using at = await listen({
          maxVersion: version,
          ALPNCallback({ protocols }) {
            this.setKeyCert(form);
            return protocols[0];
          },
        });
        const accepted = at.nextSocket();
        const peer = await connect(at.port, { ALPNProtocols: ['acme-tls/1'] });
        assert.match(peer.getPeerCertificate().subjectaltname!, /other\.example/);
        assert.match((await accepted).getX509Certificate()!.subjectAltName!, /other\.example/);
        peer.destroy();
      });
    }
  }

  it('in an SNICallback', async () => {
    await using at = await listen({
      SNICallback(_name, callback) {
        this.setKeyCert(other);
        callback(null);
      },
    });
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    assert.match(peer.getPeerCertificate().subjectaltname!, /other\.example/);
    const socket = await accepted;
    peer.destroy();
    assert.throws(() => socket.setKeyCert(5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe('TLS begun by an application', () => {
  const { key, cert } = identity('p256');

  it('after a conversation in clear: earlier listeners hear no ciphertext, and an encoding does no harm', async () => {
    const heard: unknown[] = [];
    const server = net.createServer((raw) => {
      raw.setEncoding('utf8');
      raw.write('220 ready\r\n');
      raw.on('data', (text: unknown) => {
        heard.push(text);
        raw.write('220 go ahead\r\n');
        const secure = new TLSSocket(raw, { isServer: true, key, cert });
        secure.on('secure', () => secure.pipe(secure));
        secure.on('error', () => {});
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const raw = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    assert.equal(String((await once(raw, 'data'))[0]), '220 ready\r\n');
    raw.write('STARTTLS\r\n');
    await once(raw, 'data');
    const peer = tls.connect({ socket: raw, ca, servername: 'localhost' });
    await once(peer, 'secureConnect');
    const body = Buffer.alloc(100_000, 0xe4);
    peer.end(body);
    assert.deepEqual(await readAll(peer), body);
    assert.deepEqual(heard, ['STARTTLS\r\n']);
    server.close();
  });

  it('with bytes that were read too far and put back', async () => {
    const [far, near] = duplexPair();
    const peer = tls.connect({ socket: near, ca, servername: 'localhost' });
    const [first] = (await once(far, 'data')) as [Buffer];
    far.pause();
    far.unshift(first);
    const secure = new TLSSocket(far, { isServer: true, key, cert });
    await Promise.all([once(secure, 'secure'), once(peer, 'secureConnect')]);
    secure.end('hello');
    assert.equal((await readAll(peer)).toString(), 'hello');
  });

  it('inside TLS, and inside that once more', async () => {
    await using at = await listen({}, (outer) => {
      const middle = new TLSSocket(outer, { isServer: true, key, cert });
      middle.once('secure', () => {
        const inner = new TLSSocket(middle, { isServer: true, key, cert });
        inner.once('secure', () => inner.pipe(inner));
      });
    });
    const first = await connect(at.port);
    const second = tls.connect({ socket: first, ca, servername: 'localhost' });
    await once(second, 'secureConnect');
    const third = tls.connect({ socket: second, ca, servername: 'localhost' });
    await once(third, 'secureConnect');
    const body = Buffer.alloc(200_000, 'x');
    third.end(body);
    assert.equal((await readAll(third)).length, body.length);
  });

  it('tells the server that is named its key log', async () => {
    const server = createServer({ key, cert });
    const [far, near] = duplexPair();
    const lines: string[] = [];
    server.on('keylog', (line, socket) => {
      assert.equal(socket, secure);
      lines.push(line.toString());
    });
    const secure = new TLSSocket(far, { isServer: true, key, cert, server });
    const peer = tls.connect({ socket: near, ca, servername: 'localhost' });
    await once(peer, 'secureConnect');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(lines.length, 5);
    assert.equal(secure.server, server);
    secure.destroy();
    peer.destroy();
  });
});
