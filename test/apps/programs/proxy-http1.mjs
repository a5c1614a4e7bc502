// A proxy (http-proxy) that makes its server of node:https itself, before an origin that speaks HTTPS.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { Readable } from 'node:stream';
import httpProxy from 'http-proxy';
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

origin.listen(0, '127.0.0.1', () => {
  const target = `https://localhost:${origin.address().port}`;
  const agent = new https.Agent({
    ca,
    keepAlive: true,
    lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const proxy = httpProxy.createProxyServer({ target, agent, ssl: { key, cert }, ws: true });
  proxy.on('proxyReq', (outgoing, { httpVersion, socket }) => {
    const { encrypted, authorized, alpnProtocol, servername, remotePort } = socket;
    const protocol = socket.getProtocol();
    outgoing.setHeader(
      'x-facts',
      JSON.stringify({ httpVersion, encrypted, authorized, alpnProtocol, servername, remotePort, protocol }),
    );
  });
  proxy.on('error', (_error, _request, response) => response.destroy());
  proxy.listen(0, '127.0.0.1');
  const server = proxy._server;
  server.once('listening', () => console.log(`listening ${server.address().port}`));
  process.once('SIGTERM', () => {
    proxy.close();
    server.closeAllConnections();
    for (const client of sockets.clients) client.terminate();
    origin.close();
    origin.closeAllConnections();
    agent.destroy();
  });
});
