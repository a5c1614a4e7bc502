// A cluster of one worker whose server takes one connection at a time; `drop` as argument sets dropMaxConnection.
import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import { createServer } from '../../src/index.ts';
import { identity } from './identities.ts';

if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('message', (port) => process.send?.(port));
  process.on('disconnect', () => {
    worker.process.kill('SIGKILL');
    process.exit();
  });
} else {
  const server = createServer(identity('p256'), (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  server.maxConnections = 1;
  // Its type comes with a newer Node than the oldest that we run on.
  (server as { dropMaxConnection?: boolean }).dropMaxConnection = process.argv[2] === 'drop';
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
