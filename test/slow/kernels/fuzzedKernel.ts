import * as fc from 'fast-check';
import { expectClose, type Tolerance } from '../../wasm/expectClose.ts';
import { anySplit, type GuardedMemory } from '../../wasm/guardedMemory.ts';

type Numbers = ArrayLike<number>;

/** A kernel of the table: what it is run on, and what it is compared with. */
interface Row<Case> {
  readonly any: fc.Arbitrary<Case>;
  /** Runs it whole and split, each buffer between guards; gives what came out. */
  readonly run: (memory: GuardedMemory, split: readonly number[], c: Case) => readonly Numbers[];
  /** The same from the scalar reference. */
  readonly reference: (c: Case) => readonly Numbers[];
  /** How near each output has to be. Default: that of `expectClose`. */
  readonly tolerances?: (c: Case) => readonly Tolerance[];
}

/** A kernel by the name of its export, and its comparison with the reference. */
export interface FuzzedKernel {
  readonly kernel: string;
  /** @throws Error with the seed and the smallest case found that fails. */
  readonly check: (memory: GuardedMemory, numRuns: number) => void;
}

export function fuzzed<Case>(kernel: string, row: Row<Case>): FuzzedKernel {
  const { any, run, reference, tolerances } = row;
  const property = (memory: GuardedMemory) =>
    fc.property(any, anySplit, (c, split) => {
      const expected = reference(c);
      const actual = run(memory, split, c);
      for (const [i, numbers] of actual.entries()) {
        expectClose(numbers, expected[i]!, tolerances?.(c)[i]);
      }
    });
  return { kernel, check: (memory, numRuns) => fc.assert(property(memory), { numRuns }) };
}

/** Sizes at which vectors, tiles, panels and blocks end. */
const edges = [
  ...[0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49],
  ...[95, 96, 97, 127, 128, 129, 383, 384, 385],
];

/** A size: mostly one of the edges. */
export function size(least = 0, most = 385): fc.Arbitrary<number> {
  const inside = edges.filter((edge) => edge >= least && edge <= most);
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...inside) },
    { weight: 1, arbitrary: fc.integer({ min: least, max: most }) },
  );
}

export const seed = fc.nat(1e6);

/** A matrix of N rows and D columns, small enough for a reference in plain loops. */
export function matrix(leastColumns = 1): fc.Arbitrary<{ N: number; D: number; seed: number }> {
  return fc
    .record({ N: size(), D: size(leastColumns), seed })
    .filter(({ N, D }) => N * D <= 40_000);
}
