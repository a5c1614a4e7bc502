// Records what real clients send, for the corpus: `npm run fuzz -- --record`. Clients that are not installed are left out.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from '../../src/index.ts';
import { ca, identity } from '../support/identities.ts';
import { type Recording, readRecordings, writeRecordings } from './corpus.ts';

const own = process.execPath;
const node = (options: string): readonly string[] => [
  own,
  '-e',
  `const s = require('tls').connect({ host: '127.0.0.1', port: +process.argv[1], servername: 'localhost', rejectUnauthorized: false, ${options} });
   s.on('secureConnect', () => s.write('ping')).on('data', () => s.end()).on('error', () => {}).on('end', () => process.exit());`,
];
const openssl = (...more: readonly string[]): readonly string[] => [
  ...['openssl', 's_client', '-connect', '127.0.0.1:PORT', '-servername', 'localhost', ...more],
];

/** What is recorded; PORT, CERT and KEY stand for what they say. */
const clients: Readonly<Record<string, readonly string[]>> = {
  'node:tls, TLS 1.3': node("maxVersion: 'TLSv1.3'"),
  'node:tls, TLS 1.2, ALPN': node("maxVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1']"),
  'openssl s_client, TLS 1.3': openssl('-tls1_3'),
  'openssl s_client, TLS 1.3, HelloRetryRequest': openssl('-tls1_3', '-groups', 'P-521:P-256'),
  'openssl s_client, TLS 1.3, client certificate': openssl('-tls1_3', '-cert', 'CERT', '-key', 'KEY', '-enable_pha'),
  'openssl s_client, TLS 1.2, client certificate': openssl('-tls1_2', '-cert', 'CERT', '-key', 'KEY'),
  'openssl s_client, TLS 1.2, status and NPN': openssl('-tls1_2', '-status', '-nextprotoneg', 'http/1.1'),
  'openssl s_client, TLS 1.1': openssl('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'),
  'curl, HTTP/2': ['curl', '-sk', '--max-time', '3', 'https://localhost:PORT/'],
  'gnutls-cli': ['gnutls-cli', '--insecure', '-p', 'PORT', 'localhost'],
  python: [
    'python3',
    '-c',
    "import ssl,socket; c=ssl._create_unverified_context(); c.wrap_socket(socket.create_connection(('127.0.0.1',PORT)),server_hostname='localhost').sendall(b'ping')",
  ],
};

/** Runs a client against our server, and returns what it sent. */
async function record(command: readonly string[]): Promise<Uint8Array> {
  const { key, cert } = identity('p256');
  const asks = command.includes('CERT');
  const server = createServer({ key, cert, ca, requestCert: asks, ecdhCurve: 'X25519:P-256' }, (socket) => {
    socket.on('error', () => {}).on('data', () => socket.end('pong'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sent: Buffer[] = [];
  const relay = createTcpServer((near) => {
    const far = connectTcp((server.address() as AddressInfo).port, '127.0.0.1');
    near.on('data', (bytes) => sent.push(bytes)).on('error', () => {});
    near
      .pipe(far)
      .on('error', () => {})
      .pipe(near);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port } = relay.address() as AddressInfo;
  const files = { CERT: join(tmpdir(), 'tsls-record.pem'), KEY: join(tmpdir(), 'tsls-record.key') };
  writeFileSync(files.CERT, cert);
  writeFileSync(files.KEY, key, { mode: 0o600 });
  const [program, ...args] = command.map((word) =>
    word
      .replace('PORT', `${port}`)
      .replace(/^CERT$/, files.CERT)
      .replace(/^KEY$/, files.KEY),
  );
  const child = spawn(program!, program === own ? [...args, `${port}`] : args, { stdio: ['pipe', 'ignore', 'ignore'] });
  child.on('error', () => {});
  child.stdin.on('error', () => {}).write('ping\n');
  await Promise.race([once(child, 'exit').catch(() => {}), sleep(2000)]);
  child.kill();
  relay.close();
  server.close();
  return new Uint8Array(Buffer.concat(sent));
}

/** Writes the streams of all clients into the corpus; those of before stay where a client is missing. */
export async function recordCorpus(): Promise<void> {
  const file = new URL('../../../test/fuzz/corpus/streams.txt', import.meta.url);
  const recordings = new Map<string, Recording>();
  try {
    for (const recording of readRecordings('streams.txt')) recordings.set(recording.title, recording);
  } catch {} // there is none yet
  for (const [title, command] of Object.entries(clients)) {
    const bytes = await record(command);
    console.log(`${title}: ${bytes.length} bytes`);
    if (bytes.length > 0) recordings.set(title, { title, bytes });
  }
  writeFileSync(file, writeRecordings([...recordings.values()]));
}
