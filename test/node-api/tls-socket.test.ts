import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tls from 'node:tls';
import { TLSSocket } from '../../src/index.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { identity } from '../support/identities.ts';
import { client, connect, listen, readAll } from '../support/tls-pair.ts';

const versions = ['TLSv1.3', 'TLSv1.2'] as const;
const only = (version: (typeof versions)[number]) => ({ minVersion: version, maxVersion: version });
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('a TLSSocket', () => {
  for (const version of versions) {
    it(`${version}: is a net.Socket that knows its connection`, async () => {
      await using at = await listen({ ...only(version), ALPNProtocols: ['echo'] });
      const accepted = at.nextSocket();
      const peer = await connect(at.port, { ALPNProtocols: ['echo'] });
      const socket = await accepted;
      assert.ok(socket instanceof net.Socket && socket instanceof TLSSocket);
      assert.equal(socket.encrypted, true);
      assert.equal(socket.getProtocol(), version);
      assert.equal(socket.alpnProtocol, 'echo');
      assert.equal(socket.servername, 'localhost');
      assert.equal(socket.getCipher().name, peer.getCipher().name);
      assert.equal(socket.getCipher().standardName, peer.getCipher().standardName);
      assert.equal(socket.remoteAddress, '127.0.0.1');
      assert.equal(socket.remotePort, peer.localPort);
      assert.equal(socket.localPort, at.port);
      assert.deepEqual(socket.address(), { address: '127.0.0.1', family: 'IPv4', port: at.port });
      assert.equal(socket.readyState, 'open');
      assert.equal(socket.pending, false);
      assert.deepEqual(socket.getFinished(), peer.getPeerFinished());
      assert.deepEqual(socket.getPeerFinished(), peer.getFinished());
      const context = Buffer.from('context');
      assert.deepEqual(
        socket.exportKeyingMaterial(64, 'EXPORTER-a', context),
        peer.exportKeyingMaterial(64, 'EXPORTER-a', context),
      );
      peer.destroy();
    });

    it(`${version}: moves a lot of data both ways at once`, async () => {
      await using at = await listen(only(version), (socket) => socket.pipe(socket));
      const peer = await connect(at.port);
      const sent = randomBytes(5_000_000);
      const received = readAll(peer);
      peer.end(sent);
      assert.equal(hash(await received), hash(sent));
    });

    it(`${version}: writes of every shape arrive in order`, async () => {
      await using at = await listen(only(version), (socket) => {
        socket.cork();
        socket.write('a');
        socket.write(Buffer.from('b'));
        socket.write('63', 'hex');
        socket.uncork();
        socket.write('ä', 'latin1');
        socket.write(new Uint8Array([0x65]));
        socket.write('');
        socket.end('f');
      });
      const peer = await connect(at.port);
      assert.equal((await readAll(peer)).toString('latin1'), 'abcäef');
    });

    it(`${version}: data that comes with the end of the handshake is not lost`, async () => {
      await using at = await listen(only(version), (socket) => {
        setTimeout(() => socket.pipe(socket), 20);
      });
      const peer = client(at.port);
      peer.end('early');
      assert.equal((await readAll(peer)).toString(), 'early');
    });

    it(`${version}: data that comes with the end of the handshake comes after the event that tells of it`, async () => {
      const [end, other] = duplexPair();
      const secure = new TLSSocket(end, { isServer: true, ...identity('p256'), ...only(version) });
      const heard: string[] = [];
      for (const event of ['secure', 'data', 'end']) secure.on(event, () => heard.push(event));
      // Whatever the client writes in one turn comes in one piece.
      const pieces: Buffer[] = [];
      const gathered = new Duplex({
        read() {},
        write(chunk: Buffer, _, done) {
          if (pieces.push(chunk) === 1) setImmediate(() => other.write(Buffer.concat(pieces.splice(0))));
          done();
        },
      });
      other.on('data', (chunk) => gathered.push(chunk));
      const peer = tls.connect({ socket: gathered, rejectUnauthorized: false });
      peer.end('hello');
      await once(secure, 'end');
      assert.deepEqual(heard, ['secure', 'data', 'end']);
      secure.destroy();
      peer.destroy();
    });

    it(`${version}: a peer that does not read holds the writer up`, async () => {
      await using at = await listen(only(version));
      const accepted = at.nextSocket();
      const peer = await connect(at.port);
      const socket = await accepted;
      const chunk = Buffer.alloc(65_536, 1);
      let written = 0;
      while (socket.write(chunk) && written < 1e9) written += chunk.length;
      await sleep(100);
      for (let i = 0; i < 1000 && !socket.writableNeedDrain; i++, written += chunk.length) {
        if (!socket.write(chunk)) break;
        await sleep(0);
      }
      assert.ok(socket.writableNeedDrain, 'write() never said stop');
      assert.ok(socket.writableLength < 4_000_000);
      let drained = 0;
      socket.once('drain', () => drained++);
      peer.resume();
      await once(socket, 'drain');
      assert.equal(drained, 1);
      peer.destroy();
    });

    it(`${version}: a reader that does not read holds the peer up`, async () => {
      await using at = await listen(only(version));
      const accepted = at.nextSocket();
      const peer = await connect(at.port);
      const socket = await accepted;
      socket.pause();
      const chunk = Buffer.alloc(1_048_576, 1);
      for (let i = 0; i < 64; i++) peer.write(chunk);
      peer.end();
      await sleep(150);
      assert.ok(socket.readableLength < 2 * 1_048_576, `${socket.readableLength} bytes are buffered`);
      let received = 0;
      socket.on('data', (data) => {
        received += data.length;
      });
      socket.resume();
      await once(socket, 'end');
      assert.equal(received, 64 * chunk.length);
    });

    it(`${version}: half-open, when allowed`, async () => {
      await using at = await listen({ ...only(version), allowHalfOpen: true });
      const accepted = at.nextSocket();
      const peer = await connect(at.port, { allowHalfOpen: true } as object);
      const socket = await accepted;
      socket.resume();
      peer.end('bye');
      await once(socket, 'end');
      assert.equal(socket.writable, true);
      assert.equal(socket.truncated, false);
      socket.end('still here');
      assert.equal((await readAll(peer)).toString(), 'still here');
    });

    it(`${version}: ends by itself when the peer does, unless half-open`, async () => {
      await using at = await listen(only(version), (socket) => socket.resume());
      const accepted = at.nextSocket();
      const peer = await connect(at.port);
      peer.resume();
      peer.end();
      const socket = await accepted;
      await once(socket, 'close');
      assert.equal(socket.destroyed, true);
      assert.equal(socket.errored, null);
    });

    it(`${version}: a stream that is cut off is told from one that ended`, async () => {
      await using at = await listen(only(version));
      const accepted = at.nextSocket();
      const raw = net.connect(at.port, '127.0.0.1');
      const peer = client(at.port, { socket: raw });
      await once(peer, 'secureConnect');
      const socket = await accepted;
      socket.resume();
      raw.destroy();
      await once(socket, 'end');
      assert.equal(socket.truncated, true);
    });

    it(`${version}: idle timeout, and bytes in both directions put it off`, async () => {
      await using at = await listen(only(version));
      const accepted = at.nextSocket();
      const peer = await connect(at.port);
      const socket = await accepted;
      socket.resume();
      const idle = 600; // a busy machine may stand still for a while
      let last = performance.now();
      socket.on('data', () => {
        last = performance.now();
      });
      socket.setTimeout(idle);
      const timedOut = once(socket, 'timeout');
      for (let i = 0; i < 4; i++) {
        await sleep(idle / 3);
        peer.write('x');
      }
      await timedOut;
      assert.ok(performance.now() - last >= idle - 2, 'the timeout was not put off');
      peer.destroy();
    });

    it(`${version}: destroy() closes the transport, with and without an error`, async () => {
      await using at = await listen(only(version));
      for (const error of [undefined, new Error('enough')]) {
        const accepted = at.nextSocket();
        const peer = await connect(at.port);
        peer.on('error', () => {});
        peer.resume();
        const socket = await accepted;
        const closed = new Promise((resolve) => socket.once('close', resolve));
        const seen = error && once(socket, 'error');
        socket.destroy(error);
        await closed;
        if (seen) assert.equal((await seen)[0], error);
        if (!peer.closed) await once(peer, 'close');
      }
    });
  }

  it('replaces its keys in the middle of a transfer', async () => {
    await using at = await listen(only('TLSv1.3'));
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await accepted;
    const received = readAll(peer);
    const chunk = randomBytes(100_000);
    for (let i = 0; i < 10; i++) {
      socket.write(chunk);
      assert.equal(socket.updateKeys(), true);
    }
    socket.end();
    assert.equal(hash(await received), hash(Buffer.concat(Array.from({ length: 10 }, () => chunk))));
  });

  it('refuses to renegotiate, and goes on', async () => {
    await using at = await listen(only('TLSv1.2'), (socket) => socket.pipe(socket));
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await accepted;
    const [error] = await new Promise<[Error & { code?: string }]>((resolve) => {
      assert.equal(
        socket.renegotiate({}, (e) => resolve([e as Error])),
        false,
      );
    });
    assert.equal(error.code, 'ERR_TLS_RENEGOTIATION_DISABLED');
    peer.destroy();
  });

  it('an iterator, a pipeline and text encodings work as on any stream', async () => {
    await using at = await listen({}, (socket) => {
      socket.setEncoding('utf8');
      void (async () => {
        let text = '';
        for await (const chunk of socket) {
          assert.equal(typeof chunk, 'string');
          text += chunk;
          if (text.endsWith('\n')) break;
        }
      })();
    });
    const peer = await connect(at.port);
    peer.write('grün\n');
    await once(peer.resume(), 'close');

    await using other = await listen({}, (socket) => void pipeline(socket, socket).catch(() => {}));
    const second = await connect(other.port);
    second.end('abc');
    assert.equal((await readAll(second)).toString(), 'abc');
  });

  it('does not keep the process alive once unref is called', async () => {
    await using at = await listen();
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await accepted;
    assert.equal(socket.unref(), socket);
    assert.equal(socket.ref(), socket);
    peer.destroy();
  });
});

