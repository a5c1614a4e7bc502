// HTTP and HTTPS on one port, by httpolyglot.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import httpolyglot from 'httpolyglot';

const [key, cert] = [process.env.TLS_KEY, process.env.TLS_CERT].map((file) => readFileSync(file));
const block = Buffer.alloc(65_536, 'x');

const server = httpolyglot.createServer({ key, cert }, (request, response) => {
  const { httpVersion, method, socket, url } = request;
  if (url === '/endless') {
    const source = new Readable({ read: () => source.push(block) });
    response.on('close', () => console.log('the client of /endless is gone') ?? source.destroy());
    return source.pipe(response);
  }
  if (method === 'POST') return request.pipe(response);
  const { encrypted = false, authorized, alpnProtocol, servername, remotePort } = socket;
  const protocol = encrypted ? socket.getProtocol() : null;
  response.end(JSON.stringify({ httpVersion, encrypted, authorized, alpnProtocol, servername, remotePort, protocol }));
});

const connections = new Set();
server.on('connection', (socket) => connections.add(socket) && socket.once('close', () => connections.delete(socket)));
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.once('SIGTERM', () => {
  server.close();
  for (const socket of connections) socket.destroy();
});
