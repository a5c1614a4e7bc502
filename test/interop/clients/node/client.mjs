// One connection with node:tls: sends a file, reads as many bytes back, prints a line of JSON.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { parseArgs } from 'node:util';

const names = ['port', 'name', 'ca', 'payload', 'bytes', 'version', 'suite', 'openssl', 'group', 'alpn'];
const { values } = parseArgs({ options: Object.fromEntries(names.map((n) => [n, { type: 'string' }])) });

const version = `TLSv${values.version}`;
const socket = connect({
  host: '127.0.0.1',
  port: Number(values.port),
  servername: values.name,
  ca: readFileSync(values.ca),
  minVersion: version,
  maxVersion: version,
  ciphers: values.openssl,
  ...(values.group ? { ecdhCurve: values.group } : {}),
  ...(values.alpn ? { ALPNProtocols: [values.alpn] } : {}),
});
const hash = createHash('sha256');
let facts;
socket.on('secureConnect', () => {
  facts = { protocol: socket.getProtocol(), suite: socket.getCipher().standardName };
  socket.write(readFileSync(values.payload));
});
socket.on('data', (chunk) => hash.update(chunk));
socket.on('end', () => {
  socket.end();
  console.log(JSON.stringify({ ...facts, received: hash.digest('hex') }));
});
socket.on('error', (error) => {
  console.error(`${error.code ?? ''} ${error.message}`);
  process.exitCode = 1;
});
