/** Running mean and variance (Welford). */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const delta = value - this.mean;
    this.mean += delta / this.count;
    this.#squares += delta * (value - this.mean);
  }

  get variance(): number {
    return this.#squares / (this.count - 1);
  }
}

/** One duration, and the class of the input that it belongs to. */
export interface Measurement {
  readonly kind: 0 | 1;
  readonly nanoseconds: number;
}

/** Shares of the measurements that are kept, the fastest: what is slower was mostly something else. */
const crops = [1, 0.99, 0.9, 0.75, 0.5] as const;

/** Welch's t of the durations of two classes. */
function welch(measurements: readonly Measurement[], longest: number): number {
  const [a, b] = [new Moments(), new Moments()];
  for (const { kind, nanoseconds } of measurements) if (nanoseconds <= longest) (kind === 0 ? a : b).add(nanoseconds);
  if (a.count < 2 || b.count < 2) return 0;
  const spread = Math.sqrt(a.variance / a.count + b.variance / b.count);
  return spread === 0 ? 0 : (a.mean - b.mean) / spread;
}

/** The largest t, whatever its sign, over several ways to leave out slow measurements, as dudect does it. */
export function largestT(measurements: readonly Measurement[]): number {
  const sorted = measurements.map(({ nanoseconds }) => nanoseconds).sort((x, y) => x - y);
  const all = crops.map((crop) => welch(measurements, sorted[Math.ceil(crop * sorted.length) - 1] ?? 0));
  return all.reduce((largest, t) => (Math.abs(t) > Math.abs(largest) ? t : largest), 0);
}
