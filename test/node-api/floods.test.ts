import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import * as net from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as tls from 'node:tls';
import { createServer, type Dropped, type RefusalMessage, type TlsOptions } from '../../src/index.ts';
import { hello13, writeHello } from '../support/client-hello.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { identity } from '../support/identities.ts';
import { relay } from '../support/relay.ts';
import { client, connect, type Listening, listen } from '../support/tls-pair.ts';
import { until } from '../support/until.ts';

const opened: net.Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

/** A TCP connection of somebody who does not speak by themselves. */
async function knock(port: number, options: Partial<net.TcpNetConnectOpts> = {}): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', ...options }).on('error', () => {});
  opened.push(socket);
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return socket.resume();
}

/** Whether the server says something to, or waits for, a client; or has closed its connection. */
const isRefused = async (socket: net.Socket): Promise<boolean> => {
  if (!socket.destroyed) await Promise.race([closed(socket), sleep(300)]);
  return socket.destroyed;
};

/** The end of a connection, however it comes. */
const closed = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => void socket.on('error', () => {}).once('close', () => resolve()));

const clientHello = (): Buffer => {
  const message = writeHello(hello13());
  return Buffer.concat([Buffer.from([22, 3, 1, message.length >> 8, message.length & 0xff]), message]);
};

/** A key that tells how often it signs. */
function countingKey(): { options: TlsOptions; signatures: () => number } {
  const { key, cert } = identity('p256');
  const own: KeyObject = createPrivateKey(key);
  let count = 0;
  const remote = {
    publicKey: new X509Certificate(cert).publicKey,
    sign: (_scheme: string, data: Uint8Array) => {
      count++;
      return sign('sha256', data, own);
    },
  };
  return { options: { key: remote, cert } as TlsOptions, signatures: () => count };
}

/** A client gets in, on both sides, and goes. */
async function visit(at: Listening, options: tls.ConnectionOptions = {}): Promise<void> {
  const { secured } = at.server.statistics;
  const peer = await connect(at.port, options);
  await until(() => at.server.statistics.secured === secured + 1);
  peer.destroy();
}

const pendingOf = ({ server }: Listening): number => server.statistics.pendingHandshakes;

