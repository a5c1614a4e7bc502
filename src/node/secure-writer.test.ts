import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Chunk, SecureWriter } from './secure-writer.ts';
import type { Done } from './transport.ts';
import { writeQuantum } from './write-pieces.ts';

/** A writer between a connection and a transport that note what they are given, and a way to fail. */
class Desk {
  readonly done: string[] = [];
  /** Lengths of what was protected in one go. */
  readonly lengths: number[] = [];
  readonly aborted: string[] = [];
  isOver = false;
  padding: (() => void) | undefined;
  /** The callbacks of the transport's writes that are under way. */
  readonly pending: Done[] = [];
  #sent = '';
  readonly writer = new SecureWriter(
    {
      protect: (plain) => {
        this.padding?.();
        if (this.isOver) return undefined;
        this.lengths.push(plain.length);
        return Buffer.from(plain);
      },
      close: () => void this.done.push('close'),
      abort: ({ code }) => void this.aborted.push(code),
    },
    {
      write: (bytes, done) => {
        this.#sent += Buffer.from(bytes).toString('latin1');
        this.pending.push(done);
      },
      end: (done) => done(),
    },
  );

  /** Notes how a write or an end ended. */
  readonly hear =
    (name: string): Done =>
    (error) =>
      void this.done.push(error ? `${name}: ${error.message}` : name);

  get sent(): string {
    return this.#sent;
  }

  /** The transport has taken what it was given, and what followed from that. */
  settle(error?: Error): void {
    for (let done = this.pending.shift(); done; done = this.pending.shift()) done(error);
  }
}

function opened(): Desk {
  const desk = new Desk();
  desk.writer.open();
  return desk;
}

