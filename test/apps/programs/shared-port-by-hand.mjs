// HTTP and HTTPS on one port, by looking at the first byte of each connection.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { Readable } from 'node:stream';

const [key, cert] = [process.env.TLS_KEY, process.env.TLS_CERT].map((file) => readFileSync(file));
const block = Buffer.alloc(65_536, 'x');

function answer(request, response) {
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
}

const clear = http.createServer(answer);
const secure = https.createServer({ key, cert }, answer);
const connections = new Set();
const server = net.createServer((socket) => {
  connections.add(socket);
  socket.on('error', () => {}).once('close', () => connections.delete(socket));
  socket.once('data', (first) => {
    socket.pause();
    socket.unshift(first);
    (first[0] === 22 ? secure : clear).emit('connection', socket);
    process.nextTick(() => socket.resume());
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.once('SIGTERM', () => {
  server.close();
  for (const socket of connections) socket.destroy();
});