describe('maxPendingHandshakes', () => {
  it('refuses newcomers at once, before any signature, and says so', async () => {
    const key = countingKey();
    await using at = await listen({ ...key.options, maxPendingHandshakes: 3 });
    const dropped: Dropped[] = [];
    const published: RefusalMessage[] = [];
    const hear = (message: unknown): void => void published.push(message as RefusalMessage);
    at.server.on('drop', (data) => dropped.push(data));
    subscribe('tsls:connection:refused', hear);
    try {
      for (let i = 0; i < 3; i++) await knock(at.port);
      await until(() => pendingOf(at) === 3);
      const late = await knock(at.port);
      late.write(clientHello());
      assert.ok(await isRefused(late));
      assert.equal(late.bytesRead, 0);
    } finally {
      unsubscribe('tsls:connection:refused', hear);
    }
    assert.equal(key.signatures(), 0);
    assert.deepEqual(at.server.statistics.refused, { maxPendingHandshakes: 1, maxPendingHandshakesPerAddress: 0 });
    assert.deepEqual([dropped.length, dropped[0]?.reason], [1, 'maxPendingHandshakes']);
    assert.equal(dropped[0]?.remoteAddress, '127.0.0.1');
    assert.deepEqual(
      published.map(({ server, reason }) => [server === at.server, reason]),
      [[true, 'maxPendingHandshakes']],
    );
    assert.equal(at.errors.length, 0, 'no handshake had begun');
  });

  it('gives places back, however a handshake ends', async () => {
    const handOver = { handOver: (stream: NodeJS.ReadableStream & { destroy(): void }) => stream.destroy() };
    await using at = await listen({
      maxPendingHandshakes: 1,
      onClientHello: ({ offers }) => (offers.serverName === 'away.example' ? (handOver as never) : undefined),
    });
    const free = (): Promise<void> => until(() => pendingOf(at) === 0);
    const done = await connect(at.port);
    await free();
    (await knock(at.port)).end('no TLS at all, by any means');
    await free();
    (await knock(at.port)).destroy();
    await free();
    (await knock(at.port)).resetAndDestroy();
    await free();
    client(at.port, { servername: 'away.example' }).on('error', () => {});
    await sleep(20);
    await free();
    const again = await connect(at.port);
    await until(() => at.server.statistics.secured === 2);
    assert.equal(at.server.statistics.connections, 2);
    for (const socket of [done, again]) socket.destroy();
    await until(() => at.server.statistics.connections === 0);
  });

  it('one whose client is silent makes room, and a failed one at once', async () => {
    await using at = await listen({ maxPendingHandshakes: 2 });
    const silent = await knock(at.port);
    await sleep(1050);
    const failed = await knock(at.port, { allowHalfOpen: true } as object);
    failed.write('this is no TLS');
    await until(() => at.errors.length === 1);
    const newcomers = [await connect(at.port)];
    if (!silent.destroyed) await closed(silent);
    await until(() => at.errors.length === 2);
    await knock(at.port);
    newcomers.push(await connect(at.port));
    const [, evicted] = at.errors;
    assert.equal(at.errors.length, 2);
    for (const socket of newcomers) socket.destroy();
    assert.equal(evicted?.error.code, 'ERR_TLS_HANDSHAKE_EVICTED');
    assert.equal(evicted?.error.handshakeReport.stage, 'start');
    assert.equal(at.server.statistics.failures.ERR_TLS_HANDSHAKE_EVICTED, 1);
    assert.equal(at.server.statistics.refused.maxPendingHandshakes, 0);
  });

  it('one that waits for the server keeps its place', async () => {
    let answer = (): void => {};
    const waits = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await using at = await listen({ maxPendingHandshakes: 1, onClientHello: () => waits.then(() => undefined) });
    const patient = client(at.port);
    await until(() => pendingOf(at) === 1);
    await sleep(1050);
    assert.ok(await isRefused(await knock(at.port)));
    answer();
    await once(patient, 'secureConnect');
    patient.destroy();
    assert.equal(at.errors.length, 0);
  });
});

describe('maxPendingHandshakesPerAddress', () => {
  it('refuses one address, and leaves others alone', async () => {
    await using at = await listen({ maxPendingHandshakesPerAddress: 2 });
    const reasons: unknown[] = [];
    at.server.on('drop', ({ reason }) => reasons.push(reason));
    for (let i = 0; i < 2; i++) await knock(at.port, { localAddress: '127.0.0.2' });
    await until(() => pendingOf(at) === 2);
    assert.ok(await isRefused(await knock(at.port, { localAddress: '127.0.0.2' })));
    assert.deepEqual(reasons, ['maxPendingHandshakesPerAddress']);
    (await connect(at.port)).destroy();
    opened[0]!.destroy();
    await until(() => pendingOf(at) === 1);
    (await connect(at.port, { localAddress: '127.0.0.2' } as tls.ConnectionOptions)).destroy();
    assert.equal(at.server.statistics.refused.maxPendingHandshakesPerAddress, 1);
  });

  it('has no address of a stream that has none', async () => {
    await using at = await listen({ maxPendingHandshakesPerAddress: 1 });
    for (let i = 0; i < 3; i++) at.server.emit('connection', duplexPair()[0]);
    assert.equal(pendingOf(at), 3);
  });
});

