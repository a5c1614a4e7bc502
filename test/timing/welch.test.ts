import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../support/path-plans.ts';
import { largestT, type Measurement } from './welch.ts';

/** Durations around 1000 with a spread of about 30, and now and then an outlier; those of class 1 are longer by `more`. */
function durations(more: number): Measurement[] {
  const random = new Random(4);
  return Array.from({ length: 20_000 }, () => {
    const kind = random.below(2) as 0 | 1;
    const noise = random.below(50) + random.below(50) + (random.chance(1) ? 100_000 : 0);
    return { kind, nanoseconds: 1000 + noise + kind * more };
  });
}

describe("Welch's t-test", () => {
  it('sees no difference where there is none', () => assert.ok(Math.abs(largestT(durations(0))) < 4.5));
  it('sees one that is a twentieth of the noise', () => assert.ok(Math.abs(largestT(durations(3))) > 10));
  it('tells which class is slower', () => assert.ok(largestT(durations(5)) < 0));
  it("is the textbook's", () => {
    const values = [
      [0, [27.5, 21, 19, 23.6, 17, 17.9]],
      [1, [27.1, 22, 20.8, 23.4, 23.4, 23.5]],
    ] as const;
    const measurements = values.flatMap(([kind, list]) => list.map((nanoseconds) => ({ kind, nanoseconds })));
    // Means 21 and 23.3667, variances 15.812 and 4.39467, six each: t = -1.2898.
    const all = measurements.map((one) => ({ ...one }));
    assert.ok(Math.abs(largestT(all)) >= 1.289);
  });
});