describe('SecureWriter', () => {
  it('holds a write and an end until the handshake is done', () => {
    const desk = new Desk();
    desk.writer.write(Buffer.from('abc'), desk.hear('written'));
    desk.writer.end(desk.hear('ended'));
    assert.equal(desk.sent, '');
    assert.deepEqual(desk.done, []);
    desk.writer.open();
    assert.equal(desk.sent, 'abc');
    assert.deepEqual(desk.done, ['close', 'ended']);
    desk.settle();
    assert.deepEqual(desk.done, ['close', 'ended', 'written']);
  });
  it('counts what was written when the transport has taken it', () => {
    const desk = opened();
    desk.writer.write(Buffer.from('abc'), desk.hear('written'));
    assert.equal(desk.writer.bytesWritten, 0);
    desk.settle();
    assert.equal(desk.writer.bytesWritten, 3);
    desk.writer.write(Buffer.alloc(0), desk.hear('nothing'));
    assert.deepEqual(desk.done, ['written', 'nothing']);
    assert.deepEqual(desk.lengths, [3]);
  });
  it('protects large writes in pieces, each when the last is out', () => {
    const desk = opened();
    desk.writer.write(Buffer.alloc(2 * writeQuantum + 5, 'x'), desk.hear('written'));
    assert.deepEqual(desk.lengths, [writeQuantum]);
    desk.settle();
    assert.deepEqual(desk.lengths, [writeQuantum, writeQuantum, 5]);
    assert.equal(desk.writer.bytesWritten, 2 * writeQuantum + 5);
    assert.deepEqual(desk.done, ['written']);
  });
  it('joins few bytes at once, and many piece by piece', () => {
    for (const [count, lengths] of [
      [3, [3000]],
      [2, [2000]],
      [300, [writeQuantum, 300_000 - writeQuantum]],
    ] as const) {
      const desk = opened();
      const parts = Array.from({ length: count }, (_, i) => Buffer.alloc(1000, String.fromCharCode(97 + (i % 26))));
      desk.writer.writeParts(parts, desk.hear('written'));
      desk.settle();
      assert.deepEqual(desk.lengths, lengths);
      assert.equal(desk.sent, Buffer.concat(parts).toString());
      assert.deepEqual(desk.done, ['written']);
    }
    const held = new Desk();
    held.writer.writeParts([Buffer.alloc(3000, 'a'), Buffer.alloc(3000, 'b')], held.hear('written'));
    held.writer.open();
    assert.deepEqual(held.lengths, [6000]);
  });
  it('writes a head and a body as one, in whatever encoding they are', () => {
    const chunks: Chunk[] = [
      { chunk: 'h\xe9ad', encoding: 'latin1' },
      { chunk: '', encoding: 'utf8' },
      { chunk: Buffer.from(' body '), encoding: 'utf8' },
      { chunk: 'h\xe9\ud800', encoding: 'utf8' },
      { chunk: '6a6Bzz', encoding: 'hex' },
      { chunk: 'bG0=', encoding: 'base64' },
      { chunk: 'n\u20ac', encoding: 'utf16le' },
      { chunk: new Uint8Array(1), encoding: 'utf8' },
    ];
    const bytes = (all: readonly Chunk[]): Buffer =>
      Buffer.concat(all.map(({ chunk, encoding }) => Buffer.from(chunk as string, encoding)));
    const long: Chunk = { chunk: 'x'.repeat(2048), encoding: 'latin1' };
    for (const all of [chunks, [long, ...chunks], [...chunks, long], [long]]) {
      for (const desk of [opened(), new Desk()]) {
        desk.writer.writeMany(all, desk.hear('written'));
        desk.writer.open();
        desk.settle();
        assert.equal(desk.sent, bytes(all).toString('latin1'));
        assert.deepEqual(desk.lengths, [bytes(all).length]);
        assert.deepEqual(desk.done, ['written']);
      }
    }
  });
  it('tells what the transport fails with, and sends nothing behind it', () => {
    const desk = opened();
    desk.writer.write(Buffer.alloc(writeQuantum + 1), desk.hear('written'));
    desk.settle(new Error('EPIPE'));
    assert.deepEqual(desk.done, ['written: EPIPE']);
    assert.deepEqual([desk.lengths.length, desk.writer.bytesWritten], [1, 0]);
  });
  it('ends the connection when padding throws, whichever way it was written', () => {
    for (const parts of [[Buffer.from('a')], [Buffer.alloc(3000), Buffer.alloc(3000)]]) {
      const desk = opened();
      desk.padding = () => {
        throw new Error('no padding today');
      };
      desk.writer.writeParts(parts, desk.hear('written'));
      assert.deepEqual(desk.done, ['written: no padding today']);
      assert.deepEqual(desk.aborted, ['CALLBACK_FAILED']);
      assert.equal(desk.sent, '');
    }
  });
  it('says why nothing can be written any more', () => {
    const desk = new Desk();
    desk.isOver = true;
    desk.writer.shut(new Error('bad_record_mac'));
    desk.writer.write(Buffer.from('a'), desk.hear('written'));
    desk.writer.writeParts([Buffer.alloc(3000)], desk.hear('parts'));
    assert.deepEqual(desk.done, ['written: bad_record_mac', 'parts: bad_record_mac']);
    desk.writer.shut();
    desk.writer.write(Buffer.from('a'), desk.hear('again'));
    assert.equal(desk.done.at(-1), 'again: the TLS connection is closed for writing');
  });
  it('tells a write once, though its stream is destroyed first', () => {
    for (const desk of [new Desk(), opened()]) {
      desk.writer.write(Buffer.from('a'), desk.hear('written'));
      desk.writer.destroy(null);
      const told = ['written: Cannot call write after a stream was destroyed'];
      assert.deepEqual(desk.done, told);
      desk.settle();
      desk.writer.open();
      desk.settle();
      assert.deepEqual(desk.done, told);
      assert.equal(desk.writer.bytesWritten, 0);
    }
    const desk = opened();
    desk.writer.write(Buffer.from('a'), desk.hear('written'));
    desk.writer.destroy(new Error('why'));
    assert.deepEqual(desk.done, ['written: why']);
  });
});
