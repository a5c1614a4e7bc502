// Express over node:http2, by way of http2-express, with HTTP/1.1 for those who ask for it.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { Readable } from 'node:stream';
import express from 'express';
import http2Express from 'http2-express';

const app = http2Express(express);
const block = Buffer.alloc(65_536, 'x');

app.get('/facts', ({ httpVersion, secure, socket }, response) => {
  const { encrypted, authorized, alpnProtocol, servername, remotePort } = socket;
  response.json({
    httpVersion,
    secure,
    ...{ encrypted, authorized, alpnProtocol, servername, remotePort },
    protocol: socket.getProtocol(),
  });
});

app.post('/echo', (request, response) => request.pipe(response));

app.get('/endless', (_request, response) => {
  const source = new Readable({ read: () => source.push(block) });
  response.on('close', () => {
    console.log('the client of /endless is gone');
    source.destroy();
  });
  source.pipe(response);
});

const [key, cert] = [process.env.TLS_KEY, process.env.TLS_CERT].map((file) => readFileSync(file));
const server = http2.createSecureServer({ key, cert, allowHTTP1: true }, app);
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
const sessions = new Set();
server.on('session', (session) => {
  sessions.add(session);
  session.once('close', () => sessions.delete(session));
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections?.();
  for (const session of sessions) session.destroy();
});
