import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectClose } from './expectClose.ts';
import { anyGemmCase, type GemmCase, oddSizes, problem, toleranceOf } from './gemmCase.ts';
import { gemv } from './gemmKernels.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { MemoryEnd } from './memoryEnd.ts';
import { matrixProduct } from './reference/matrixProduct.ts';

function expectProduct(guarded: GuardedMemory, fractions: readonly number[], shape: GemmCase) {
  const p = problem({ ...shape, M: 1, transA: false });
  const { K } = p;
  const [y, preActivation] = gemv(guarded, fractions, p);
  const expected = matrixProduct(p);
  expectClose(y!, expected.C, toleranceOf(K));
  const hasEpilogue = p.bias !== undefined || p.code !== 0;
  if (hasEpilogue) expectClose(preActivation!, expected.preActivation, toleranceOf(K));
}

describe.each(builds)('f32_gemv, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each([false, true])('agrees with float64 at sizes where vectors end: transB %s', (transB) => {
    for (const N of [...oddSizes, 257]) {
      for (const K of [0, ...oddSizes, 257]) expectProduct(memory, [0.3], { M: 1, N, K, transB });
    }
  });

  it('agrees with float64 for any shape and option, and its bits do not depend on the split', () => {
    fc.assert(
      fc.property(anyGemmCase, anySplit, (shape, fractions) => {
        expectProduct(memory, fractions, shape);
      }),
      { numRuns: 300 },
    );
  });

  it.each([false, true])('reads nothing behind x or B: transB %s', (transB) => {
    for (const N of [1, 2, 3, 5, 8]) {
      for (const K of [1, 3, 7, 8, 13]) {
        for (const last of ['A', 'B'] as const) {
          const p = problem({ M: 1, N, K, transB });
          const end = new MemoryEnd(module, 1);
          const place = (name: 'A' | 'B') =>
            name === last ? end.atTheEnd(p[name]) : end.f32(p[name]);
          const [x, b] = [place('A'), place('B')];
          const y = end.f32(p.C);
          end.kernels.f32_gemv!(x, b, p.ldb, Number(transB), y, N, K, 0, 0, 0, 0, 0, N);
          expectClose(end.readF32(y, N), matrixProduct(p).C, toleranceOf(K));
        }
      }
    }
  });
});
