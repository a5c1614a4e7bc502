import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import { afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TLSSocket, TlsOptions } from '../../src/index.ts';
import { client, connect, listen } from '../support/tls-pair.ts';

/** A method of TCP handles that was called, with its arguments. */
type Call = readonly [string, ...unknown[]];
type Handle = Record<'setNoDelay' | 'setKeepAlive', (...of: unknown[]) => unknown>;

describe('what a server asks of the kernel for each connection', () => {
  const calls: Call[] = [];

  before(async () => {
    const listening = net.createServer().listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const socket = net.connect((listening.address() as net.AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    const handle = Object.getPrototypeOf((socket as unknown as { _handle: Handle })._handle) as Handle;
    for (const name of ['setNoDelay', 'setKeepAlive'] as const) {
      const real = handle[name];
      handle[name] = function (...of) {
        calls.push([name, ...of]);
        return real.apply(this, of);
      };
    }
    socket.destroy();
    listening.close();
  });
  afterEach(() => void calls.splice(0));

  /** What was called for a connection to a server with the options, and when it was established then. */
  async function callsFor(options: TlsOptions, then: (socket: TLSSocket) => void = () => {}): Promise<Call[]> {
    await using at = await listen(options);
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await accepted;
    then(socket);
    peer.destroy();
    return calls.splice(0);
  }

  it('nothing without options', async () => {
    assert.deepEqual(await callsFor({}), []);
  });

  it('noDelay', async () => {
    assert.deepEqual(await callsFor({ noDelay: true }), [['setNoDelay', true]]);
    assert.deepEqual(await callsFor({ noDelay: false }), []);
  });

  it('noDelay, taken back for one connection', async () => {
    const seen = await callsFor({ noDelay: true }, (socket) => socket.setNoDelay(false));
    assert.deepEqual(seen, [
      ['setNoDelay', true],
      ['setNoDelay', false],
    ]);
  });

  it('keepAlive, after so many seconds', async () => {
    assert.deepEqual(await callsFor({ keepAlive: true, keepAliveInitialDelay: 3000 }), [['setKeepAlive', true, 3]]);
  });

  it('keepAlive, taken back for one connection', async () => {
    const seen = await callsFor({ keepAlive: true }, (socket) => socket.setKeepAlive(false));
    assert.deepEqual(
      seen.map(([name, on]) => [name, on]),
      [
        ['setKeepAlive', true],
        ['setKeepAlive', false],
      ],
    );
  });
});

describe('what a server asks of each stream', () => {
  it('highWaterMark, both ways', async () => {
    await using at = await listen({ highWaterMark: 1234 });
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await accepted;
    assert.deepEqual([socket.readableHighWaterMark, socket.writableHighWaterMark], [1234, 1234]);
    peer.destroy();
  });

  for (const allowHalfOpen of [true, false]) {
    it(`allowHalfOpen ${allowHalfOpen}: whether the end of the client's part is the end of ours`, async () => {
      await using at = await listen({ allowHalfOpen });
      const accepted = at.nextSocket();
      const options: object = { allowHalfOpen: true };
      const peer = await connect(at.port, options);
      const socket = await accepted;
      socket.resume();
      peer.resume().end();
      await once(socket, 'end');
      assert.equal(socket.writable, allowHalfOpen);
      if (allowHalfOpen) socket.end('more');
      await once(peer, 'end');
      assert.equal(peer.bytesRead, allowHalfOpen ? 4 : 0);
      peer.destroy();
    });
  }
});

describe('a worker whose server is full', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const knows = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
  const skip = !knows && 'this Node has no dropMaxConnection';
  const program = fileURLToPath(new URL('../support/crowded-worker.js', import.meta.url));

  for (const drops of [true, false]) {
    it(`dropMaxConnection ${drops}: ${drops ? 'refuses' : 'keeps waiting'} who is too many`, { skip }, async () => {
      const primary = fork(program, drops ? ['drop'] : []);
      try {
        const [port] = (await once(primary, 'message')) as [number];
        const first = await connect(port, { rejectUnauthorized: false });
        const second = client(port, { rejectUnauthorized: false });
        const outcome = new Promise((resolve) => {
          second.on('secureConnect', () => resolve('served'));
          second.on('error', () => {}).on('close', () => resolve('refused'));
        });
        if (!drops) first.destroy();
        assert.equal(await outcome, drops ? 'refused' : 'served');
        assert.equal(first.destroyed, !drops);
        first.destroy();
        second.destroy();
      } finally {
        primary.disconnect();
      }
    });
  }
});
