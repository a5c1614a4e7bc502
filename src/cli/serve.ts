import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer, type TLSSocket, type TlsClientError } from '../index.ts';
import { type Answer, type Asked, answer } from './answers.ts';

/** What to serve with, and who hears of it. */
export interface ServeOptions {
  /** The certificate chain in PEM. */
  readonly cert: string | Uint8Array;
  /** The private key in PEM. */
  readonly key: string | Uint8Array;
  /** 0 for any free port. */
  readonly port: number;
  /** By default all addresses of this machine. */
  readonly host?: string | undefined;
  onConnection?(socket: TLSSocket): void;
  onFailure?(error: TlsClientError): void;
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
  const open = new Set<TLSSocket>();
  const sessions = new Set<ServerHttp2Session>();
  const http = createHttpServer(answerHttp1);
  http.timeout = idleTimeout;
  const server = createServer(
    { cert, key, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: 30_000, noDelay: true },
    (socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      // Broken connections are everyday life, and HTTP hears of them as well.
      socket.on('error', () => {});
      options.onConnection?.(socket);
      if (socket.alpnProtocol === 'h2') serveHttp2(socket, sessions);
      else http.emit('connection', socket);
    },
  );
  server.on('tlsClientError', (error) => options.onFailure?.(error));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    address: server.address() as AddressInfo,
    close: (grace) => close({ server, http, open, sessions }, grace),
  };
}

interface Parts {
  readonly server: ReturnType<typeof createServer>;
  readonly http: HttpServer;
  readonly open: ReadonlySet<TLSSocket>;
  readonly sessions: ReadonlySet<ServerHttp2Session>;
}

async function close({ server, http, open, sessions }: Parts, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const session of sessions) session.close();
  http.closeIdleConnections();
  // A connection that has sent nothing yet is no idle one of HTTP's, and would stay.
  const timer = setTimeout(() => {
    for (const socket of open) socket.destroy();
  }, grace);
  await closed;
  clearTimeout(timer);
}

function answerHttp1(request: IncomingMessage, response: ServerResponse): void {
  const socket = request.socket as unknown as TLSSocket;
  const asked: Asked = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    httpVersion: `HTTP/${request.httpVersion}`,
    report: socket.handshakeReport,
  };
  const reply = answer(asked);
  response.writeHead(reply.status, reply.headers);
  if (reply.body === 'echo') pipeline(request, response, () => {});
  else response.end(bodyFor(asked, reply));
}

function serveHttp2(socket: TLSSocket, sessions: Set<ServerHttp2Session>): void {
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
  const reply = answer(asked);
  stream.respond({ ':status': reply.status, ...reply.headers });
  if (reply.body === 'echo') stream.pipe(stream);
  else {
    stream.end(bodyFor(asked, reply));
    stream.resume();
  }
}

const bodyFor = ({ method }: Asked, { body }: Answer): string => (method === 'HEAD' ? '' : body);
