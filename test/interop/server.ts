// The server under test, in a process of its own. Its one argument is JSON (ServerOptions); it prints a JSON line
// for the port, for every connection that ended and for every handshake that failed.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { RemoteSigners } from '../support/remote-signer.ts';
import { type ImplementationName, loadImplementation } from './implementation.ts';
import { page } from './page.ts';

export interface ServerOptions {
  readonly implementation: ImplementationName;
  readonly mode: 'echo' | 'http';
  readonly port?: number;
  /** Whether the key signs in a process of its own. */
  readonly remoteKey?: boolean;
  /** Paths of PEM files. */
  readonly key: string;
  readonly cert: string;
  /** The path of the MiB that HTTP clients may ask for. */
  readonly payload: string;
  /** How many bytes an echo takes before it ends the connection. */
  readonly bytes: number;
  readonly tls: Pick<TlsOptions, 'minVersion' | 'maxVersion' | 'ciphers' | 'ecdhCurve' | 'ALPNProtocols'>;
}

/** What a connection turned out to be, as the server sees it. */
export interface ConnectionReport {
  readonly event: 'connection';
  readonly protocol: string | null;
  readonly cipher: string;
  readonly alpn: string | false | null;
  readonly servername: string | false;
  readonly bytes: number;
  readonly sha256: string;
  readonly error?: string;
}
export type Report =
  | ConnectionReport
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'failed'; readonly message: string };

const options = JSON.parse(process.argv[2] ?? '{}') as ServerOptions;
const say = (report: Report): void => {
  process.stdout.write(`${JSON.stringify(report)}\n`);
};

function negotiated(socket: TLSSocket) {
  const sni = (socket as { servername?: string | false }).servername ?? false;
  return {
    event: 'connection' as const,
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().name,
    alpn: socket.alpnProtocol,
    servername: sni,
  };
}

/** Sends every byte back as it comes, and ends the connection after the number of bytes agreed on. */
function echo(socket: TLSSocket): void {
  const hash = createHash('sha256');
  let bytes = 0;
  let error: string | undefined;
  const facts = negotiated(socket);
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    hash.update(chunk);
    bytes += chunk.length;
    socket.write(chunk);
    if (bytes >= options.bytes) socket.end();
  });
  socket.on('error', (e) => {
    error = e.message;
  });
  socket.on('close', () => {
    say({ ...facts, bytes, sha256: hash.digest('hex'), ...(error === undefined ? {} : { error }) });
  });
}

/** GET / is a page that runs the exchange by script, GET /payload the MiB, and POST sends back what it got. */
async function respond(request: IncomingMessage, response: ServerResponse, socket: TLSSocket): Promise<void> {
  if (request.method === 'GET') {
    const html = request.url === '/';
    response.setHeader('content-type', html ? 'text/html; charset=utf-8' : 'application/octet-stream');
    if (html) response.end(page);
    else if (request.url === '/payload') response.end(readFileSync(options.payload));
    else response.writeHead(404).end();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  response.setHeader('content-type', 'application/octet-stream');
  response.end(body);
  say({ ...negotiated(socket), bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') });
}

function http(): (socket: TLSSocket) => void {
  const h1 = createHttp();
  const h2 = createHttp2();
  h1.on('request', (request, response) => {
    respond(request, response, request.socket as TLSSocket).catch((e: Error) => response.destroy(e));
  });
  // Whatever node:http2 wraps a socket in, it opens the session before `emit` returns.
  const sockets = new WeakMap<object, TLSSocket>();
  let opening: TLSSocket | undefined;
  h2.on('session', (session) => {
    if (opening) sockets.set(session, opening);
    session.on('error', () => {});
  });
  h2.on('request', (request, response) => {
    const socket = request.stream.session && sockets.get(request.stream.session);
    if (!socket) return;
    respond(request as unknown as IncomingMessage, response as unknown as ServerResponse, socket).catch((e: Error) =>
      request.stream.destroy(e),
    );
  });
  return (socket) => {
    socket.on('error', () => {});
    opening = socket;
    (socket.alpnProtocol === 'h2' ? h2 : h1).emit('connection', socket);
    opening = undefined;
  };
}

/** The key, or what asks a process of its own to sign with it. */
async function readKey(): Promise<Buffer> {
  const pem = readFileSync(options.key);
  if (!options.remoteKey) return pem;
  const signers = new RemoteSigners();
  process.on('exit', () => signers.kill());
  const path = signers.path();
  await signers.start(path, pem.toString());
  // Only tsls takes such a key.
  return signers.key(path, pem.toString()) as Promise<unknown> as Promise<Buffer>;
}

const tls = await loadImplementation(options.implementation, new URL('../../src/index.js', import.meta.url));
const server = tls.createServer(
  { ...options.tls, key: await readKey(), cert: readFileSync(options.cert) },
  options.mode === 'echo' ? echo : http(),
);
server.on('tlsClientError', (error) => say({ event: 'failed', message: `${error.message}` }));
server.listen(options.port ?? 0, '127.0.0.1', () => {
  say({ event: 'listening', port: (server.address() as AddressInfo).port });
});
// The harness holds standard input open; when it is gone, so are we.
process.stdin.resume().on('end', () => process.exit(0));
