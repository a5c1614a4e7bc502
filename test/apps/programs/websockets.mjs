// WebSockets (ws) on a server of node:https: echoes what it gets, and tells everybody of what begins with "all:".
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { WebSocket, WebSocketServer } from 'ws';

const [key, cert] = [process.env.TLS_KEY, process.env.TLS_CERT].map((file) => readFileSync(file));
const server = https.createServer({ key, cert });
const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 1024 } });

sockets.on('connection', (socket, request) => {
  socket.on('error', (error) => console.log(`error of a socket: ${error.code}`));
  socket.on('close', (code) => console.log(`closed with ${code}`));
  socket.on('message', (data, isBinary) => {
    if (isBinary || !String(data).startsWith('all:')) return socket.send(data, { binary: isBinary });
    for (const client of sockets.clients) if (client.readyState === WebSocket.OPEN) client.send(String(data).slice(4));
  });
  socket.send(JSON.stringify({ encrypted: request.socket.encrypted, protocol: request.socket.getProtocol() }));
});

server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.once('SIGTERM', () => {
  for (const client of sockets.clients) client.terminate();
  sockets.close();
  server.close();
  server.closeAllConnections();
});
