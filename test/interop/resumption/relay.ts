import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as net from 'node:net';

/**
 * Passes the connections of a client on to the ports that it is told of, one after the other, for clients that come
 * twice by themselves and to one port only. A connection waits until its port is known.
 */
export class Relay {
  readonly #server = net.createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<net.Socket>();
  readonly #ports: number[] = [];
  readonly #waiting: net.Socket[] = [];
  #onWaiting = (): void => {};

  /** The port that the client connects to. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Settles when a connection is there whose port is not known yet. */
  async waiting(): Promise<void> {
    if (this.#waiting.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#onWaiting = resolve;
    });
  }

  /** Where the next connection goes. */
  next(port: number): void {
    this.#ports.push(port);
    this.#match();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: net.Socket): void {
    this.#keep(socket);
    this.#waiting.push(socket);
    this.#match();
    if (this.#waiting.length > 0) this.#onWaiting();
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  #match(): void {
    if (this.#ports.length === 0 || this.#waiting.length === 0) return;
    const socket = this.#waiting.shift()!;
    const server = net.connect(this.#ports.shift()!, '127.0.0.1');
    this.#keep(server);
    socket.pipe(server);
    server.pipe(socket);
    socket.on('close', () => server.destroy());
    server.on('close', () => socket.destroy());
    this.#match();
  }
}
