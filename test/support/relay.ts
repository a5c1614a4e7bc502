import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as net from 'node:net';

/** What becomes of bytes on their way; what is not given to `send` is lost. `server` is the end of it that hears us. */
type Pass = (chunk: Buffer, send: (bytes: Uint8Array) => void, server: net.Socket) => void;

export interface RelayOptions {
  /** The client's bytes. */
  readonly forward: Pass;
  /** The server's; unchanged without. */
  readonly back?: Pass;
}

/** A listening relay, stopped by `await using`. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
}

/** Stands between a client and the server at `port`. */
export async function relay(port: number, { forward, back }: RelayOptions): Promise<Relay> {
  const open = new Set<net.Socket>();
  const between = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    const sendTo = (end: net.Socket) => (bytes: Uint8Array) => {
      if (!end.destroyed && !end.writableEnded) end.write(bytes);
    };
    const [toNear, toFar] = [sendTo(near), sendTo(far)];
    near.on('data', (chunk) => forward(chunk, toFar, far)).on('close', () => far.destroy());
    far.on('data', (chunk) => (back ?? relayed)(chunk, toNear, far)).on('close', () => near.destroy());
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

const relayed: Pass = (chunk, send) => send(chunk);
