import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer, type Server, type TLSSocket, type TlsClientError } from '../index.ts';
import { type Answer, type Asked, answer } from './answers.ts';

/** Where to listen. */
export interface ListenOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** By default all addresses of this machine. */
  readonly host?: string | undefined;
}

/** What to serve with, and who hears of it. */
export interface ServeOptions extends ListenOptions {
  /** The certificate chain in PEM. */
  readonly cert: string | Uint8Array;
  /** The private key in PEM. */
  readonly key: string | Uint8Array;
  onConnection?(socket: TLSSocket): void;
  onFailure?(error: TlsClientError): void;
  /** The server runs and could not accept a connection, for want of file descriptors say. */
  onError?(error: Error): void;
}

/** A server that runs. */
export interface Serving {
  readonly address: AddressInfo;
  /** Accepts no more connections and lets requests end; destroys what is left after `grace` milliseconds. */
  close(grace: number): Promise<void>;
}

/** Connections on which nothing happens for so long are ended. In milliseconds. */
const idleTimeout = 120_000;

/**
 * Serves the page about one's own connection, over HTTP/1.1 or HTTP/2. Resolves once it listens. Rejects with the
 * errors of `createServer` (a bad certificate or key) and of `listen` (`EADDRINUSE`, `EACCES` …).
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { cert, key, port, host } = options;
  const connections: Connections = { open: new Set(), busy: new Set(), sessions: new Set(), isClosing: false };
  const http = createHttpServer((request, response) => answerHttp1(request, response, connections));
  http.timeout = idleTimeout;
  const server = createServer(
    { cert, key, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: 30_000, noDelay: true },
    (socket) => {
      connections.open.add(socket);
      socket.on('close', () => connections.open.delete(socket));
      // Broken connections are everyday life, and HTTP hears of them as well.
      socket.on('error', () => {});
      options.onConnection?.(socket);
      if (socket.alpnProtocol === 'h2') serveHttp2(socket, connections);
      else http.emit('connection', socket);
    },
  );
  server.on('tlsClientError', (error) => options.onFailure?.(error));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      server.on('error', (error: Error) => options.onError?.(error));
      // It listens nowhere itself, and only then looks for clients that take too long for their headers.
      http.emit('listening');
      resolve();
    });
  });
  return {
    address: server.address() as AddressInfo,
    close: (grace) => close(server, connections, grace).finally(() => http.close()),
  };
}

interface Connections {
  readonly open: Set<TLSSocket>;
  /** Those of HTTP/1.1 with a request that is not answered yet. */
  readonly busy: Set<TLSSocket>;
  readonly sessions: Set<ServerHttp2Session>;
  isClosing: boolean;
}

async function close(server: Server, connections: Connections, grace: number): Promise<void> {
  const { open, busy, sessions } = connections;
  connections.isClosing = true;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const session of sessions) session.close();
  for (const socket of open) if (socket.alpnProtocol !== 'h2' && !busy.has(socket)) socket.end();
  // Handshakes that are not done, too.
  const timer = setTimeout(() => void server.drain({ timeout: 0 }), grace);
  await closed;
  clearTimeout(timer);
}

function answerHttp1(request: IncomingMessage, response: ServerResponse, connections: Connections): void {
  const socket = request.socket as unknown as TLSSocket;
  connections.busy.add(socket);
  response.on('close', () => {
    connections.busy.delete(socket);
    if (connections.isClosing) socket.end();
  });
  const asked: Asked = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    httpVersion: `HTTP/${request.httpVersion}`,
    report: socket.handshakeReport,
  };
  const reply = answer(asked);
  response.writeHead(reply.status, reply.headers);
  if (reply.body === undefined) pipeline(request, response, () => {});
  else response.end(bodyFor(asked, reply));
}

function serveHttp2(socket: TLSSocket, { sessions }: Connections): void {
  const session = sessionOver(socket);
  sessions.add(session);
  session.on('close', () => sessions.delete(session));
  session.on('error', () => {});
  session.setTimeout(idleTimeout, () => session.close());
  session.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answerHttp2(stream, {
      method: headers[':method'] ?? 'GET',
      target: headers[':path'] ?? '/',
      httpVersion: 'HTTP/2',
      report: socket.handshakeReport,
    });
  });
}

/**
 * An HTTP/2 session over a TLSSocket. Where a stream is no socket of the system, Node wraps it, and that wrapper
 * throws ERR_INTERNAL_ASSERTION out of an event when the stream fails while it is being shut down. So the wrapper
 * does not hear of failures; that the stream is closed, which always follows, it takes well.
 */
function sessionOver(socket: TLSSocket): ServerHttp2Session {
  const before = new Set(socket.listeners('error'));
  const session = performServerHandshake(socket);
  for (const listener of socket.listeners('error')) {
    if (!before.has(listener)) socket.off('error', listener as (error: Error) => void);
  }
  return session;
}

function answerHttp2(stream: ServerHttp2Stream, asked: Asked): void {
  // The client may have reset it meanwhile: Node tells of a stream later than it reads its frames.
  if (stream.destroyed || stream.closed) return;
  const reply = answer(asked);
  stream.respond({ ':status': reply.status, ...reply.headers });
  if (reply.body === undefined) stream.pipe(stream);
  else {
    stream.end(bodyFor(asked, reply));
    stream.resume();
  }
}

const bodyFor = ({ method }: Asked, { body = '' }: Answer): string => (method === 'HEAD' ? '' : body);
