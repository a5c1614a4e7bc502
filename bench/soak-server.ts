// The server of the soak, in a process of its own: tsls, which answers with what it was sent, or with as much as asked.
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from '../src/index.ts';
import { requestBytes } from './protocol.ts';
import type { SoakSample, SoakSetup } from './soak-protocol.ts';

const setup = JSON.parse(process.argv[2] ?? '{}') as SoakSetup;
const chunk = Buffer.alloc(262_144, 'tsls');
let received = 0;
let sent = 0;

/** Writes so many bytes, no faster than they are taken, and ends. */
function download(socket: TLSSocket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      sent += part.length;
      if (!socket.write(part)) return;
    }
    socket.off('drain', more).end();
  };
  socket.on('drain', more);
  more();
}

/** Takes so many bytes and answers with an end. */
function upload(socket: TLSSocket, bytes: number): void {
  let left = bytes;
  socket.on('data', (data: Buffer) => {
    received += data.length;
    left -= data.length;
    if (left <= 0) socket.end();
  });
}

const server = createServer({ key: readFileSync(setup.key), cert: readFileSync(setup.cert) }, (socket) => {
  socket.on('error', () => {}).setNoDelay(true);
  socket.once('data', (head: Buffer) => {
    const what = head.toString('latin1', 0, 1);
    const bytes = head.length >= requestBytes ? head.readDoubleBE(1) : 0;
    if (what === 'D') download(socket, bytes);
    else if (what === 'U') upload(socket, bytes);
    else socket.end(head);
  });
});
server.on('tlsClientError', () => {});

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the process holds once garbage is collected. */
async function sample(): Promise<SoakSample> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await later();
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { secured, resumed, failed, connections, failures } = server.statistics;
  return {
    ...{ rss, heapUsed, external, arrayBuffers },
    handles: process.getActiveResourcesInfo().length,
    descriptors: readdirSync('/proc/self/fd').length,
    ...{ secured, resumed, failed, connections, failures, sent, received },
  };
}

process.on('message', () => void sample().then((answer) => process.send?.(answer)));
process.on('disconnect', () => process.exit(0));
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
