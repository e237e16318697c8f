import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectClose } from './expectClose.ts';
import { anyGemmCase, type GemmCase, oddSizes, problem, toleranceOf } from './gemmCase.ts';
import { gemvRows } from './gemmKernels.ts';
import { anySplit, builds, firstDifference, GuardedMemory } from './guardedMemory.ts';
import { MemoryEnd } from './memoryEnd.ts';
import { matrixProduct } from './reference/matrixProduct.ts';

/** `f32_gemv_rows` against float64, and bit for bit against `f32_gemv` of each row. */
function expectRows(guarded: GuardedMemory, fractions: readonly number[], shape: GemmCase) {
  const p = problem({ ...shape, transA: false });
  const [together, apart] = gemvRows(guarded, fractions, p);
  expectClose(together, matrixProduct(p).C, toleranceOf(p.K));
  const place = firstDifference(together, apart);
  if (place >= 0) throw new Error(`number ${place} is another one than of the row alone`);
}

describe.each(builds)('f32_gemv_rows, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each([false, true])(
    'agrees with float64 where vectors and blocks end: transB %s',
    (transB) => {
      for (const N of [...oddSizes, 259]) {
        for (const K of [0, 1, 7, 8, 9, 33]) expectRows(memory, [0.3], { M: 3, N, K, transB });
      }
      expectRows(memory, [0.6], { M: 33, N: 300, K: 17, transB });
      expectRows(memory, [], { M: 2, N: 5, K: 4100, transB });
      expectRows(memory, [], { M: 5, N: 2100, K: 9, transB });
    },
  );

  it('agrees with float64 for any shape and option, and its bits do not depend on the split', () => {
    fc.assert(
      fc.property(anyGemmCase, anySplit, (shape, fractions) => {
        expectRows(memory, fractions, shape);
      }),
      { numRuns: 300 },
    );
  });

  it.each([false, true])('reads nothing behind x or B: transB %s', (transB) => {
    for (const N of [1, 3, 5, 8]) {
      for (const K of [1, 3, 8, 13]) {
        for (const last of ['A', 'B'] as const) {
          const p = problem({ M: 2, N, K, transB });
          const end = new MemoryEnd(module, 1);
          const place = (name: 'A' | 'B') =>
            name === last ? end.atTheEnd(p[name]) : end.f32(p[name]);
          const [x, b] = [place('A'), place('B')];
          const y = end.f32(p.C);
          end.kernels.f32_gemv_rows!(x, K, 2, b, p.ldb, Number(transB), y, N, N, K, 0, 0, 0, 0, N);
          expectClose(end.readF32(y, 2 * N), matrixProduct(p).C, toleranceOf(K));
        }
      }
    }
  });
});
