import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Admission } from './admission.ts';

/** An event loop whose turns and clock are moved by hand. */
class Loop {
  time = 0;
  #next: (() => void)[] = [];
  readonly admission = new Admission({ now: () => this.time, nextTurn: (go) => void this.#next.push(go) });
  readonly done: string[] = [];

  /** A handshake that takes so many milliseconds once it is let in. */
  begin(name: string, takes: number): void {
    const work = (): void => {
      this.time += takes;
      this.done.push(name);
    };
    const turn = this.admission.admit();
    if (turn === undefined) work();
    else void turn.then(work);
  }

  async turn(): Promise<string> {
    const before = this.done.length;
    const next = this.#next;
    this.#next = [];
    for (const go of next) go();
    await new Promise((resolve) => setImmediate(resolve));
    return this.done.slice(before).join();
  }

  get isIdle(): boolean {
    return this.#next.length === 0;
  }
}

describe('Admission', () => {
  it('lets in at once who comes alone', async () => {
    const loop = new Loop();
    for (const name of ['a', 'b', 'c']) {
      loop.begin(name, 5);
      assert.equal(loop.done.at(-1), name);
      await loop.turn();
    }
    assert.ok(loop.isIdle);
  });

  it('lets in as many in a turn as there is time for, in the order in which they came', async () => {
    const loop = new Loop();
    for (const name of 'abcdefg') loop.begin(name, 0.4);
    assert.equal(loop.done.join(), 'a,b,c');
    assert.equal(loop.admission.waiting, 4);
    assert.equal(await loop.turn(), 'd,e,f');
    loop.begin('h', 0.4);
    assert.equal(loop.done.at(-1), 'f', 'nobody overtakes who waits');
    assert.equal(await loop.turn(), 'g,h');
    await loop.turn();
    assert.ok(loop.isIdle);
    assert.equal(loop.admission.waiting, 0);
  });

  it('lets in one by one while established connections have something to say, and some turns beyond', async () => {
    const loop = new Loop();
    loop.admission.noteTraffic();
    for (let i = 0; i < 40; i++) loop.begin('x', 0.3);
    const turns = [loop.done.join('')];
    for (let i = 0; i < 20; i++) turns.push(await loop.turn());
    assert.deepEqual(turns.slice(0, 16), Array(16).fill('x'));
    assert.deepEqual(turns.slice(16, 21), Array(5).fill('x,x,x,x'));
    loop.admission.noteTraffic();
    assert.equal(await loop.turn(), 'x');
  });

  it('lets one in each turn at least, however long they take', async () => {
    const loop = new Loop();
    for (const name of 'abc') loop.begin(name, 50);
    assert.equal(loop.done.join(), 'a');
    assert.equal(await loop.turn(), 'b');
    assert.equal(await loop.turn(), 'c');
  });

  it('counts what else took the time of the turn', async () => {
    const loop = new Loop();
    loop.begin('a', 0.1);
    loop.time += 3;
    loop.begin('b', 0.1);
    assert.equal(loop.done.join(), 'a');
    assert.equal(await loop.turn(), 'b');
  });
});
