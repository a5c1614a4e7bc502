import assert from 'node:assert/strict';
import { once } from 'node:events';
import type * as net from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import type { TlsOptions } from '../../src/index.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { ca, identity } from '../support/identities.ts';
import { type Relay, relay } from '../support/relay.ts';
import { client, connect, type Listening, listen } from '../support/tls-pair.ts';
import { until } from '../support/until.ts';

// What a network can do to a connection, at every byte of it.

const versions = ['TLSv1.3', 'TLSv1.2'] as const;
const { key, cert } = identity('p256');

interface Limits {
  up?: number;
  down?: number;
}

/** A relay that lets as many bytes of each direction through as `limits` has then, and breaks off by `cut`. */
const cutAfter = (port: number, limits: Limits, cut: (server: net.Socket) => void) => {
  const left = new WeakMap<net.Socket, { up: number; down: number }>();
  const pass = (way: 'up' | 'down') => (chunk: Buffer, send: (bytes: Uint8Array) => void, server: net.Socket) => {
    const { up = Number.POSITIVE_INFINITY, down = Number.POSITIVE_INFINITY } = limits;
    const rest = left.get(server) ?? { up, down };
    left.set(server, rest);
    if (rest[way] > 0) send(chunk.subarray(0, rest[way]));
    rest[way] -= chunk.length;
    // What was sent is to arrive before.
    if (rest[way] <= 0) setImmediate(() => cut(server));
  };
  return relay(port, { forward: pass('up'), back: pass('down') });
};

/** How many bytes a client sends and gets in a handshake. */
async function measure(at: Listening, options: tls.ConnectionOptions): Promise<{ up: number; down: number }> {
  const sums = { up: 0, down: 0 };
  await using between = await relay(at.port, {
    forward: (chunk, send) => {
      sums.up += chunk.length;
      send(chunk);
    },
    back: (chunk, send) => {
      sums.down += chunk.length;
      send(chunk);
    },
  });
  const { secured } = at.server.statistics;
  const peer = await connect(between.port, options);
  await until(() => at.server.statistics.secured > secured);
  const result = { ...sums };
  peer.destroy();
  await until(() => at.server.statistics.connections === 0);
  return result;
}

/** Lets a client try, and checks that the server is through with it, told its failure once, and holds nothing. */
async function attempt(at: Listening, between: Relay, options: tls.ConnectionOptions): Promise<void> {
  const { accepted } = at.server.statistics;
  const peer = client(between.port, options).on('error', () => {});
  await until(() => at.server.statistics.accepted > accepted && at.server.statistics.connections === 0);
  peer.destroy();
}

const cuts = {
  reset: (server: net.Socket) => void server.resetAndDestroy(),
  end: (server: net.Socket) => void server.end(),
} as const;

for (const version of versions) {
  for (const [name, how] of Object.entries(cuts)) {
    for (const way of ['up', 'down'] as const) {
      const whose = way === 'up' ? "the client's" : "the server's";
      it(`${version}: ${name} after each of ${whose} bytes of a handshake ends it, and nothing else`, async () => {
        const options = { requestCert: true, ca } satisfies TlsOptions;
        await using at = await listen(options, (socket) => socket.end());
        const ours = { maxVersion: version, key, cert };
        const total = (await measure(at, ours))[way];
        assert.ok(total > 400, `${total} bytes`);
        // Every byte of headers and small messages; the rest, which is alike, in strides.
        const points = Array.from({ length: total }, (_, i) => i).filter(
          (i) => i < 40 || i % 41 === 0 || i > total - 40,
        );
        const before = at.server.statistics;
        const limits: Limits = {};
        await using between = await cutAfter(at.port, limits, how);
        for (const point of points) {
          limits[way] = point;
          await attempt(at, between, ours);
        }
        const { secured, failed, accepted, pendingHandshakes } = at.server.statistics;
        assert.equal(secured + failed, accepted);
        assert.ok(accepted - before.accepted >= points.length);
        assert.equal(pendingHandshakes, 0);
        await until(() => at.errors.length === failed);
        assert.deepEqual([...new Set(at.errors.map(({ error }) => error.code))], ['ECONNRESET']);
        (await connect(at.port, ours)).destroy();
      });
    }
  }
}

/** One end of a pair in memory whose writes fail from some point on, as if the kernel had no room. */
class FailingDuplex extends Duplex {
  readonly #inner: Duplex;
  readonly #code: string;
  #writesLeft: number;

  constructor(inner: Duplex, code: string, writes: number) {
    super();
    this.#inner = inner;
    this.#code = code;
    this.#writesLeft = writes;
    inner.on('data', (chunk) => this.push(chunk)).on('end', () => this.push(null));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#writesLeft-- > 0) this.#inner.write(chunk, done);
    else done(Object.assign(new Error(`write ${this.#code}`), { code: this.#code, syscall: 'write' }));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }
}

describe('a transport that fails to write', () => {
  for (const version of versions) {
    for (const code of ['ENOBUFS', 'EPIPE', 'ECONNRESET', 'ENOMEM']) {
      it(`${version}, ${code} in the handshake: it fails with that`, async () => {
        await using at = await listen();
        const [far, near] = duplexPair();
        const peer = client(0, { socket: near, maxVersion: version }).on('error', () => {});
        at.server.emit('connection', new FailingDuplex(far, code, 0));
        await until(() => at.errors.length === 1);
        assert.equal(at.errors[0]?.error.code, code);
        await until(() => at.server.statistics.connections === 0);
        peer.destroy();
        assert.equal(at.errors.length, 1);
      });

      it(`${version}, ${code} after the handshake: the socket fails with that, and its writer hears of it`, async () => {
        await using at = await listen();
        const [far, near] = duplexPair();
        const peer = client(0, { socket: near, maxVersion: version }).on('error', () => {});
        const accepted = at.nextSocket();
        at.server.emit('connection', new FailingDuplex(far, code, version === 'TLSv1.3' ? 2 : 2));
        const socket = await accepted;
        const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
        const written = new Promise<Error | null | undefined>((resolve) => {
          const again = (): void =>
            void socket.write('x', (error) => {
              if (error) resolve(error);
              else again();
            });
          again();
        });
        assert.ok(await written);
        assert.equal((await failed).code, code);
        await until(() => at.server.statistics.connections === 0);
        peer.destroy();
        assert.equal(at.errors.length, 0);
      });
    }
  }
});

describe('a client that has ended its side', () => {
  for (const version of versions) {
    it(`${version}: in the handshake, it is over; after it, the answer still comes`, async () => {
      await using at = await listen({ allowHalfOpen: true }, (socket) => {
        socket.resume().on('end', () => socket.end('the answer'));
      });
      {
        await using between = await relay(at.port, {
          forward: (chunk, send, server) => {
            send(chunk);
            server.end();
          },
        });
        client(between.port, { maxVersion: version }).on('error', () => {});
        await until(() => at.errors.length === 1);
        assert.equal(at.errors[0]?.error.code, 'ECONNRESET');
      }
      const peer = await connect(at.port, { maxVersion: version, allowHalfOpen: true } as tls.ConnectionOptions);
      peer.end();
      const [answer] = await once(peer, 'data');
      assert.equal(String(answer), 'the answer');
    });
  }
});
