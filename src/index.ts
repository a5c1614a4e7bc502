/**
 * tsls: a TLS 1.3 and 1.2 server whose protocol is written in TypeScript, with the face of `node:tls`.
 */
import { createSecureContext, SecureContext } from './node/secure-context.ts';
import { createServer, Server } from './node/server.ts';
import { TLSSocket } from './node/tls-socket.ts';

export type { HandshakeReport, TimelineEntry } from './handshake/report.ts';
export type { ClientHello } from './messages/client-hello.ts';
export type { AlpnProtocols } from './node/alpn-protocols.ts';
export type { SecureContextOptions } from './node/context-options.ts';
export type { CertificateInput, KeyInput, OneOrMany, RemoteKey } from './node/credentials.ts';
export type { TlsClientError } from './node/errors.ts';
export type { AlpnCallback, ConnectionChoice, OnClientHello, SniCallback } from './node/policy.ts';
export type { SecureVersion } from './node/protocol-versions.ts';
export type { ServerEvents } from './node/server.ts';
export type { TlsOptions } from './node/server-options.ts';
export type { CipherInfo, TLSSocketOptions } from './node/tls-socket.ts';
export { createSecureContext, createServer, SecureContext, Server, TLSSocket };

interface Face {
  readonly createSecureContext: typeof createSecureContext;
  readonly createServer: typeof createServer;
  readonly SecureContext: typeof SecureContext;
  readonly Server: typeof Server;
  readonly TLSSocket: typeof TLSSocket;
}

const face: Face = { createSecureContext, createServer, SecureContext, Server, TLSSocket };
export default face;
/** What `require('tsls')` gives: the same object. */
export { face as 'module.exports' };
