// A proxy (http2-proxy) that speaks HTTP/2, HTTP/1.1 and WebSockets, before an origin that speaks HTTPS.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import { Readable } from 'node:stream';
import proxy from 'http2-proxy';
import { WebSocketServer } from 'ws';

const [key, cert, ca] = [process.env.TLS_KEY, process.env.TLS_CERT, process.env.TLS_CA].map((file) =>
  readFileSync(file),
);
const block = Buffer.alloc(65_536, 'x');

const origin = https.createServer({ key, cert }, (request, response) => {
  if (request.url === '/endless') {
    const source = new Readable({ read: () => source.push(block) });
    response.on('close', () => console.log('the client of /endless is gone') ?? source.destroy());
    return source.pipe(response);
  }
  if (request.method === 'POST') return request.pipe(response);
  response.end(request.headers['x-facts']);
});
const sockets = new WebSocketServer({ server: origin });
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});

const target = () => ({
  hostname: '127.0.0.1',
  port: origin.address().port,
  protocol: 'https',
  onReq(request, options) {
    const { httpVersion, socket } = request;
    const { encrypted, authorized, alpnProtocol, servername, remotePort } = socket;
    const protocol = socket.getProtocol();
    options.headers['x-facts'] = JSON.stringify({
      ...{ httpVersion, encrypted, authorized, alpnProtocol, servername, remotePort, protocol },
    });
    return https.request({ ...options, ca, servername: 'localhost' });
  },
});
const finish = (error, _request, response) => {
  if (error && !response.headersSent) response.writeHead?.(502);
  if (error) response.destroy();
};

const server = http2.createSecureServer({ key, cert, allowHTTP1: true }, (request, response) =>
  proxy.web(request, response, target(), finish),
);
server.on('upgrade', (request, socket, head) =>
  proxy.ws(request, socket, head, target(), (_error, _request, s) => s.destroy()),
);
const sessions = new Set();
server.on('session', (session) => sessions.add(session) && session.once('close', () => sessions.delete(session)));

origin.listen(0, '127.0.0.1', () =>
  server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`)),
);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections?.();
  for (const session of sessions) session.destroy();
  for (const client of sockets.clients) client.terminate();
  origin.close();
  origin.closeAllConnections();
});
