import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as net from 'node:net';

/** Passes bytes of a client on to a server; what `forward` does not give to `send` is lost. */
export interface RelayOptions {
  /** What becomes of the client's bytes. */
  forward(chunk: Buffer, send: (bytes: Uint8Array) => void, server: net.Socket): void;
}

/** A listening relay, stopped by `await using`. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
}

/** Stands between a client and the server at `port`, which answers unchanged. */
export async function relay(port: number, { forward }: RelayOptions): Promise<Relay> {
  const open = new Set<net.Socket>();
  const between = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    const send = (bytes: Uint8Array): void => {
      if (!far.destroyed) far.write(bytes);
    };
    near.on('data', (chunk) => forward(chunk, send, far)).on('close', () => far.destroy());
    far.on('data', (chunk) => near.write(chunk)).on('close', () => near.destroy());
    for (const socket of [near, far]) open.add(socket.on('error', () => {}).setNoDelay());
  });
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  return {
    port: (between.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      between.close();
      await once(between, 'close');
    },
  };
}
