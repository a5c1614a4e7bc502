import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { hello13 } from '../../test/support/client-hello.ts';
import { RawClient } from '../../test/support/raw-client.ts';
import { HandshakeWatch } from './handshake-watch.ts';
import type { StreamRole } from './secure-stream.ts';

/** A handshake that is watched, and what its role, its stream and subscribers hear of it. */
class Watched {
  readonly client = new RawClient();
  readonly stream = new PassThrough();
  readonly heard: string[] = [];
  readonly watch: HandshakeWatch;

  constructor(role: Partial<StreamRole> = {}) {
    this.watch = new HandshakeWatch(this.stream, this.client.server.connection, {
      policy: { configure: () => assert.fail('nobody asks') },
      crypto: undefined as never,
      emitsHandshakeErrors: false,
      reportsFailures: () => true,
      wantsKeylog: () => false,
      onKeylog: () => {},
      onFailure: ({ message }, inHandshake) => void this.heard.push(`onFailure ${inHandshake}: ${message}`),
      onConfirmed: () => void this.heard.push('onConfirmed'),
      onHandshake: (error) => void this.heard.push(`onHandshake: ${error?.message ?? 'well'}`),
      ...role,
    });
    this.stream.on('confirmed', () => void this.heard.push('confirmed'));
    this.stream.on('_tlsError', ({ message }) => void this.heard.push(`_tlsError: ${message}`));
  }

  /** Brings the handshake to its end. */
  finish(): this {
    this.client.sendHello(hello13(this.client.key)).read();
    this.client.sendMessage(this.client.finished13());
    assert.ok(this.client.server.connection.isConfirmed);
    return this;
  }
}

describe('HandshakeWatch', () => {
  it('tells a handshake that is done, the application on a tick of its own', async () => {
    const watched = new Watched().finish();
    assert.ok(watched.watch.isGoingOn);
    assert.equal(watched.watch.succeed(), true);
    assert.deepEqual(watched.heard, ['onConfirmed']);
    assert.deepEqual([watched.watch.isGoingOn, watched.watch.isSecure], [false, true]);
    await turn();
    assert.deepEqual(watched.heard, ['onConfirmed', 'onHandshake: well']);
  });
  it('tells nobody of a stream that is destroyed at once', async () => {
    const watched = new Watched().finish();
    watched.watch.succeed();
    watched.stream.destroy();
    await turn();
    assert.deepEqual(watched.heard, ['onConfirmed']);
  });
  it('early data goes before the confirmation', async () => {
    const watched = new Watched();
    watched.watch.succeed();
    await turn();
    assert.deepEqual(watched.heard, ['onHandshake: well']);
    watched.watch.confirm();
    await turn();
    assert.deepEqual(watched.heard, ['onHandshake: well', 'onConfirmed', 'confirmed']);
  });
  it('tells a failure once, with what is known of the handshake', async () => {
    const heard: unknown[] = [];
    const watched = new Watched({ onHandshake: (error) => void heard.push(error) });
    watched.watch.fail(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    assert.deepEqual(watched.heard, ['onFailure true: gone']);
    assert.equal(watched.watch.succeed(), false, 'too late');
    await turn();
    assert.deepEqual(watched.heard, ['onFailure true: gone', '_tlsError: gone']);
    const [error] = heard as { code: string; stage: string; handshakeReport: unknown }[];
    assert.deepEqual([heard.length, error!.code, error!.stage], [1, 'EPIPE', 'start']);
    assert.equal(error!.handshakeReport, watched.watch.report);
  });
  it('a connection that is closed is a failure, too', () => {
    const watched = new Watched();
    watched.watch.fail(null);
    assert.deepEqual(watched.heard, ['onFailure true: the connection was closed during the handshake']);
  });
  it('tells the channels', () => {
    const names = ['tsls:handshake:end', 'tsls:handshake:error'];
    const heard: [name: string | symbol, socket: object][] = [];
    const hear = (message: unknown, name: string | symbol): void =>
      void heard.push([name, (message as { socket: object }).socket]);
    for (const name of names) subscribe(name, hear);
    const [good, bad] = [new Watched().finish(), new Watched()];
    good.watch.succeed();
    bad.watch.fail(null);
    for (const name of names) unsubscribe(name, hear);
    assert.deepEqual(
      heard.map(([name]) => name),
      names,
    );
    assert.equal(heard[0]![1], good.stream);
    assert.equal(heard[1]![1], bad.stream);
  });
  it('keeps input where the connection may be handed over, until it is known that it will not', () => {
    const bytes = Buffer.from('abc');
    const watched = new Watched({ mayHandOver: true });
    watched.watch.keepInput(bytes);
    bytes.fill('x'); // the socket reads into its buffer again
    watched.watch.keepInput(Buffer.from('def'));
    assert.equal(watched.watch.handOver().toString(), 'abcdef');
    assert.equal(watched.watch.isGoingOn, false);
    const forgetting = new Watched({ mayHandOver: true });
    forgetting.watch.keepInput(Buffer.from('abc'));
    forgetting.watch.forgetInput();
    forgetting.watch.keepInput(Buffer.from('def'));
    assert.equal(forgetting.watch.handOver().length, 0);
  });
  it('times the client while it is its turn, and no longer than the handshake goes on', async () => {
    const handshakeTimes = { whole: 60_000, message: 0 };
    for (const end of [
      (watched: Watched) => watched.finish().watch.succeed(),
      ({ watch }: Watched) => watch.fail(null),
      ({ watch }: Watched) => void watch.handOver(),
    ]) {
      const watched = new Watched({ handshakeTimes });
      const began = performance.now();
      while (performance.now() - began < 2) await turn();
      assert.ok(watched.watch.silence > 0);
      end(watched);
      assert.equal(watched.watch.silence, 0);
    }
    assert.equal(new Watched().watch.silence, 0, 'nobody counts');
  });
});