describe('a TLSSocket over a stream of the application', () => {
  it('whose other end listens to the raw socket too', async () => {
    await using at = await listen({}, (socket) => socket.pipe(socket));
    const raws: net.Socket[] = [];
    at.server.on('connection', (raw: net.Socket) => raws.push(raw));
    const peer = await connect(at.port);
    peer.write('x');
    assert.equal(String((await once(peer, 'data'))[0]), 'x');
    const [socket] = at.sockets;
    assert.equal(socket!.remotePort, raws[0]!.remotePort);
    assert.equal(socket!.remoteAddress, '127.0.0.1');
    const calls: string[] = [];
    for (const name of ['ref', 'unref', 'setNoDelay', 'setKeepAlive'] as const) {
      raws[0]![name] = () => {
        calls.push(name);
        return raws[0]!;
      };
      assert.equal(socket![name](), socket);
    }
    assert.deepEqual(calls, ['ref', 'unref', 'setNoDelay', 'setKeepAlive']);
    const closed = once(socket!, 'close');
    raws[0]!.destroy();
    await closed;
    peer.destroy();
  });

  it('whose other end is cut off without close_notify', async () => {
    await using at = await listen({}, (socket) => socket.resume());
    at.server.on('connection', () => {}); // so that the raw socket is not taken apart
    const raw = net.connect(at.port, '127.0.0.1');
    const [far, near] = duplexPair();
    far.on('data', (chunk) => raw.write(chunk));
    raw.on('data', (chunk) => far.write(chunk));
    const accepted = at.nextSocket();
    const peer = client(at.port, { socket: near });
    await once(peer, 'secureConnect');
    const socket = await accepted;
    raw.end();
    await once(socket, 'close'); // rejects for an error
    assert.equal(socket.truncated, true);
    assert.equal((await readAll(peer)).length, 0); // our close_notify came
  });

  it('that is emitted as a connection', async () => {
    await using at = await listen({}, (socket) => socket.end('hello'));
    const relay = net.createServer((raw) => {
      at.server.emit(
        'connection',
        new Duplex({
          read: () => void raw.resume(),
          write: (chunk, _encoding, done) => void raw.write(chunk, done),
          final: (done) => void raw.end(done),
          destroy: (error, done) => {
            raw.destroy();
            done(error);
          },
          construct(done) {
            raw.on('data', (chunk) => {
              if (!this.push(chunk)) raw.pause();
            });
            raw.on('end', () => this.push(null));
            done();
          },
        }),
      );
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const peer = await connect((relay.address() as net.AddressInfo).port);
    assert.equal((await readAll(peer)).toString(), 'hello');
    relay.close();
  });

  it('counts as one connection of the server, and as none when closed', async () => {
    await using at = await listen();
    const count = () => new Promise<number>((resolve) => at.server.getConnections((_error, n) => resolve(n)));
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    const socket = await accepted;
    assert.equal(await count(), 1);
    peer.destroy();
    socket.resume();
    await once(socket, 'close');
    assert.equal(await count(), 0);
  });

  for (const encoding of [undefined, 'latin1'] as const) {
    it(`one read for each event is enough to get everything, ${encoding ?? 'as bytes'}`, async () => {
      await using at = await listen();
      const accepted = at.nextSocket();
      const peer = await connect(at.port);
      const socket = await accepted;
      if (encoding) socket.setEncoding(encoding);
      const sent = randomBytes(2_000_000);
      peer.end(sent);
      const chunks: Buffer[] = [];
      socket.on('readable', () => {
        const chunk = socket.read(null as never) as Buffer | string | null;
        if (chunk !== null) chunks.push(Buffer.from(chunk as string, 'latin1'));
      });
      await once(socket, 'end');
      assert.equal(hash(Buffer.concat(chunks)), hash(sent));
      socket.end();
    });
  }

  it('a padding callback that writes to another connection gets none of its bytes mixed up with the first', async () => {
    const both: TLSSocket[] = [];
    let isArmed = false;
    const recordPadding = (): number => {
      if (isArmed) {
        isArmed = false;
        writeParts(both[1]!, 'b');
      }
      return 0;
    };
    const writeParts = (socket: TLSSocket, text: string): void => {
      socket.cork();
      for (let i = 0; i < 4; i++) socket.write(text.repeat(10_000));
      socket.uncork();
      socket.end();
    };
    await using at = await listen({ recordPadding });
    const peers: tls.TLSSocket[] = [];
    for (let i = 0; i < 2; i++) {
      const accepted = at.nextSocket();
      peers.push(await connect(at.port));
      both.push(await accepted);
    }
    const received = Promise.all(peers.map(readAll));
    isArmed = true;
    writeParts(both[0]!, 'a');
    const [first, second] = (await received).map(String);
    assert.equal(first, 'a'.repeat(40_000));
    assert.equal(second, 'b'.repeat(40_000));
  });

  it('a stream that is destroyed already', async () => {
    await using at = await listen();
    const dead = new Duplex({ read() {}, write: (_c, _e, done) => done() });
    dead.destroy();
    const failed = at.nextError();
    at.server.emit('connection', dead);
    assert.equal((await failed).code, 'ECONNRESET');
  });

  it('a handshake that fails is told by `_tlsError` too, for libraries that know node:tls too well', async () => {
    const [near, far] = duplexPair();
    const socket = new TLSSocket(near, { isServer: true, ...identity('p256') });
    const told: unknown[] = [];
    socket.on('_tlsError', (error) => told.push(error));
    socket.on('error', (error) => told.push(error));
    far.resume().end('nonsense, no ClientHello');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal(told.length, 2);
    assert.equal(told[0], told[1]);
  });

  it('a handshake that fails while nobody listens to the socket ends nothing but that', async () => {
    const [near, far] = duplexPair();
    const socket = new TLSSocket(near, { isServer: true, ...identity('p256') });
    far.resume().end('nonsense, no ClientHello');
    await new Promise((resolve) => socket.once('close', resolve)); // `once` would listen for errors
    assert.equal(socket.errored?.message, 'record of unknown content type 110');
    const [end, other] = duplexPair();
    const secure = new TLSSocket(end, { isServer: true, ...identity('p256') });
    const peer = tls.connect({ socket: other, rejectUnauthorized: false });
    await once(secure, 'secure');
    assert.equal(secure.listenerCount('error'), 0);
    peer.destroy();
    secure.destroy();
  });

  it('needs isServer: there is no client here', () => {
    assert.throws(() => new TLSSocket(new Duplex()), /isServer/);
    assert.throws(() => new TLSSocket(5 as never, { isServer: true }), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
