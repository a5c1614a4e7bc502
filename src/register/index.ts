/**
 * Puts our servers in the place of Node's: `node --import tsls/register app.js`, or `--require`. Clients, and whatever
 * else `node:tls` has, stay Node's own. `node:https` and `node:http2` follow, whether they are loaded yet or not.
 */
import { syncBuiltinESMExports } from 'node:module';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { revealTlsSockets } from '../http2/session-sockets.ts';
import type { SecureContextOptions } from '../node/context-options.ts';
import { defaults } from '../node/defaults.ts';
import { adoptContext, createSecureContext } from '../node/secure-context.ts';
import { createServer, Server } from '../node/server.ts';
import { TLSSocket } from '../node/tls-socket.ts';
import type { TLSSocketOptions } from '../node/tls-socket-options.ts';

type Constructor = abstract new (...args: never[]) => object;

const native = { Server: tls.Server, TLSSocket: tls.TLSSocket, createSecureContext: tls.createSecureContext };

/** Lets objects that `Other` made count as instances of `Class`, but not of classes that are derived from it. */
function countAsInstances(Class: Constructor, Other: Constructor): void {
  const own = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(Class, Symbol.hasInstance, {
    configurable: true,
    value(this: unknown, value: unknown): boolean {
      const isClass = (this as Constructor).prototype === Class.prototype;
      return own.call(this as Constructor, value) || (isClass && value instanceof Other);
    },
  });
}

/** Node's constructor, but for server ends, which are ours. */
const DualTLSSocket: typeof tls.TLSSocket = new Proxy(native.TLSSocket, {
  construct(target, args: [Duplex, TLSSocketOptions | undefined], newTarget): object {
    const [stream, options] = args;
    if (options?.isServer && newTarget === DualTLSSocket) return new TLSSocket(stream, { ...options, isServer: true });
    return Reflect.construct(target, args, newTarget === DualTLSSocket ? target : newTarget);
  },
});

/** Node's own context, for clients, which stands for one of ours on a server. */
function createDualContext(options?: SecureContextOptions): tls.SecureContext {
  const context = native.createSecureContext(options as tls.SecureContextOptions);
  const copy = { ...options };
  adoptContext(context, () => createSecureContext(copy));
  return context;
}

Object.assign(tls, { Server, createServer, TLSSocket: DualTLSSocket, createSecureContext: createDualContext });
countAsInstances(Server as unknown as Constructor, native.Server);
countAsInstances(native.TLSSocket, TLSSocket);
// Flags of the command line and settings of the application count for both.
Object.defineProperties(defaults, {
  minVersion: { get: () => tls.DEFAULT_MIN_VERSION },
  maxVersion: { get: () => tls.DEFAULT_MAX_VERSION },
  ciphers: { get: () => tls.DEFAULT_CIPHERS },
  ecdhCurve: { get: () => tls.DEFAULT_ECDH_CURVE },
});

// Servers of HTTP inherit from tls.Server as it is when they are loaded. Looked up now, they are loaded now at the
// latest; in a process that loaded them before, they get their new parent afterwards.
for (const HttpServer of [
  process.getBuiltinModule('node:https').Server,
  process.getBuiltinModule('node:http2').createSecureServer().constructor,
]) {
  Object.setPrototypeOf(HttpServer, Server);
  Object.setPrototypeOf((HttpServer as Constructor).prototype, Server.prototype);
}
revealTlsSockets();
syncBuiltinESMExports();