describe('handshakeMessageTimeout', () => {
  const expectTimeout = async (at: Listening, awaited: RegExp): Promise<void> => {
    const error = at.errors[0]?.error ?? (await at.nextError());
    assert.equal(error.code, 'ERR_TLS_HANDSHAKE_TIMEOUT');
    assert.match(error.message, awaited);
    assert.equal(error.alert, 'handshake_failure');
    await until(() => at.server.statistics.failures.ERR_TLS_HANDSHAKE_TIMEOUT === 1);
  };

  it('a ClientHello that comes byte by byte', async () => {
    await using at = await listen({ handshakeMessageTimeout: 150 });
    const socket = await knock(at.port);
    const failed = expectTimeout(at, /clientHello/);
    for (const byte of clientHello()) {
      if (socket.destroyed || at.errors.length > 0) break;
      socket.write(Uint8Array.of(byte));
      await sleep(10);
    }
    await failed;
  });

  it('a ClientHello that does not come', async () => {
    await using at = await listen({ handshakeMessageTimeout: 50 });
    await knock(at.port);
    await expectTimeout(at, /clientHello/);
  });

  for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
    it(`the rest of a later message that does not come, ${version}`, async () => {
      await using at = await listen({ handshakeMessageTimeout: 100 });
      let chunks = 0;
      await using between = await relay(at.port, {
        forward: (chunk, send) => void (chunks++ === 0 ? send(chunk) : chunks === 2 && send(chunk.subarray(0, 20))),
      });
      client(between.port, { maxVersion: version }).on('error', () => {});
      await expectTimeout(at, version === 'TLSv1.3' ? /finished/ : /clientKeyExchange/);
    });

    it(`not the time between messages, ${version}`, async () => {
      await using at = await listen({ handshakeMessageTimeout: 60 });
      let chunks = 0;
      await using between = await relay(at.port, {
        forward: (chunk, send) => void (chunks++ === 0 ? send(chunk) : setTimeout(send, 250, chunk)),
      });
      const peer = await connect(between.port, { maxVersion: version });
      await until(() => at.server.statistics.secured === 1);
      assert.equal(at.errors.length, 0);
      peer.destroy();
    });
  }

  it('not the time that the application takes', async () => {
    await using at = await listen({ handshakeMessageTimeout: 60, onClientHello: () => sleep(250, undefined) });
    (await connect(at.port)).destroy();
    assert.equal(at.errors.length, 0);
  });

  it('0 is any time, within handshakeTimeout', async () => {
    await using at = await listen({ handshakeMessageTimeout: 0, handshakeTimeout: 120 });
    await knock(at.port);
    assert.equal((await at.nextError()).message, 'TLS handshake timeout');
  });
});

describe('what a failed connection still sends', () => {
  it('is thrown away, and then left unread, so that the client can read the alert and has to wait', async () => {
    await using at = await listen();
    const socket = net.connect({ port: at.port, host: '127.0.0.1', allowHalfOpen: true });
    const received: Buffer[] = [];
    let hasEnded = false;
    let isClosed = false;
    socket.on('data', (bytes) => received.push(bytes));
    socket.once('end', () => {
      hasEnded = true;
    });
    socket
      .on('error', () => {})
      .once('close', () => {
        isClosed = true;
      });
    const garbage = Buffer.alloc(65_536, 0x55);
    let sent = 0;
    let wasLeft = false;
    while (!isClosed && sent < 2 ** 30) {
      sent += garbage.length;
      if (socket.write(garbage)) continue;
      const isTaken = once(socket, 'drain').then(
        () => true,
        () => true,
      );
      const isStuck = await Promise.race([isTaken.then(() => false), sleep(100).then(() => true)]);
      wasLeft ||= isStuck && hasEnded && at.server.statistics.connections === 1;
    }
    assert.ok(isClosed);
    assert.ok(wasLeft);
    assert.ok(hasEnded);
    assert.equal(Buffer.concat(received).toString('hex'), '1503030002020a');
    assert.ok(sent < 2 ** 25, `${sent} bytes were taken`);
    await until(() => at.server.statistics.connections === 0);
    assert.equal(at.errors.length, 1);
  });
});

