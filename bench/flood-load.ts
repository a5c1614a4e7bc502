// One of those who come to a server under attack: a connection that is there, clients that want in, or the attackers.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { hello13, writeHello } from '../test/support/client-hello.ts';
import type { FloodDone, FloodWork } from './flood-protocol.ts';
import { pingBytes, request } from './protocol.ts';

/** What attackers hold on to until the process ends. */
const held: net.Socket[] = [];
/** As many as the kernel lets wait to be accepted. */
const connectsAtOnce = 256;

const open = (work: FloodWork): TLSSocket => {
  const options = { host: '127.0.0.1', port: work.port, servername: 'localhost', ca: readFileSync(work.ca) };
  return connect({ ...options, minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' }).setNoDelay();
};
const until = (end: number): boolean => performance.now() < end;

/** A ping a millisecond, one at a time. */
async function ping(work: FloodWork, end: number): Promise<FloodDone> {
  const socket = open(work);
  await once(socket, 'secureConnect');
  socket.write(request('P', 0));
  await sleep(20);
  const times: number[] = [];
  const data = Buffer.alloc(pingBytes, 'ping');
  while (until(end)) {
    const began = performance.now();
    socket.write(data);
    for (let missing = pingBytes; missing > 0; ) missing -= ((await once(socket, 'data')) as [Buffer])[0].length;
    times.push(performance.now() - began);
    await sleep(1);
  }
  socket.destroy();
  return { times, count: times.length, failed: 0 };
}

/** One handshake; whether it got through. */
function enter(work: FloodWork): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open(work);
    socket.once('secureConnect', () => resolve(true)).once('secureConnect', () => socket.destroy());
    socket.on('error', () => {}).once('close', () => resolve(false));
  });
}

async function newcomers(work: FloodWork, end: number): Promise<FloodDone> {
  const times: number[] = [];
  let failed = 0;
  while (until(end)) {
    const began = performance.now();
    if (await enter(work)) times.push(performance.now() - began);
    else failed++;
    await sleep(50);
  }
  return { times, count: times.length, failed };
}

/** A third say nothing, a third begin a ClientHello, a third send all of it and no more. */
async function halfOpen(work: FloodWork & { kind: 'halfOpen' }, end: number): Promise<FloodDone> {
  const message = writeHello(hello13());
  const hello = Buffer.concat([Buffer.from([22, 3, 1, message.length >> 8, message.length & 0xff]), message]);
  const one = async (index: number): Promise<void> => {
    const socket = net.connect(work.port, '127.0.0.1').on('error', () => {});
    held.push(socket.resume());
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
    if (index % 3 > 0 && !socket.destroyed) socket.write(index % 3 === 1 ? hello.subarray(0, 100) : hello);
  };
  let next = 0;
  const opener = async (): Promise<void> => {
    while (next < work.connections && until(end)) await one(next++);
  };
  await Promise.all(Array.from({ length: connectsAtOnce }, opener));
  await sleep(Math.max(0, end - performance.now()));
  return { times: [], count: next, failed: 0 };
}

async function garbage(work: FloodWork & { kind: 'garbage' }, end: number): Promise<FloodDone> {
  const bytes = Buffer.alloc(work.stays ? 262_144 : 1024, 0x55);
  let count = 0;
  const one = async (): Promise<void> => {
    while (until(end)) {
      count++;
      const socket = net
        .connect({ port: work.port, host: '127.0.0.1', allowHalfOpen: work.stays })
        .on('error', () => {});
      const isClosed = new Promise((resolve) => socket.resume().once('close', resolve));
      if (!work.stays) {
        socket.write(bytes);
        await Promise.race([once(socket, 'data').catch(() => {}), isClosed]);
      }
      while (work.stays && !socket.destroyed && until(end)) {
        if (!socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => {}), isClosed]);
      }
      socket.resetAndDestroy(); // or the ports of this machine would be used up
    }
  };
  await Promise.all(Array.from({ length: work.connections }, one));
  return { times: [], count, failed: 0 };
}

/** Attackers have processors of their own, but not here, where they run when nobody else wants to. */
function yieldToAll(): void {
  try {
    execFileSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)], { stdio: 'ignore' });
  } catch {
    setPriority(constants.priority.PRIORITY_LOW);
  }
}

async function burst(work: FloodWork & { kind: 'burst' }, end: number): Promise<FloodDone> {
  let count = 0;
  while (until(end)) {
    const inside = await Promise.all(Array.from({ length: work.atOnce }, () => enter(work)));
    count += inside.filter(Boolean).length;
    await sleep(100);
  }
  return { times: [], count, failed: 0 };
}

function carryOut(work: FloodWork): Promise<FloodDone> {
  const end = performance.now() + work.milliseconds;
  switch (work.kind) {
    case 'ping':
      return ping(work, end);
    case 'newcomers':
      return newcomers(work, end);
    case 'halfOpen':
      yieldToAll();
      return halfOpen(work, end);
    case 'garbage':
      yieldToAll();
      return garbage(work, end);
    case 'burst':
      return burst(work, end);
  }
}

process.on('message', (work: FloodWork) => {
  carryOut(work).then(
    (done) => process.send?.(done),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
