// The clients of the soak, in a process of their own: node:tls, in all ways in which a client may come and go.
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { request } from './protocol.ts';
import type { SoakWork } from './soak-protocol.ts';

const atOnce = 32;
const chunk = Buffer.alloc(262_144, 'load');

/** Ways of a handshake, in turns: versions, and whether a session is resumed. Both versions get a full one first. */
const ways = [
  { version: 'TLSv1.3', resumes: false },
  { version: 'TLSv1.3', resumes: true },
  { version: 'TLSv1.2', resumes: false },
  { version: 'TLSv1.2', resumes: true },
] as const;
type Way = (typeof ways)[number];

const contexts = new Map<string, SecureContext>();
const sessions = new Map<string, Buffer>();

function optionsOf(work: SoakWork, way: Way): ConnectionOptions {
  const { version } = way;
  let secureContext = contexts.get(version);
  if (secureContext === undefined) {
    secureContext = createSecureContext({ ca: readFileSync(work.ca), minVersion: version, maxVersion: version });
    contexts.set(version, secureContext);
  }
  const session = way.resumes ? sessions.get(version) : undefined;
  return { port: work.port, host: '127.0.0.1', servername: 'localhost', secureContext, ...(session && { session }) };
}

/** One handshake and four bytes there and back. */
function visit(work: SoakWork, way: Way): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(optionsOf(work, way));
    socket.on('session', (session) => sessions.set(way.version, session));
    socket.once('secureConnect', () => socket.write('ping'));
    socket
      .on('error', reject)
      .on('close', () => resolve())
      .resume();
  });
}

/** Somebody who does not mean it: goes away at once or in the middle of a message, or talks rubbish. */
function disturb(work: SoakWork, index: number): Promise<void> {
  return new Promise((resolve) => {
    const raw = net.connect(work.port, '127.0.0.1');
    raw
      .on('error', () => {})
      .on('close', () => resolve())
      .resume();
    if (index % 3 === 0) raw.on('connect', () => raw.resetAndDestroy());
    else if (index % 3 === 1) raw.end('this is no TLS');
    else raw.end(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1])); // the beginning of a ClientHello
  });
}

/** Starts as many at once as wanted, and the next whenever one is done. */
async function repeat(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, one));
}

async function transfer(work: SoakWork, way: Way, what: 'D' | 'U'): Promise<void> {
  const socket: TLSSocket = connect(optionsOf(work, way));
  await new Promise<void>((resolve, reject) => void socket.once('secureConnect', resolve).once('error', reject));
  const { bytes } = work;
  let got = 0;
  socket.on('data', (data) => {
    got += data.length;
  });
  const ended = new Promise<void>((resolve, reject) => void socket.once('end', resolve).once('error', reject));
  socket.write(request(what, bytes));
  // The head travels in a record, and so in a `data` event, of its own.
  if (what === 'U') {
    for (let left = bytes; left > 0; left -= chunk.length) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      if (!socket.write(part)) await new Promise((resolve) => socket.once('drain', resolve));
    }
  }
  await ended;
  socket.destroy();
  if (what === 'D' && got !== bytes) throw new Error(`${got} bytes came, not ${bytes}`);
}

async function carryOut(work: SoakWork): Promise<void> {
  for (const way of ways) if (!sessions.has(way.version)) await visit(work, { ...way, resumes: false } as Way);
  await repeat(work.handshakes, async (index) => {
    await visit(work, ways[index % ways.length]!);
    if (index % 50 === 0) await disturb(work, index / 50);
  });
  if (work.bytes === 0) return;
  for (const way of [ways[0], ways[2]]) {
    const half = { ...work, bytes: Math.floor(work.bytes / 2) };
    await transfer(half, way, 'D');
    await transfer(half, way, 'U');
  }
}

process.on('message', (work: SoakWork) => {
  carryOut(work).then(
    () => process.send?.({ done: true }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
