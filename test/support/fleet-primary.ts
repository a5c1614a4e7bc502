// The primary of a cluster that does nothing but fork, and never heard of tsls: workers on demand, and their messages
// passed on.
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';

cluster.setupPrimary({ exec: fileURLToPath(new URL('fleet-server.js', import.meta.url)) });
cluster.on('message', (worker, message) => process.send!({ id: worker.id, message }));
cluster.on('exit', (worker) => process.send!({ id: worker.id, message: 'exit' }));
process.on('disconnect', () => process.exit());
process.on('message', ({ id, message }: { id?: number; message: unknown }) => {
  if (id === undefined) cluster.fork();
  else if (message === 'kill') cluster.workers![id]!.process.kill('SIGKILL');
  else cluster.workers![id]!.send(message as object);
});