describe('the statistics of a server', () => {
  it('tell handshakes, resumptions, and failures by their codes, in the handshake and after it', async () => {
    await using at = await listen();
    let session: Buffer | undefined;
    const first = client(at.port).on('session', (data) => {
      session = data;
    });
    await until(() => session !== undefined);
    await visit(at, { session });
    first.destroy();
    (await knock(at.port)).write('GET / HTTP/1.1\r\n\r\n');
    await at.nextError();

    const raw = await knock(at.port);
    const peer = client(at.port, { socket: raw }).on('error', () => {});
    await until(() => at.server.statistics.secured === 3);
    raw.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32, 7)]));
    await until(() => Object.keys(at.server.statistics.failures).length === 2);
    raw.destroy();
    peer.destroy();
    const { accepted, secured, resumed, failed, failures } = at.server.statistics;
    assert.deepEqual({ accepted, secured, resumed, failed }, { accepted: 4, secured: 3, resumed: 1, failed: 1 });
    assert.deepEqual(failures, {
      ERR_SSL_HTTP_REQUEST: 1,
      ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: 1,
    });
  });

  it('have room for so many codes of the application', async () => {
    let count = 0;
    await using at = await listen({
      SNICallback: (_name, callback) => callback(Object.assign(new Error('no'), { code: `MINE_${count++}` })),
    });
    for (let i = 0; i < 300; i++) await closed(client(at.port));
    const { failures } = at.server.statistics;
    assert.equal(Object.keys(failures).length, 257);
    assert.equal(failures.other, 44);
  });
});

describe('a flood', () => {
  const half = 1000;

  it('of half-open handshakes and garbage: connections go on, clients get in, and all of it is let go', async () => {
    await using at = await listen({}, (socket) => socket.pipe(socket));
    const peer = await connect(at.port);
    let isOver = false;
    let pings = 0;
    const pinging = (async () => {
      while (!isOver) {
        peer.write('ping');
        const [answer] = await once(peer, 'data');
        assert.equal(String(answer), 'ping');
        pings++;
      }
    })();
    const hello = clientHello();
    for (let i = 0; i < half; i += 50) {
      const some = await Promise.all(Array.from({ length: 50 }, () => knock(at.port)));
      // A third of them says nothing, a third a part of a ClientHello, a third all of it and nothing else.
      for (const [index, socket] of some.entries()) {
        if (index % 3 > 0) socket.write(index % 3 === 1 ? hello.subarray(0, 50) : hello);
      }
    }
    await until(() => pendingOf(at) === half);
    const garbage = (async () => {
      for (let i = 0; i < 300; i++) {
        const socket = net.connect(at.port, '127.0.0.1').on('error', () => {});
        socket.end(Buffer.alloc(1000, i));
        await closed(socket.resume());
      }
    })();
    const newcomers = await Promise.all(Array.from({ length: 30 }, () => connect(at.port)));
    await garbage;
    isOver = true;
    await pinging;
    assert.ok(pings > 0);
    assert.equal(at.server.statistics.secured, 31);
    assert.equal(at.server.statistics.failed, 300);
    assert.equal(pendingOf(at), half);
    for (const socket of [peer, ...newcomers, ...opened]) socket.destroy();
    await until(() => at.server.statistics.connections === 0);
    assert.equal(at.server.statistics.failed, 300 + half);
    assert.equal(pendingOf(at), 0);
    assert.equal(at.server.statistics.waitingHandshakes, 0);
  });

  it('larger than there is room for: clients get in all the same', async () => {
    await using at = await listen({ maxPendingHandshakes: 100 });
    for (let i = 0; i < 100; i++) await knock(at.port);
    await until(() => pendingOf(at) === 100);
    await sleep(1050);
    // As many as attackers that are silent, and more clients than places that are free.
    for (let i = 0; i < 60; i++) await knock(at.port);
    for (let i = 0; i < 30; i++) await visit(at);
    assert.equal(at.server.statistics.secured, 30);
    assert.ok(pendingOf(at) <= 100);
  });
});

describe('the options of these bounds', () => {
  for (const [options, code] of [
    [{ maxPendingHandshakes: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ maxPendingHandshakes: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ maxPendingHandshakes: '10' }, 'ERR_INVALID_ARG_TYPE'],
    [{ maxPendingHandshakesPerAddress: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ handshakeMessageTimeout: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ handshakeMessageTimeout: 2 ** 31 }, 'ERR_OUT_OF_RANGE'],
  ] as const) {
    it(JSON.stringify(options), () => assert.throws(() => createServer(options as TlsOptions), { code }));
  }
  it('may be Infinity, null and undefined', () => {
    const none = { maxPendingHandshakesPerAddress: null, handshakeMessageTimeout: undefined } as unknown as TlsOptions;
    assert.ok(createServer({ maxPendingHandshakes: Number.POSITIVE_INFINITY, ...none }));
  });
});
