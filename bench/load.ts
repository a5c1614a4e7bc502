// The load generator: node:tls clients in a process of their own, which offer nothing but the suite and group wanted. They
// hold connections, and stand in for the clients in C where there is no compiler.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { type Done, mebibyte, pingBytes, request, type Work } from './protocol.ts';

let held: TLSSocket[] = [];
let sessions = 0;
const chunk = Buffer.alloc(65536, 'load');

/** One for all connections of a kind: to make one takes longer than a handshake. */
const contexts = new Map<string, SecureContext>();
function contextFor({ ca, tls }: Work): SecureContext {
  const key = JSON.stringify([ca, tls]);
  const { version, suite, group } = tls;
  const context =
    contexts.get(key) ??
    createSecureContext({
      ca: readFileSync(ca),
      ...{ minVersion: version, maxVersion: version, ciphers: suite, ecdhCurve: group },
    });
  contexts.set(key, context);
  return context;
}

function open(work: Work, session?: Buffer): TLSSocket {
  const secureContext = contextFor(work);
  const socket = connect({
    ...{ host: '127.0.0.1', port: work.port, servername: 'localhost', secureContext },
    ...(session && { session }),
  });
  socket.setNoDelay(true);
  return socket.on('session', () => {
    sessions++;
  });
}

const opened = (work: Work): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = open(work);
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });

/** Starts as many at once as wanted, and the next whenever one is done. */
async function repeat(count: number, atOnce: number, task: () => Promise<unknown>): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await task();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, one));
}

/** One handshake that the server closes, with the session to go on with if there is one; the last session it gave. */
const handshake = (work: Work, session?: Buffer): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const socket = open(work, session);
    let secure = false;
    let given: Buffer | undefined;
    socket.once('secureConnect', () => {
      secure = true;
      if (work.kind === 'handshakes' && work.resumes) socket.write('.');
      if (session && !socket.isSessionReused()) reject(new Error('a handshake was not resumed'));
    });
    socket.on('session', (data) => {
      given = data;
    });
    socket.once('end', () => {
      socket.destroy();
      if (secure) resolve(given);
      else reject(new Error('the connection ended before its handshake'));
    });
    socket.once('error', reject).resume();
  });

async function handshakes(work: Work & { kind: 'handshakes' }): Promise<void> {
  const session = work.resumes ? await handshake(work) : undefined;
  if (work.resumes && session === undefined) throw new Error('the server gives no session');
  await repeat(work.count, work.atOnce, () => handshake(work, session));
}

/** Asks for a file, and reads it to its end. */
async function get(work: Work & { kind: 'get' }): Promise<void> {
  const socket = await opened(work);
  const bytes = work.mebibytes * mebibyte;
  let got = 0;
  socket.on('data', (data) => {
    got += data.length;
  });
  socket.write(`GET /${bytes} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  await once(socket, 'end');
  socket.destroy();
  if (got < bytes || got > bytes + 1024) throw new Error(`${got} bytes came, not ${bytes} and a head`);
}

async function bulk(work: Work & { kind: 'download' | 'upload' }): Promise<void> {
  const socket = await opened(work);
  const bytes = work.mebibytes * mebibyte;
  let got = 0;
  const ended = new Promise<void>((resolve, reject) => {
    socket.once('end', resolve).once('error', reject);
  });
  socket.on('data', (data) => {
    got += data.length;
  });
  socket.write(request(work.kind === 'download' ? 'D' : 'U', bytes));
  if (work.kind === 'upload') {
    for (let left = bytes; left > 0; left -= chunk.length)
      if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  await ended;
  socket.destroy();
  if (work.kind === 'download' && got !== bytes) throw new Error(`${got} bytes came, not ${bytes}`);
}

/** 100 bytes there and back, on every connection at once, one after the other on each. */
async function ping(work: Work & { kind: 'ping' }): Promise<void> {
  const data = chunk.subarray(0, pingBytes);
  const one = async (): Promise<void> => {
    const socket = await opened(work);
    socket.write(request('P', 0));
    await new Promise<void>((resolve, reject) => {
      let left = work.count / work.connections;
      let missing = pingBytes;
      socket.on('error', reject).on('data', (back) => {
        missing -= back.length;
        if (missing > 0) return;
        missing = pingBytes;
        if (--left > 0) socket.write(data);
        else resolve();
      });
      setTimeout(() => socket.write(data), 20);
    });
    socket.destroy();
  };
  await Promise.all(Array.from({ length: work.connections }, one));
}

async function carryOut(work: Work): Promise<void> {
  switch (work.kind) {
    case 'handshakes':
      return handshakes({ ...work, kind: work.kind });
    case 'download':
    case 'upload':
      return bulk({ ...work, kind: work.kind });
    case 'get':
      return get({ ...work, kind: work.kind });
    case 'ping':
      return ping(work);
    case 'hold':
      await repeat(work.connections, 32, async () => {
        const socket = await opened(work);
        held.push(socket.on('error', () => {}));
        // An idle connection is one that was of use before.
        const answered = once(socket, 'data');
        socket.write(request('P', 0));
        socket.write(chunk.subarray(0, pingBytes));
        await answered;
        socket.resume();
      });
      // Tickets come after the handshake.
      return sleep(100);
    case 'release':
      for (const socket of held) socket.destroy();
      held = [];
      return;
    default:
      throw new Error(`${work.kind} is no work for clients of node:tls`);
  }
}

process.on('message', (work: Work) => {
  sessions = 0;
  const started = performance.now();
  carryOut(work).then(
    () => process.send?.({ milliseconds: performance.now() - started, sessions } satisfies Done),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
