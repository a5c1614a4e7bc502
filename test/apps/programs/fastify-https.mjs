// Fastify, which makes its server of node:https itself.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import Fastify from 'fastify';

const [key, cert] = [process.env.TLS_KEY, process.env.TLS_CERT].map((file) => readFileSync(file));
const app = Fastify({ https: { key, cert }, forceCloseConnections: true });
const block = Buffer.alloc(65_536, 'x');

app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

app.get('/facts', ({ raw: { httpVersion, socket } }) => {
  const { encrypted, authorized, alpnProtocol, servername, remotePort } = socket;
  return { httpVersion, encrypted, authorized, alpnProtocol, servername, remotePort, protocol: socket.getProtocol() };
});

app.post('/echo', (request, reply) => reply.type('application/octet-stream').send(request.body));

app.get('/endless', (_request, reply) => {
  const source = new Readable({ read: () => source.push(block) });
  source.once('close', () => console.log('the client of /endless is gone'));
  return reply.type('text/plain').send(source);
});

await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening ${app.server.address().port}`);
process.once('SIGTERM', () => app.close());
