import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { createServer, type Server, type TLSSocket, type TlsClientError, type TlsOptions } from '../../src/index.ts';
import { ca, identity } from './identities.ts';

/** A listening server with what it reported, stopped by `await using`. */
export interface Listening extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  readonly errors: { readonly error: TlsClientError; readonly socket: TLSSocket }[];
  readonly sockets: TLSSocket[];
  /** The next failed handshake. */
  nextError(): Promise<TlsClientError>;
  /** The next secure connection. */
  nextSocket(): Promise<TLSSocket>;
}

/** Starts a tsls server on a free port of the loopback interface. */
export async function listen(options: TlsOptions = {}, listener?: (socket: TLSSocket) => void): Promise<Listening> {
  const { key, cert } = identity('p256');
  const server = createServer({ key, cert, ...options }, listener);
  const errors: Listening['errors'] = [];
  const sockets: TLSSocket[] = [];
  server.on('tlsClientError', (error, socket) => errors.push({ error, socket }));
  server.on('secureConnection', (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    errors,
    sockets,
    nextError: async () => (await once(server, 'tlsClientError'))[0] as TlsClientError,
    nextSocket: async () => (await once(server, 'secureConnection'))[0] as TLSSocket,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** A `node:tls` client that verifies our certificates; not yet connected. */
export const client = (port: number, options: tls.ConnectionOptions = {}): tls.TLSSocket =>
  tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options });

/** A `node:tls` client whose handshake is done. */
export async function connect(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const socket = client(port, options);
  await once(socket, 'secureConnect');
  return socket;
}

/** All bytes of a stream. */
export async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
