import * as http2 from 'node:http2';
import * as net from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from '../node/tls-socket.ts';

/** The stream that Node's HTTP/2 wraps a socket in that is not the system's own. */
interface WrappedSocket {
  readonly stream?: unknown;
}

/** How a session writes: copies of its frames, which nobody else has. */
interface Writing {
  doWrite(this: WrappedSocket, request: unknown, frames: readonly Buffer[]): number;
}

const isInstance = Function.prototype[Symbol.hasInstance];
/** Whether a value is a TLSSocket itself, and not one of the wrappers that count as such. */
const isTlsSocket = (value: unknown): value is TLSSocket => isInstance.call(TLSSocket, value);

type HandshakeOnStream = (stream: Duplex) => http2.ServerHttp2Session;

/**
 * Makes `session.encrypted`, `session.alpnProtocol`, and what requests tell of their socket, those of our TLSSocket.
 * Node's sessions look at a wrapper of it, which knows only how to read and write; so the wrapper's class gets all that
 * a TLSSocket has beyond net.Socket, and its wrappers of ours count as instances of TLSSocket. Wrappers of other streams
 * stay as they were.
 */
export function revealTlsSockets(): void {
  const wrapper = wrapperPrototype();
  const names = Object.getOwnPropertyNames(TLSSocket.prototype).filter((name) => !(name in net.Socket.prototype));
  for (const name of [...names, ...fields]) {
    Object.defineProperty(wrapper, name, {
      configurable: true,
      get(this: WrappedSocket) {
        const { stream } = this;
        if (!(stream instanceof TLSSocket)) return undefined;
        const value: unknown = Reflect.get(stream, name);
        return typeof value === 'function' ? value.bind(stream) : value;
      },
    });
  }
  for (const name of ['_getpeername', '_getsockname'] as const) {
    const { [name]: own } = net.Socket.prototype as unknown as Record<typeof name, (this: unknown) => object>;
    Object.defineProperty(wrapper, name, {
      configurable: true,
      value(this: WrappedSocket) {
        return this.stream instanceof TLSSocket ? this.stream[name]() : own.call(this);
      },
    });
  }
  // Sessions turn Nagle's algorithm off, which would hold answers back until the client has acknowledged others.
  Object.defineProperty(wrapper, 'setNoDelay', {
    configurable: true,
    value(this: WrappedSocket & net.Socket, noDelay?: boolean) {
      if (this.stream instanceof TLSSocket) this.stream.setNoDelay(noDelay);
      else net.Socket.prototype.setNoDelay.call(this, noDelay);
      return this;
    },
  });
  const { doWrite } = wrapper as Writing;
  Object.defineProperty(wrapper, 'doWrite', {
    configurable: true,
    value(this: WrappedSocket, request: unknown, frames: readonly Buffer[]) {
      if (!isTlsSocket(this.stream)) return doWrite.call(this, request, frames);
      this.stream.expectFrames(frames);
      return doWrite.call(this, request, frames.slice(0, 1));
    },
  });
  const isWrapper = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === wrapper &&
    isTlsSocket((value as WrappedSocket).stream);
  Object.defineProperty(TLSSocket, Symbol.hasInstance, {
    configurable: true,
    value(this: typeof TLSSocket, value: unknown): boolean {
      return isInstance.call(this, value) || (this === TLSSocket && isWrapper(value));
    },
  });
}

/** What a TLSSocket has on itself rather than on its prototype. */
const fields = ['encrypted', 'authorized', 'authorizationError', 'authorizationReason', 'truncated'];

/** Found on a session that is thrown away. */
function wrapperPrototype(): object {
  const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const session = (http2 as unknown as { performServerHandshake: HandshakeOnStream }).performServerHandshake(nowhere);
  const prototype = Object.getPrototypeOf(session.socket) as object;
  session.destroy();
  return prototype;
}
