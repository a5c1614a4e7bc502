import type { Server } from 'node:net';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Acceptor } from './acceptor.ts';
import type { TlsClientError } from './errors.ts';
import { hearsOf } from './handshake-channels.ts';
import type { HandshakeTimes } from './handshake-deadline.ts';
import type { Place } from './pending-handshakes.ts';
import { ConnectionPolicy } from './policy.ts';
import type { StreamRole } from './secure-stream.ts';
import type { TLSSocket } from './tls-socket.ts';

/** The part of a connection that a server plays: it decides the handshake and tells what became of it. */
export class ServerRole implements StreamRole {
  readonly policy: ConnectionPolicy;
  readonly emitsHandshakeErrors = false;
  readonly #server: Server;
  readonly #acceptor: Acceptor;
  readonly #socket: TLSSocket;
  /** Where the acceptor keeps the socket, until the connection is over. */
  #slot: number | undefined;
  /** Its place among those whose handshake is not done, until that is. */
  #place: Place | undefined;

  /** `network`: where the client is from, if that counts. */
  constructor(server: Server, acceptor: Acceptor, socket: TLSSocket, network: string | undefined) {
    this.policy = new ConnectionPolicy(acceptor.policyOptions, acceptor, socket, acceptor.services);
    this.#server = server;
    this.#acceptor = acceptor;
    this.#socket = socket;
    this.#slot = acceptor.sockets.add(socket);
    this.#place = acceptor.pending.add(socket, network);
  }

  get mayHandOver(): boolean {
    return this.#acceptor.policyOptions.onClientHello !== undefined;
  }

  get crypto(): CryptoProvider {
    return this.#acceptor.crypto;
  }

  get handshakeTimes(): HandshakeTimes {
    return this.#acceptor.handshakeTimes;
  }

  reportsFailures(): boolean {
    const heardBy = (event: string): boolean => this.#server.listenerCount(event) > 0;
    return heardBy('tlsClientError') || heardBy('clientError') || hearsOf('error');
  }

  wantsKeylog(): boolean {
    return this.#server.listenerCount('keylog') > 0 || this.#socket.listenerCount('keylog') > 0;
  }

  onKeylog(line: Buffer): void {
    this.#socket.emit('keylog', line);
    this.#server.emit('keylog', line, this.#socket);
  }

  onFailure({ code }: TlsClientError, inHandshake: boolean): void {
    this.#acceptor.counters.countFailure(code, inHandshake);
  }

  onConfirmed(): void {
    this.#acceptor.counters.countSuccess(this.#socket.isSessionReused());
    this.#leavePlace();
  }

  #leavePlace(): void {
    if (this.#place) this.#acceptor.pending.remove(this.#place);
    this.#place = undefined;
  }

  onClosed(): void {
    this.#leavePlace();
    if (this.#slot !== undefined) this.#acceptor.sockets.remove(this.#slot);
    this.#slot = undefined;
  }

  onHandshake(error: TlsClientError | undefined): void {
    if (error === undefined) {
      this.#socket.emit('secure');
      this.#server.emit('secureConnection', this.#socket);
      return;
    }
    this.#server.emit('tlsClientError', error, this.#socket);
    // The event's name before Node 6. Servers of HTTP, which can set a timeout, forward it themselves.
    if (!('setTimeout' in this.#server)) this.#server.emit('clientError', error, this.#socket);
  }
}
