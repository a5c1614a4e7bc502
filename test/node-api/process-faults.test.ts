import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { client, connect, listen, readAll } from '../support/tls-pair.ts';
import { until } from '../support/until.ts';

// What can happen to the process that a server is in.

const drainingServer = fileURLToPath(new URL('../support/draining-server.js', import.meta.url));

/** Each process makes test certificates of its own. */
const unverified = { rejectUnauthorized: false };

async function portOf(child: ChildProcess): Promise<number> {
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return message.port;
}

describe('SIGTERM', () => {
  it('with drain: answers under way arrive whole, nobody new gets in, and the process ends by itself', async () => {
    const child = fork(drainingServer, { stdio: 'inherit' });
    try {
      const port = await portOf(child);
      const peer = await connect(port, unverified);
      peer.write('a question');
      const [first] = await once(peer, 'data');
      assert.equal(String(first), 'first half, ');
      const drained = once(child, 'message');
      const ended = once(child, 'exit');
      const rest = readAll(peer);
      child.kill('SIGTERM');
      assert.equal((await rest).toString(), 'second half');
      peer.end();
      assert.deepEqual((await drained)[0], { cut: 0 });
      await assert.rejects(connect(port), { code: 'ECONNREFUSED' });
      assert.deepEqual(await ended, [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('too many open files (EMFILE)', () => {
  it('costs connections, and the server goes on when there is room again', {
    skip: process.platform === 'win32',
  }, async () => {
    const program = `ulimit -n 160; exec "$0" "$1"`;
    const child = spawn('sh', ['-c', program, process.execPath, drainingServer], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const flood: net.Socket[] = [];
    try {
      const port = await portOf(child);
      for (let i = 0; i < 400; i++)
        flood.push(
          net
            .connect(port, '127.0.0.1')
            .on('error', () => {})
            .resume(),
        );
      await sleep(200);
      assert.equal(child.exitCode, null, 'it lives');
      for (const socket of flood) socket.destroy();
      let answered = '';
      for (let tries = 0; answered === '' && tries < 50; tries++) {
        const peer = client(port, unverified).on('error', () => {});
        peer.on('data', (data) => {
          answered += data;
        });
        peer.on('secureConnect', () => peer.write('a question'));
        await Promise.race([once(peer, 'data').catch(() => sleep(50)), sleep(500)]);
        peer.destroy();
      }
      assert.equal(answered, 'first half, ');
    } finally {
      for (const socket of flood) socket.destroy();
      child.kill('SIGKILL');
    }
  });
});

describe('a clock that jumps', () => {
  const day = 86_400_000;
  for (const [name, jump] of [
    ['a day ahead', day],
    ['a day back', -day],
    ['ten years ahead', 3650 * day],
    ['ten years back', -3650 * day],
    ['to 1970', -Date.now()],
  ] as const) {
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      it(`${name}, ${version}: clients get in, with the session of before and with none`, async (t) => {
        await using at = await listen({ handshakeTimeout: 5000 });
        let session: Buffer | undefined;
        const first = client(at.port, { maxVersion: version }).on('session', (data) => {
          session = data;
        });
        await until(() => session !== undefined);
        const real = Date.now;
        t.mock.method(Date, 'now', () => real() + jump);
        for (const options of [{ session }, {}]) {
          const { secured } = at.server.statistics;
          // Certificates are as old as the clock says; that is the client's to judge, and not asked here.
          const peer = await connect(at.port, { maxVersion: version, rejectUnauthorized: false, ...options });
          await until(() => at.server.statistics.secured > secured);
          peer.destroy();
        }
        first.destroy();
        assert.equal(at.errors.length, 0);
      });
    }
  }
});
