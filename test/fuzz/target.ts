import fc from 'fast-check';
import type { Random } from '../support/path-plans.ts';
import type { Node } from './structure.ts';

/** Something that takes bytes from outside. */
export interface Target {
  readonly name: string;
  /** What is fed, in a few words. */
  readonly what: string;
  /** Inputs that are right, from which wrong ones are made; the corpus. */
  readonly seeds: readonly Uint8Array[];
  /** Takes an input apart, so that it can be changed where its structure says; bytes are changed in any case. */
  readonly parse?: (input: Uint8Array) => readonly Node[] | undefined;
  /**
   * Feeds an input once. Returns in a word what came of it, which tells inputs that go a new way; throws for what must
   * not be.
   */
  run(input: Uint8Array, random: Random): string | Promise<string>;
  /** Whether an exception is one that is documented. */
  expects?(error: unknown): boolean;
  /** Its share of the time; 1 unless told otherwise. */
  readonly weight?: number;
  /** Executions of a short run, where 2000 take too long. */
  readonly few?: number;
}

/** Something that is fed with what fast-check makes up. */
export interface PlanTarget extends PlanFacts {
  /** Runs so many plans; tells each that was run. Returns the smallest plan found that must not be, in words. */
  check(
    seed: number,
    runs: number,
    ran: (outcome: string, milliseconds: number, again: () => unknown) => void,
  ): PlanFailure | undefined;
}

interface PlanFailure {
  readonly plan: string;
  readonly error: Error;
}

type PlanFacts = Pick<Target, 'name' | 'what' | 'weight' | 'few'>;

/** A target whose inputs are plans. */
export function planTarget<Plan>(
  target: PlanFacts & {
    readonly plans: fc.Arbitrary<Plan>;
    run(plan: Plan): string;
  },
): PlanTarget {
  return {
    ...target,
    check(seed, numRuns, ran) {
      const property = fc.property(target.plans, (plan) => {
        const start = performance.now();
        const outcome = target.run(plan);
        ran(outcome, performance.now() - start, () => target.run(plan));
      });
      const result = fc.check(property, { seed, numRuns });
      if (!result.failed) return undefined;
      const error = result.errorInstance instanceof Error ? result.errorInstance : new Error('it failed');
      return { plan: fc.stringify(result.counterexample), error };
    },
  };
}

/** What is asked of a target. */
export interface Budget {
  readonly seed: number;
  /** Ends after so many executions, or milliseconds, whatever is first. */
  readonly executions: number;
  readonly milliseconds: number;
  /** Milliseconds that no input may take. */
  readonly longest: number;
}

/** An input that does what none may do. */
export interface Finding {
  /** Bytes in hexadecimal, or a plan. */
  readonly input: string;
  readonly error: Error;
}

/** What came of a target. */
export interface Tally {
  readonly target: Pick<Target, 'name' | 'what'>;
  readonly executions: number;
  readonly milliseconds: number;
  /** Different ways that inputs took, told by what came of them. */
  readonly outcomes: number;
  /** Milliseconds of the slowest execution, whatever else the machine did meanwhile. */
  readonly slowest: number;
  /** Bytes by which the heap grew, garbage aside, from a fifth of the time on; `undefined` where it cannot be told. */
  readonly growth: number | undefined;
  readonly findings: readonly Finding[];
}

/** Thrown where a target's own expectation is not met. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

/** Throws `Unexpected` unless something holds. */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Unexpected(message);
}
