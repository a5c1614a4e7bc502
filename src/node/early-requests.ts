import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { invalidArgValue, isGiven } from './arguments.ts';

/** What is known of a request when it is asked whether it may be served early. */
export interface EarlyRequest {
  readonly method: string;
  /** As in HTTP/1.1; of HTTP/2, with its pseudo-headers. */
  readonly headers: IncomingHttpHeaders;
}

/**
 * Which of the requests are served that came in early data, and so may be replays; the others are answered by 425 (Too
 * Early), whereupon clients send them again. `safe`: GET, HEAD, OPTIONS and TRACE.
 */
export type EarlyRequests = 'all' | 'safe' | 'none' | ((request: EarlyRequest) => boolean);

export interface EarlyRequestOptions {
  /** `safe` by default if there is `maxEarlyData`. */
  readonly earlyRequests?: EarlyRequests | undefined;
}

/** RFC 9110 section 9.2.1: whoever replays them does no harm. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Requests, and streams of HTTP/2, that were served before the handshake was done. */
const early = new WeakSet<object>();

/**
 * Whether a request, or a stream of HTTP/2, was there before the handshake was done, so that it may be a replay, or says
 * that it was in early data on its way to us (RFC 8470 sections 3 and 5.1).
 */
export function isEarly(request: object): boolean {
  const { stream, headers } = request as { readonly stream?: object; readonly headers?: IncomingHttpHeaders };
  return early.has(request) || (stream !== undefined && early.has(stream)) || headers?.['early-data'] === '1';
}

type Accepts = (request: EarlyRequest) => boolean;

function readEarlyRequests(choice: EarlyRequests): Accepts {
  if (typeof choice === 'function') return choice;
  if (choice === 'all') return () => true;
  if (choice === 'none') return () => false;
  if (choice === 'safe') return ({ method }) => safeMethods.has(method);
  throw invalidArgValue('options.earlyRequests', choice, "must be 'all', 'safe', 'none', or a function");
}

/**
 * Marks the early requests of a server, and answers those by 425 that it is not to serve. Its listeners do not hear of
 * them. Throws Node's error for an option that is wrong.
 */
export function screenEarlyRequests(
  server: EventEmitter,
  { earlyRequests, maxEarlyData }: EarlyRequestOptions & { readonly maxEarlyData?: number | undefined },
): void {
  if (!isGiven(earlyRequests) && !maxEarlyData) return;
  const accepts = readEarlyRequests(earlyRequests ?? 'safe');
  const emit = server.emit.bind(server);
  const screened = (event: string | symbol, ...args: unknown[]): boolean =>
    (typeof event === 'string' && screens[event]?.(accepts, ...args)) || emit(event, ...args);
  Object.defineProperty(server, 'emit', { value: screened, writable: true, configurable: true });
}

/** What is needed of a stream of HTTP/2. */
interface Stream {
  readonly session?: { readonly socket: Duplex };
  respond(headers: object, options: { readonly endStream: boolean }): void;
}

/** Answers an event of a server if it is an early request that is refused. */
type Screen = (accepts: Accepts, ...args: unknown[]) => boolean;

const onRequest: Screen = (accepts, incoming, response) => {
  const request = incoming as IncomingMessage;
  // Those of HTTP/2 were looked at when their stream came.
  if (request.httpVersionMajor !== 1 || !isRefused(accepts, request, request.method, request.headers, request.socket))
    return false;
  (response as ServerResponse).writeHead(425).end();
  return true;
};

const onUpgrade: Screen = (accepts, incoming, socket) => {
  const request = incoming as IncomingMessage;
  if (!isRefused(accepts, request, request.method, request.headers, socket as Duplex)) return false;
  (socket as Duplex).end('HTTP/1.1 425 Too Early\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  return true;
};

const onStream: Screen = (accepts, opened, headers) => {
  const stream = opened as Stream;
  const fields = headers as IncomingHttpHeaders;
  if (!isRefused(accepts, stream, fields[':method'], fields, stream.session?.socket)) return false;
  stream.respond({ ':status': 425 }, { endStream: true });
  return true;
};

const screens: Readonly<Record<string, Screen | undefined>> = {
  request: onRequest,
  checkContinue: onRequest,
  checkExpectation: onRequest,
  upgrade: onUpgrade,
  connect: onUpgrade,
  stream: onStream,
};

/** Whether a request, or a stream, is early and not to be served. If it is early, it is marked. */
function isRefused(
  accepts: Accepts,
  request: object,
  method: unknown,
  headers: IncomingHttpHeaders,
  socket: (Duplex & { readonly earlyData?: unknown }) | undefined,
): boolean {
  // What counts is when we begin to act on it: whoever sends a replay cannot go on after the handshake.
  if (socket?.earlyData !== 'accepted' && headers['early-data'] !== '1') return false;
  early.add(request);
  try {
    return !accepts({ method: String(method), headers });
  } catch (error) {
    socket?.destroy(error as Error);
    return true;
  }
}
