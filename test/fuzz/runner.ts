import { Random } from '../support/path-plans.ts';
import { mutateBytes } from './byte-mutator.ts';
import { mutateTree, type Node } from './structure.ts';
import { type Budget, type Finding, type PlanTarget, type Tally, type Target, Unexpected } from './target.ts';

/** Inputs that went a new way and are changed further; longer ones are not kept. */
const poolLimit = { inputs: 400, bytes: 20_000 } as const;
/** Ways that are told apart. */
const mostOutcomes = 3000;
/** Findings of one target after which it is left alone. */
const enough = 5;

/** The inputs that others are made of: the corpus, and what went a new way. */
class Pool {
  readonly #inputs: Uint8Array[];
  readonly #trees = new WeakMap<Uint8Array, readonly Node[]>();
  readonly #target: Target;
  readonly #random: Random;

  constructor(target: Target, random: Random) {
    this.#target = target;
    this.#random = random;
    this.#inputs = [...target.seeds];
  }

  add(input: Uint8Array): void {
    if (input.length > poolLimit.bytes) return;
    const copy = Uint8Array.from(input);
    const { length } = this.#inputs;
    if (length < poolLimit.inputs + this.#target.seeds.length) this.#inputs.push(copy);
    else this.#inputs[this.#target.seeds.length + this.#random.below(poolLimit.inputs)] = copy;
  }

  /** Forgets all but the corpus. */
  clear(): void {
    this.#inputs.length = this.#target.seeds.length;
  }

  /** Another input. */
  next(): Uint8Array {
    const random = this.#random;
    const input = random.pick(this.#inputs);
    const tree = random.chance(60) ? this.#treeOf(input) : [];
    if (tree.length === 0) return mutateBytes(input, random, () => random.pick(this.#inputs));
    const changed = mutateTree(tree, random, this.#treeOf(random.pick(this.#inputs)));
    return random.chance(10) ? mutateBytes(changed, random) : changed;
  }

  #treeOf(input: Uint8Array): readonly Node[] {
    const known = this.#trees.get(input);
    if (known) return known;
    const tree = this.#target.parse?.(input) ?? [];
    this.#trees.set(input, tree);
    return tree;
  }
}

/** What came of an input; numbers in it are no difference. */
const outcomeOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message.slice(0, 120).replace(/\d+/g, 'n')}` : String(error);

/** Feeds a target with changed inputs. Is the same for the same seed and number of executions. */
export async function fuzz(target: Target, budget: Budget): Promise<Tally> {
  const random = new Random(budget.seed);
  const pool = new Pool(target, random);
  const outcomes = new Set<string>();
  const findings: Finding[] = [];
  const started = performance.now();
  let executions = 0;
  let slowest = 0;
  let before: number | undefined;

  const feed = async (input: Uint8Array, seed: number): Promise<string> => {
    try {
      const outcome = target.run(input, new Random(seed));
      return typeof outcome === 'string' ? outcome : await outcome;
    } catch (error) {
      if (error instanceof Unexpected || target.expects?.(error) !== true) throw error;
      return outcomeOf(error);
    }
  };

  const execute = async (input: Uint8Array): Promise<void> => {
    executions++;
    const copy = Uint8Array.from(input);
    const seed = random.below(2 ** 31);
    try {
      const start = performance.now();
      const outcome = await feed(input, seed);
      const took = performance.now() - start;
      const again = (): unknown => target.run(Uint8Array.from(copy), new Random(seed));
      const least = took > budget.longest ? leastTime(again, took) : took;
      slowest = Math.max(slowest, least);
      if (least > budget.longest) throw new Unexpected(`took ${Math.round(least)} ms`);
      if (outcomes.has(outcome) || outcomes.size >= mostOutcomes) return;
      outcomes.add(outcome);
      pool.add(copy);
    } catch (error) {
      findings.push({
        input: Buffer.from(copy).toString('hex'),
        error: error instanceof Error ? error : new Error(String(error)),
      });
    }
  };

  for (const input of target.seeds) await execute(input);
  while (executions < budget.executions && findings.length < enough) {
    await execute(pool.next());
    const spent = performance.now() - started;
    if (before === undefined && spent > budget.milliseconds / 5) {
      pool.clear();
      before = heapSize();
    }
    if (spent > budget.milliseconds) break;
  }
  const milliseconds = performance.now() - started;
  pool.clear();
  const after = before === undefined ? undefined : heapSize();
  const growth = before !== undefined && after !== undefined ? after - before : undefined;
  return { target, executions, milliseconds, outcomes: outcomes.size, slowest, growth, findings };
}

/** Lets promises settle, and what was collected be given back. */
async function turn(): Promise<void> {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}

/** Plans between two looks at the clock. */
const batch = 500;

/** Feeds a target with plans. Is the same for the same seed and number of executions. */
export async function fuzzPlans(target: PlanTarget, budget: Budget): Promise<Tally> {
  const outcomes = new Set<string>();
  const findings: Finding[] = [];
  const started = performance.now();
  let executions = 0;
  let slowest = 0;
  let before: number | undefined;
  for (let number = 0; executions < budget.executions && findings.length < enough; number++) {
    const runs = Math.min(batch, budget.executions - executions);
    const failure = target.check(budget.seed * 1_000_003 + number, runs, (outcome, took, again) => {
      executions++;
      outcomes.add(outcome);
      const least = took > budget.longest ? leastTime(again, took) : took;
      slowest = Math.max(slowest, least);
      if (least > budget.longest) throw new Unexpected(`took ${Math.round(least)} ms`);
    });
    if (failure) findings.push({ input: failure.plan, error: failure.error });
    const spent = performance.now() - started;
    await turn();
    if (before === undefined && spent > budget.milliseconds / 5) before = heapSize();
    if (spent > budget.milliseconds) break;
  }
  const milliseconds = performance.now() - started;
  await turn();
  const growth = before === undefined ? undefined : heapSize()! - before;
  return { target, executions, milliseconds, outcomes: outcomes.size, slowest, growth, findings };
}

/** How long something takes when nothing comes in between: the least of ten times. */
function leastTime(run: () => unknown, first: number): number {
  let least = first;
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    try {
      void run();
    } catch {} // a documented exception takes its time, too
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** Bytes that are in use, in the heap and outside of it; `undefined` without `--expose-gc`. */
function heapSize(): number | undefined {
  if (!globalThis.gc) return undefined;
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
