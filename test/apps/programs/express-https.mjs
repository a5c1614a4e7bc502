// Express over node:https, as its documentation has it.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { Readable } from 'node:stream';
import express from 'express';

const app = express();
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
const server = https.createServer({ key, cert }, app);
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
