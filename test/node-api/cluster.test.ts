import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyPeriod } from '../../src/session/ticket-key-source.ts';
import { Cluster, visit, visitWorker } from '../support/fleet.ts';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
/** Milliseconds from the end of a period; twice that is what clocks may differ by. */
const near = 20_000;

/** By how much a clock is to be ahead in order to be so many milliseconds past the end of a period. */
const pastPeriod = (milliseconds: number): number => {
  const now = Date.now();
  return Math.ceil(now / keyPeriod + 1) * keyPeriod - now + milliseconds;
};

describe('workers of a cluster whose primary only forks', () => {
  for (const version of versions) {
    it(`open each other's tickets, and those of workers that are gone (${version})`, async () => {
      await using cluster = new Cluster({ usesTickets: true, ahead: 0 });
      const one = await cluster.fork();
      const two = await cluster.fork();
      assert.equal(one.port, two.port);
      const { session, reused } = await visitWorker(one, { maxVersion: version });
      assert.equal(reused, false);
      const elsewhere = await visitWorker(two, { maxVersion: version, session });
      assert.equal(elsewhere.reused, true);
      await one.kill();
      const three = await cluster.fork();
      assert.equal((await visitWorker(three, { maxVersion: version, session })).reused, true);
      await two.kill();
      const four = await cluster.fork();
      assert.equal((await visitWorker(four, { maxVersion: version, session: elsewhere.session })).reused, true);
    });

    it(`replace their keys without losing a session (${version})`, async () => {
      const options = { maxVersion: version };
      const [before, after] = [pastPeriod(-near), pastPeriod(near)];
      await using cluster = new Cluster({ usesTickets: true, ahead: before });
      const one = await cluster.fork();
      const two = await cluster.fork();
      const { session } = await visitWorker(one, options);
      await one.setClock(after);
      // The clock of one is ahead: its tickets are of a key that the other expects.
      const early = await visitWorker(one, options);
      assert.equal((await visitWorker(two, { ...options, session: early.session })).reused, true);
      await two.setClock(after);
      assert.equal((await visitWorker(two, { ...options, session })).reused, true);
      // A worker that was not there when the key was replaced knows the one before as well.
      const three = await cluster.fork();
      await three.setClock(after);
      const late = await visitWorker(three, { ...options, session });
      assert.equal(late.reused, true);
      assert.equal((await visitWorker(two, { ...options, session: late.session })).reused, true);
    });

    it(`do not share what each keeps for itself (${version})`, async () => {
      await using cluster = new Cluster({ usesTickets: false, ahead: 0 });
      const one = await cluster.fork();
      const two = await cluster.fork();
      const { session } = await visitWorker(one, { maxVersion: version });
      assert.equal((await visitWorker(two, { maxVersion: version, session })).reused, false);
    });
  }

  it('do not open the tickets of another cluster', async () => {
    await using ours = new Cluster({ usesTickets: true, ahead: 0 });
    await using theirs = new Cluster({ usesTickets: true, ahead: 0 });
    const { session } = await visit((await theirs.fork()).port, {});
    assert.equal((await visit((await ours.fork()).port, { session })).reused, false);
  });
});
