// Our types beside those that Node's have: compiled by `npm run check`, and never run. What an application uses of
// `node:tls` must be there with a type at least as good. Exceptions are exact, each with its reason: one that is gone, or
// a new one, does not compile.
import type * as http2 from 'node:http2';
import type * as https from 'node:https';
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
    // A context, again.
    Same<Worse<node.Server, own.Server>, 'addContext'>,
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
