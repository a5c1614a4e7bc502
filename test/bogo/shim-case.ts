import { constants, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsClientError, type TlsOptions } from '../../src/index.ts';
import { MemorySessionStore, type SessionStore } from '../../src/session/memory-store.ts';
import { Bytewise } from './bytewise.ts';
import { checkHandshake } from './shim-checks.ts';
import { converse } from './shim-conversation.ts';
import { type Flags, type ShimFlags, Unimplemented } from './shim-flags.ts';
import { nothingObserved, type Observed, serverOptions, staple } from './shim-options.ts';

/** Runs the connections of one case, as many as the runner resumes. Throws what it fails with. */
export async function runCase(flags: Flags, signal: AbortSignal): Promise<void> {
  const count = 1 + (flags.initial.number('-resume-count') ?? 0);
  const observed = nothingObserved();
  // Where the flags of the second connection change the server it is another one, of the same fleet.
  const fleet = sharedSessions(flags.initial, observed);
  const initial = makeServer(flags.initial, observed, fleet);
  const resuming = flags.resume.isLike(flags.initial) ? initial : makeServer(flags.resume, observed, fleet);
  try {
    for (let i = 0; i < count; i++) {
      Object.assign(observed, nothingObserved());
      const [server, own] = i === 0 ? [initial, flags.initial] : [resuming, flags.resume];
      await runConnection(server, own, i > 0, observed, signal);
    }
  } finally {
    initial.close();
    resuming.close();
  }
}

/** The same ticket keys and the same store for all servers of a case. */
function sharedSessions(flags: ShimFlags, observed: Observed): TlsOptions {
  const sessions = new MemorySessionStore();
  const sessionStore: SessionStore = {
    get: (id) => (flags.has('-async') ? Promise.resolve(sessions.get(id)) : sessions.get(id)),
    set(id, session, seconds) {
      observed.storedSession = true;
      sessions.set(id, session, seconds);
    },
  };
  return { ticketKeys: randomBytes(48), sessionStore };
}

/** Errors of `createServer` that say that it has nothing for the case. */
const lacking: ReadonlySet<unknown> = new Set([
  'ERR_OSSL_UNSUPPORTED', // a kind of key that Node does not know
  'ERR_SSL_UNKNOWN_CERTIFICATE_TYPE', // a kind of key that TLS signs with and we do not
  'ERR_SSL_NO_CIPHER_MATCH', // only suites without ECDHE or AEAD
]);

function makeServer(flags: ShimFlags, observed: Observed, sessions: TlsOptions): Server {
  try {
    // Without tickets that hold the session, TLS 1.3 has others, which name it (RFC 8446 section 4.6.1).
    const noTicket = flags.has('-no-ticket') && { secureOptions: constants.SSL_OP_NO_TICKET, sessionTickets: 0 };
    const server = createServer({ ...serverOptions(flags, observed), ...sessions, ...noTicket });
    staple(server, flags);
    return server;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (lacking.has(code)) throw new Unimplemented(message);
    throw error;
  }
}

/** The runner's port is the server of TCP and the client of TLS. */
async function runConnection(
  server: Server,
  flags: ShimFlags,
  isResumption: boolean,
  observed: Observed,
  signal: AbortSignal,
): Promise<void> {
  const runner = await dial(flags);
  const abandon = (): unknown => runner.destroy();
  signal.addEventListener('abort', abandon);
  try {
    const secured = secureConnection(server);
    if (flags.has('-async')) server.emit('connection', new Bytewise(runner));
    else await relay(runner, server);
    const socket = await secured;
    try {
      checkHandshake(flags, socket, observed, isResumption);
      await converse(socket, flags);
    } finally {
      socket.destroy();
    }
  } finally {
    signal.removeEventListener('abort', abandon);
    runner.destroy();
  }
}

/** Makes of the connection that we dialed one that our server accepted, which takes another way through it. */
async function relay(runner: Socket, server: Server): Promise<void> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const { port } = server.address() as AddressInfo;
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  near.on('error', () => runner.destroy()).on('close', () => runner.end());
  runner.on('error', () => near.destroy()).on('close', () => near.destroy());
  near.pipe(runner).pipe(near);
}

async function dial(flags: ShimFlags): Promise<Socket> {
  const host = flags.has('-ipv6') ? '::1' : '127.0.0.1';
  const socket = connect({ port: flags.number('-port')!, host, allowHalfOpen: true, noDelay: true });
  // Whoever takes over finds all bytes still in the socket.
  socket.pause();
  await once(socket, 'connect');
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(BigInt(flags.text('-shim-id')!));
  await new Promise((resolve) => socket.write(id, resolve));
  return socket;
}

/** A handshake's end: the secure socket, or what `tlsClientError` tells, once the client had time to read the alert. */
function secureConnection(server: Server): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    server.once('secureConnection', resolve);
    server.once('tlsClientError', (error: TlsClientError, socket: TLSSocket) => {
      if (socket.destroyed) reject(error);
      else socket.once('close', () => reject(error));
    });
  });
}
