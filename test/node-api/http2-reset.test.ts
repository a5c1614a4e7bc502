import assert from 'node:assert/strict';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tls from 'node:tls';
import { listen } from '../support/tls-pair.ts';

/** A connection whose HTTP/2 request is answered faster than it reads, and which then goes away in one of three ways. */
async function vanish(port: number, turn: number): Promise<void> {
  const raw = net.connect(port, '127.0.0.1').on('error', () => {});
  const secure = tls.connect({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ['h2'] }).on('error', () => {});
  const session = http2.connect('https://localhost', { createConnection: () => secure }).on('error', () => {});
  const request = session.request({ ':path': '/' }).on('error', () => {});
  // However busy the machine is, the answer has begun when the client goes.
  const begun = new Promise((resolve) => request.once('data', resolve));
  let received = 0;
  request.on('data', (data) => {
    received += data.length;
    if (received > 20_000 * (1 + (turn % 40))) request.pause();
  });
  await Promise.race([begun, sleep(5000, undefined, { ref: false })]);
  await sleep(turn % 9);
  if (turn % 3 === 0) raw.resetAndDestroy();
  else if (turn % 3 === 1) raw.destroy();
  else secure.destroy();
}

describe("Node's HTTP/2 over a TLSSocket", () => {
  it('survives clients that go away in the middle of an answer', async () => {
    // What Node's wrapper throws then would be an uncaught exception, which fails the test.
    const web = http2.createServer();
    web.on('sessionError', () => {});
    web.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(3_000_000));
    });
    await using at = await listen({ ALPNProtocols: ['h2'] }, (socket) => web.emit('connection', socket));
    for (let turn = 0; turn < 120; turn += 2) await Promise.all([vanish(at.port, turn), vanish(at.port, turn + 1)]);
    for (const socket of at.sockets) if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
    assert.ok(at.sockets.length > 60);
  });
});
