// The server of the benchmark: tsls or node:tls, in a process of its own, with an IPC channel for control.
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type * as http from 'node:http';
import type * as Http2 from 'node:http2';
import type { Http2ServerResponse } from 'node:http2';
import type * as Https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { loadImplementation } from '../test/interop/implementation.ts';
import { requestBytes, type ServerAnswer, type ServerQuestion, type ServerSetup } from './protocol.ts';

const setup = JSON.parse(process.argv[2] ?? '{}') as ServerSetup;
const answer = (message: ServerAnswer): void => void process.send?.(message);
const chunk = Buffer.alloc(65536, 'tsls');

/** Writes so many bytes, no faster than they are taken, and ends. */
function download(socket: TLSSocket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (!socket.write(part)) return;
    }
    socket.off('drain', more);
    socket.end();
  };
  socket.on('drain', more);
  more();
}

/** Takes so many bytes and answers with an end. */
function upload(socket: TLSSocket, bytes: number, first: number): void {
  let left = bytes - first;
  socket.on('data', (data) => {
    left -= data.length;
    if (left <= 0) socket.end();
  });
}

function serve(socket: TLSSocket): void {
  socket.setNoDelay(true);
  let head = Buffer.alloc(0);
  const begin = (data: Buffer): void => {
    head = Buffer.concat([head, data]);
    if (head.length < requestBytes) return;
    socket.off('data', begin);
    const what = head.toString('latin1', 0, 1);
    const bytes = head.readDoubleBE(1);
    if (what === 'D') download(socket, bytes);
    else if (what === 'U') upload(socket, bytes, head.length - requestBytes);
    else socket.on('data', (ping) => socket.write(ping));
  };
  socket.on('data', begin);
}

/** So many bytes, as the path says: in one piece if they are few, else no faster than they are taken. */
function answerRequest(path: string | undefined, response: http.ServerResponse | Http2ServerResponse): void {
  const bytes = Number(path?.slice(1));
  response.writeHead(200, { 'content-length': String(bytes), 'content-type': 'application/octet-stream' });
  const body = response as Writable;
  let left = bytes;
  const more = (): void => {
    while (left > chunk.length) {
      left -= chunk.length;
      if (!body.write(chunk)) return void body.once('drain', more);
    }
    body.end(chunk.subarray(0, left));
  };
  more();
}

const options = {
  key: readFileSync(setup.key),
  cert: readFileSync(setup.cert),
  minVersion: setup.tls.version,
  maxVersion: setup.tls.version,
  ciphers: setup.tls.suite,
  ecdhCurve: setup.tls.group,
  // As few tickets as either side can be brought to send; the load generator counts them. The number is ours; node:tls
  // takes it from OpenSSL's configuration.
  ...(!setup.givesTickets && { secureOptions: constants.SSL_OP_NO_TICKET }),
  ...((!setup.givesTickets || setup.tls.version === 'TLSv1.3') && { sessionTickets: 0 }),
};

type Ticketing = TLSSocket & { readonly sendTicket?: () => Promise<boolean> };

/**
 * Answers a client that was given a ticket, or came with one. node:tls gives one with a full handshake and none with a
 * resumed one; in TLS 1.3 ours is brought to do the same, which would give one with each.
 */
async function endWithTicket(socket: Ticketing): Promise<void> {
  if (setup.tls.version === 'TLSv1.3' && !socket.isSessionReused()) await socket.sendTicket?.();
  socket.end('.');
}

async function createServer(): Promise<Server> {
  const own = setup.implementation === 'tsls';
  if (setup.mode === 'https') {
    const https = (own ? await import('../src/https/index.ts') : await import('node:https')) as typeof Https;
    return https.createServer(options, ({ url }, response) => answerRequest(url, response));
  }
  if (setup.mode === 'http2') {
    const http2 = (own ? await import('../src/http2/index.ts') : await import('node:http2')) as typeof Http2;
    return http2.createSecureServer(options, ({ url }, response) => answerRequest(url, response));
  }
  const tls = await loadImplementation(setup.implementation, new URL('../src/index.js', import.meta.url));
  return tls.createServer(options, (socket) => {
    socket.on('error', () => {});
    if (setup.mode === 'serve') serve(socket);
    // Our tickets go out with the first data, and node:tls sends its own late: the client says something first.
    else if (setup.givesTickets) socket.once('data', () => void endWithTicket(socket));
    else socket.end();
  });
}

const server = await createServer();
process.on('message', ({ ask }: ServerQuestion) => {
  if (ask !== 'rss') return;
  globalThis.gc?.();
  setImmediate(() => {
    globalThis.gc?.();
    answer({ rss: process.memoryUsage.rss() });
  });
});
process.on('disconnect', () => process.exit(0));
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  answer({ port: (server.address() as AddressInfo).port });
});
