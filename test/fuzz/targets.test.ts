import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz, fuzzPlans } from './runner.ts';
import { Unexpected } from './target.ts';
import { targets } from './targets/index.ts';

// A short run of each target, the same every time. `npm run fuzz` goes on for as long as it is told to.

describe('what comes from outside', () => {
  for (const target of targets) {
    it(`${target.name}: ${target.what}`, async () => {
      const executions = target.few ?? 2000;
      const unlimited = Number.POSITIVE_INFINITY;
      const budget = { seed: 1, executions, milliseconds: unlimited, longest: unlimited };
      const tally = 'check' in target ? await fuzzPlans(target, budget) : await fuzz(target, budget);
      for (const { input, error } of tally.findings) assert.fail(`${error.stack}\n${input}`);
      assert.ok(tally.executions >= executions);
      assert.ok(tally.outcomes > 1, 'all inputs went the same way');
    });
  }
});

describe('the fuzzer itself', () => {
  const budget = { seed: 1, executions: 20_000, milliseconds: Number.POSITIVE_INFINITY, longest: 1e9 };
  const seeds = [Buffer.from('3003020105', 'hex')];

  it('finds an exception behind three steps, each of which is a new way', async () => {
    const tally = await fuzz(
      {
        name: 'maze',
        what: 'three bytes',
        seeds: [new Uint8Array(3)],
        run(input) {
          const right = [...Buffer.from('tls')].findIndex((byte, i) => byte !== input[i]);
          if (right < 0) throw new RangeError('found');
          return `${right}`;
        },
      },
      { ...budget, executions: 200_000 },
    );
    assert.ok(tally.findings.length > 0 && tally.findings.every(({ error }) => error.message === 'found'));
    assert.equal(tally.findings[0]?.input.slice(0, 6), Buffer.from('tls').toString('hex'));
  });

  it('takes documented exceptions, and no others', async () => {
    const run = (input: Uint8Array): string => {
      if (input.length > 5) throw new RangeError('longer');
      if (input.length < 5) throw new Unexpected('shorter');
      return 'as long';
    };
    const expects = (error: unknown): boolean => error instanceof RangeError;
    const tally = await fuzz({ name: 'length', what: 'bytes', seeds, run, expects }, budget);
    assert.ok(tally.findings.length > 0 && tally.findings.every(({ error }) => error.message === 'shorter'));
  });

  it('feeds the same inputs for the same seed, others for another', async () => {
    const inputsOf = async (seed: number): Promise<string[]> => {
      const inputs: string[] = [];
      const run = (input: Uint8Array): string => `${inputs.push(Buffer.from(input).toString('hex'))}`;
      await fuzz({ name: 'log', what: 'bytes', seeds, run }, { ...budget, seed, executions: 500 });
      return inputs;
    };
    assert.deepEqual(await inputsOf(1), await inputsOf(1));
    assert.notDeepEqual(await inputsOf(1), await inputsOf(2));
  });
});
