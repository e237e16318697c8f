import * as fc from 'fast-check';
import { runSplit } from '../../wasm/guardedMemory.ts';
import { randomNumbers } from '../../wasm/randomNumbers.ts';
import { columnSums, rowSums, sumOfSquares } from '../../wasm/reference/sums.ts';
import { columnSumsKernel, rowSumsKernel, sumOfSquaresKernel } from '../../wasm/sumKernels.ts';
import { type FuzzedKernel, fuzzed, matrix, seed, size } from './fuzzedKernel.ts';

/** Rows of float32 sums of `count` numbers up to 2. */
const ofSums = (count: number) => [{ absolute: 1e-5 + 2e-7 * count }];

const float64 = fc
  .record({ n: size(), seed })
  .map(({ n, seed }) => Float64Array.from(randomNumbers(n, seed), (x) => x / 3));

export const sumRows: readonly FuzzedKernel[] = [
  fuzzed('f32_columnSums', {
    any: matrix(),
    run: (memory, split, { N, D, seed }) => [
      columnSumsKernel(memory, split, randomNumbers(N * D, seed), D),
    ],
    reference: ({ N, D, seed }) => [columnSums(randomNumbers(N * D, seed), D)],
    tolerances: ({ N }) => ofSums(N),
  }),
  fuzzed('f32_sumPartials', {
    any: fc.tuple(matrix(), fc.nat(5)),
    run: (memory, split, [{ N, D, seed }, gap]) =>
      runSplit(memory, split, (guarded, parts) => {
        const partials = guarded.f32(randomNumbers(N * (D + gap), seed));
        const y = guarded.f32(D);
        for (const [begin, end] of parts(D)) {
          guarded.kernels.f32_sumPartials!(partials, N, D + gap, y, begin, end);
        }
        return [guarded.readF32(y, D)];
      }),
    reference: ([{ N, D, seed }, gap]) => {
      return [columnSums(randomNumbers(N * (D + gap), seed), D + gap).slice(0, D)];
    },
    tolerances: ([{ N }]) => ofSums(N),
  }),
  fuzzed('f32_rowSums', {
    any: matrix(),
    run: (memory, split, { N, D, seed }) => [
      rowSumsKernel(memory, split, randomNumbers(N * D, seed), D),
    ],
    reference: ({ N, D, seed }) => [rowSums(randomNumbers(N * D, seed), D)],
    tolerances: ({ D }) => ofSums(D),
  }),
  fuzzed('f32_sumOfSquares', {
    any: fc.record({ n: size(0, 385).map((n) => 32 * n), seed }),
    run: (memory, split, { n, seed }) => [
      [sumOfSquaresKernel(memory, split, randomNumbers(n, seed))],
    ],
    reference: ({ n, seed }) => [[sumOfSquares(randomNumbers(n, seed))]],
    tolerances: () => [{ relative: 1e-13, absolute: 0 }],
  }),
  fuzzed('f64_sum', {
    any: float64,
    run: (memory, _, x) => {
      memory.reset();
      const values = memory.i32(new Int32Array(x.buffer));
      return [[memory.kernels.f64_sum!(values, x.length)]];
    },
    reference: (x) => [[x.reduce((sum, value) => sum + value, 0)]],
    tolerances: () => [{ relative: 0, absolute: 0 }],
  }),
];
