import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import { afterEach, before, describe, it, mock } from 'node:test';
import type { TLSSocket, TlsOptions } from '../../src/index.ts';
import { client, connect, listen } from '../support/tls-pair.ts';

type Handle = { setNoDelay(on: boolean): number; setKeepAlive(on: boolean, seconds: number): number };
const handleOf = (socket: net.Socket): Handle => (socket as unknown as { _handle: Handle })._handle;

/** What the kernel is asked for, on whichever handle. */
let handles: Handle;

before(async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const probe = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  handles = Object.getPrototypeOf(handleOf(probe)) as Handle;
  await once(probe, 'connect');
  probe.destroy();
  server.close();
});
afterEach(() => mock.restoreAll());

/** An accepted socket, and the calls that were made on the handle that carries it. */
async function accept(
  options: TlsOptions,
  act: (socket: TLSSocket) => void = () => {},
  isShared = false,
): Promise<{ noDelay: unknown[][]; keepAlive: unknown[][] }> {
  const spies = { noDelay: mock.method(handles, 'setNoDelay'), keepAlive: mock.method(handles, 'setKeepAlive') };
  await using at = await listen(options);
  let raw: net.Socket | undefined;
  // With another listener the socket stays what it is, and TLS is a stream over it.
  if (isShared) at.server.on('connection', (socket: net.Socket) => (raw = socket));
  const secure = at.nextSocket();
  const peer = await connect(at.port);
  const socket = await secure;
  act(socket);
  const carrier = handleOf(raw ?? socket);
  const callsOn = (spy: (typeof spies)[keyof typeof spies]): unknown[][] =>
    spy.mock.calls.filter((call) => (call.this as unknown) === carrier).map((call) => call.arguments.slice(0, 2));
  const calls = { noDelay: callsOn(spies.noDelay), keepAlive: callsOn(spies.keepAlive) };
  peer.destroy();
  return calls;
}

describe('options of net.createServer', () => {
  for (const isShared of [false, true]) {
    const where = isShared ? 'over a socket that others hear' : 'on the handle';

    it(`noDelay and keepAlive are off by default, ${where}`, async () => {
      assert.deepEqual(await accept({}, undefined, isShared), { noDelay: [], keepAlive: [] });
    });

    it(`noDelay turns Nagle's algorithm off, ${where}`, async () => {
      assert.deepEqual((await accept({ noDelay: true }, undefined, isShared)).noDelay, [[true]]);
    });

    it(`keepAlive and keepAliveInitialDelay reach the kernel, ${where}`, async () => {
      const options = { keepAlive: true, keepAliveInitialDelay: 7_000 };
      assert.deepEqual((await accept(options, undefined, isShared)).keepAlive, [[true, 7]]);
    });

    it(`setNoDelay and setKeepAlive do as well, ${where}`, async () => {
      const calls = await accept({}, (socket) => socket.setNoDelay(true).setKeepAlive(true, 3_000), isShared);
      assert.deepEqual(calls, { noDelay: [[true]], keepAlive: [[true, 3]] });
    });
  }

  it('highWaterMark holds back the application and the client', async () => {
    await using at = await listen({ highWaterMark: 2048 });
    const secure = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await secure;
    assert.equal(socket.readableHighWaterMark, 2048);
    assert.equal(socket.writableHighWaterMark, 2048);
    // More than the kernel takes at once, since the client does not read yet.
    peer.pause();
    assert.equal(socket.write(Buffer.alloc(32_000_000)), false);
    const drained = once(socket, 'drain');
    peer.resume();
    await drained;
    // Nobody reads: beyond the mark, at most what one read of the kernel's brought is kept.
    peer.write(Buffer.alloc(8_000_000));
    while (socket.readableLength < 2048) await once(socket, 'readable', { signal: AbortSignal.timeout(10_000) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(socket.readableLength <= 2048 + 2 * 65_536, `${socket.readableLength}`);
    peer.destroy();
  });

  it('maxConnections: whoever is too many is dropped, and the event tells who', async () => {
    await using at = await listen();
    at.server.maxConnections = 1;
    const secure = at.nextSocket();
    const first = await connect(at.port);
    await secure;
    const dropped = once(at.server, 'drop');
    const second = client(at.port);
    const failed = once(second, 'close').then(
      () => 'nothing is wrong',
      (error: NodeJS.ErrnoException) => error.code,
    );
    const [data] = (await dropped) as [net.DropArgument];
    assert.equal(data.remoteAddress, '127.0.0.1');
    assert.ok(data.remotePort! > 0 && data.remotePort !== first.localPort);
    assert.equal(data.localPort, at.port);
    assert.equal(await failed, 'ECONNRESET');
    assert.equal(at.sockets.length, 1);
    first.destroy();
    await once(at.sockets[0]!, 'close');
    // There is room again.
    const third = await connect(at.port);
    third.destroy();
  });

  for (const allowHalfOpen of [false, true]) {
    it(`allowHalfOpen ${allowHalfOpen}: ${allowHalfOpen ? 'our side stays open' : 'our side ends with theirs'}`, async () => {
      await using at = await listen({ allowHalfOpen });
      const secure = at.nextSocket();
      const peer = await connect(at.port, { allowHalfOpen: true } as object);
      const socket = (await secure).resume();
      const got: Buffer[] = [];
      peer.on('data', (chunk: Buffer) => got.push(chunk));
      peer.end('last words');
      await once(socket, 'end');
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(socket.writableEnded, !allowHalfOpen);
      if (allowHalfOpen) socket.end('and an answer');
      await once(peer, 'close');
      assert.equal(Buffer.concat(got).toString(), allowHalfOpen ? 'and an answer' : '');
    });
  }

  it('pauseOnConnect: nothing is read until resume', async () => {
    await using at = await listen({ pauseOnConnect: true });
    const secure = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await secure;
    let seen = '';
    socket.on('data', (chunk: Buffer) => (seen += chunk));
    peer.write('early');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(seen, '');
    socket.resume();
    await once(socket, 'data');
    assert.equal(seen, 'early');
    peer.destroy();
  });
});
