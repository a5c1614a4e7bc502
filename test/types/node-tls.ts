// Our types beside those that Node's have: compiled by `npm run check`, and never run. What an application uses of
// `node:tls` must be there with a type at least as good. Exceptions are exact, each with its reason: one that is gone, or
// a new one, does not compile.
import type * as http from 'node:http';
import type * as http2 from 'node:http2';
import type * as https from 'node:https';
import type * as net from 'node:net';
import type * as node from 'node:tls';
import type * as ownHttp2 from '../../src/http2/index.ts';
import type * as ownHttps from '../../src/https/index.ts';
import type * as own from '../../src/index.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** Compiles only where all are true. */
type Assert<All extends readonly true[]> = All;
type Difference<A, B> = Exclude<keyof A, keyof B>;
type Shared<A, B> = keyof A & keyof B;
/** Members whose type is not one that Node's may be replaced by; methods that return the object itself aside. */
type Worse<Theirs, Ours> = Exclude<
  {
    [K in Shared<Theirs, Ours>]-?: Ours[K] extends Theirs[K]
      ? never
      : Theirs[K] extends (...args: never[]) => Theirs
        ? never
        : K;
  }[Shared<Theirs, Ours>],
  never
>;
/** Options that Node takes with values that we do not take. */
type Refused<Theirs, Ours> = Exclude<
  { [K in Shared<Theirs, Ours>]-?: Theirs[K] extends Ours[K] ? never : K }[Shared<Theirs, Ours>],
  never
>;

/** OpenSSL's engines, which we have not: refused at run time as well. */
type Engines = 'clientCertEngine' | 'privateKeyEngine' | 'privateKeyIdentifier';
/** They take and give contexts, and ours are not Node's. */
type Contexts = 'SNICallback' | 'secureContext';

export type Names = Assert<
  [
    Same<Difference<typeof node, typeof own>, 'createSecurePair'>, // deprecated, gone in Node 24
    Same<Difference<node.Server, own.Server>, never>,
    Same<Difference<node.TLSSocket, own.TLSSocket>, never>,
    Same<Difference<node.TlsOptions, own.TlsOptions>, Engines>,
    // Of a connection, where Node's types have it among the options of a context.
    Same<Difference<node.SecureContextOptions, own.SecureContextOptions>, Engines | 'ALPNCallback'>,
    Same<Difference<node.CommonConnectionOptions, own.TlsOptions>, never>,
    // A client's.
    Same<Difference<node.TLSSocketOptions, own.TLSSocketOptions>, Engines | 'session' | 'requestOCSP'>,
    Same<Difference<https.ServerOptions, ownHttps.ServerOptions>, Engines>,
    // HTTP/2 has a list of its own.
    Same<Difference<http2.SecureServerOptions, ownHttp2.SecureServerOptions>, Engines | 'ALPNProtocols'>,
  ]
>;

export type Types = Assert<
  [
    Same<Worse<node.Server, own.Server>, never>,
    // A context; the code that Node really gives, which its types call an Error; what is null, in Node too.
    Same<Worse<node.TLSSocket, own.TLSSocket>, 'setKeyCert' | 'authorizationError' | 'getPeerCertificate'>,
    // Classes and what makes them follow from these.
    Same<Worse<typeof node, typeof own>, 'Server' | 'createServer' | 'TLSSocket'>,
  ]
>;

export type Options = Assert<
  [
    Same<Refused<node.TlsOptions, own.TlsOptions>, Contexts>,
    Same<Refused<node.SecureContextOptions, own.SecureContextOptions>, never>,
    Same<Refused<node.TLSSocketOptions, own.TLSSocketOptions>, Contexts>,
    Same<Refused<https.ServerOptions, ownHttps.ServerOptions>, Contexts>,
    Same<Refused<http2.SecureServerOptions, ownHttp2.SecureServerOptions>, Contexts>,
  ]
>;

type GoesAs<Ours, Theirs> = [Ours] extends [Theirs] ? true : false;
declare const httpsServer: ownHttps.Server;
declare const http2Server: ownHttp2.Http2SecureServer;

/** What libraries take and give: servers for those who ask for Node's, and methods that return the server itself. */
export type Libraries = Assert<
  [
    GoesAs<own.Server, node.Server>,
    GoesAs<ownHttps.Server, https.Server>,
    GoesAs<ownHttps.Server, http.Server>,
    GoesAs<ownHttp2.Http2SecureServer, http2.Http2SecureServer>,
    GoesAs<own.TLSSocket, net.Socket>,
    Same<ReturnType<typeof httpsServer.listen>, ownHttps.Server>,
    Same<ReturnType<typeof httpsServer.setTimeout>, ownHttps.Server>,
    Same<ReturnType<typeof httpsServer.close>, ownHttps.Server>,
    Same<ReturnType<typeof http2Server.listen>, ownHttp2.Http2SecureServer>,
    Same<ReturnType<typeof http2Server.setTimeout>, ownHttp2.Http2SecureServer>,
  ]
>;
