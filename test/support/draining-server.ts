// A server in a process of its own that drains on SIGTERM, as a supervisor would have it. It answers slowly: half of the
// answer at once, the rest when it is told to end.
import type { AddressInfo } from 'node:net';
import { createServer } from '../../src/index.ts';
import { identity } from './identities.ts';

const { key, cert } = identity('p256');
const server = createServer({ key, cert }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write('first half, ');
    process.once('SIGTERM', () => setTimeout(() => socket.write('second half'), 50));
  });
});
process.once('SIGTERM', () => {
  // Behind whatever else hears the signal and has an answer under way.
  setTimeout(async () => {
    process.send?.({ cut: await server.drain({ timeout: 3000 }) });
    process.disconnect?.();
  }, 100);
});
// The socket of a client that sends nothing must not keep it for ever either: `drain` cuts it.
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
