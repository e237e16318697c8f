import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from './expectClose.ts';
import {
  anyGemmCase,
  type GemmCase,
  oddSizes,
  problem,
  toleranceOf,
  transposes,
} from './gemmCase.ts';
import { batchProblem, batchProduct, gemm, gemmBatch, PANEL } from './gemmKernels.ts';
import { anySplit, builds, firstDifference, GuardedMemory, runSplit } from './guardedMemory.ts';
import { MemoryEnd } from './memoryEnd.ts';
import { matrixProduct } from './reference/matrixProduct.ts';

function expectProduct(guarded: GuardedMemory, fractions: readonly number[], shape: GemmCase) {
  const p = problem(shape);
  const [C, preActivation] = gemm(guarded, fractions, p);
  const expected = matrixProduct(p);
  expectClose(C, expected.C, toleranceOf(p.K));
  expectClose(preActivation, expected.preActivation, toleranceOf(p.K));
}

describe.each(builds)('f32_gemm, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each(transposes)('agrees with float64 at sizes where tiles end: %o', (transpose) => {
    for (const M of oddSizes) {
      for (const N of oddSizes) expectProduct(memory, [0.4], { M, N, K: 5, ...transpose });
      for (const K of oddSizes) expectProduct(memory, [0.4], { M, N: 9, K, ...transpose });
    }
  });

  it.each(transposes)('agrees with float64 where blocks of rows, sums and columns end: %o', (t) => {
    expectProduct(memory, [0.3, 0.6], { M: 97, N: 33, K: 385, accumulate: true, ...t });
    expectProduct(memory, [0.5], { M: 5, N: 2057, K: 31, hasBias: true, ...t });
    expectProduct(memory, [], { M: 50, N: 7, K: 801, gaps: [3, 2, 1], activation: 2, ...t });
  });

  it('agrees with float64 for any shape and option, and its bits do not depend on the split', () => {
    fc.assert(
      fc.property(anyGemmCase, anySplit, (shape, fractions) => {
        expectProduct(memory, fractions, shape);
      }),
      { numRuns: 300 },
    );
  });

  it.each([false, true])(
    'packs panels of eight columns, zero behind the last: transB %s',
    (transB) => {
      const p = problem({ M: 1, N: 11, K: 7, transB, gaps: [0, 2, 0] });
      const [packed] = runSplit(memory, [0.5], ({ kernels }, parts) => {
        const [b, target] = [
          memory.f32(p.B),
          memory.allocate(kernels.f32_gemm_packedBytes!(7, 11)),
        ];
        for (const [begin, end] of parts(2)) {
          kernels.f32_gemm_packB!(b, p.ldb, Number(transB), 7, 11, target, begin, end);
        }
        return [memory.readF32(target, 2 * 7 * PANEL)];
      });
      const expected = Array.from({ length: 2 * 7 * PANEL }, (_, i) => {
        const [k, column] = [
          Math.floor(i / PANEL) % 7,
          Math.floor(i / PANEL / 7) * PANEL + (i % PANEL),
        ];
        if (column >= 11) return 0;
        return p.B[transB ? column * p.ldb + k : k * p.ldb + column]!;
      });
      expect([...packed!]).toEqual(expected);
    },
  );

  it('gives a row the same bits alone and among others', () => {
    const whole = problem({ M: 61, N: 29, K: 401, hasBias: true, activation: 2 });
    const [C] = gemm(memory, [], whole);
    for (const row of [0, 3, 7, 60]) {
      const A = whole.A.slice(row * whole.lda, row * whole.lda + whole.K);
      const [alone] = gemm(memory, [], { ...whole, M: 1, A, C: whole.C.slice(0, whole.N) });
      const among = C.slice(row * whole.ldc, row * whole.ldc + whole.N);
      expect(firstDifference(alone, among)).toBe(-1);
    }
  });

  it('takes ranges that reach beyond the matrix as its end', () => {
    const p = problem({ M: 5, N: 11, K: 3 });
    const [C] = runSplit(memory, [], ({ kernels }) => {
      const packed = memory.allocate(kernels.f32_gemm_packedBytes!(p.K, p.N));
      const scratch = memory.allocate(kernels.f32_gemm_scratchBytes!());
      const [a, b, c] = [memory.f32(p.A), memory.f32(p.B), memory.f32(p.C)];
      kernels.f32_gemm_packB!(b, p.ldb, 0, p.K, p.N, packed, 0, 64);
      const shape = [p.M, p.N, p.K];
      kernels.f32_gemm_rows!(a, p.lda, 0, packed, c, p.ldc, ...shape, 0, 0, 0, 0, scratch, 0, 64);
      return [memory.readF32(c, p.C.length)];
    });
    expectClose(C!, matrixProduct(p).C, toleranceOf(p.K));
  });

  it('lets NaN and Infinity through, and only where they belong', () => {
    const p = problem({ M: 9, N: 13, K: 6 });
    p.A[2 * p.lda + 1] = Number.NaN;
    p.A[4 * p.lda + 3] = Number.POSITIVE_INFINITY;
    p.B[5 * p.ldb + 12] = Number.NEGATIVE_INFINITY;
    const [C] = gemm(memory, [], p);
    const expected = matrixProduct(p).C;
    expectClose(C, expected, toleranceOf(p.K));
    expect(expected.filter(Number.isNaN).length).toBe(p.N);
    expect(expected.filter(Number.isFinite).length).toBeGreaterThan(5 * p.N);
  });

  it.each(transposes)('reads nothing behind A, B or the bias: %o', (transpose) => {
    for (const last of ['A', 'B', 'bias'] as const) {
      for (const [M, N, K] of [
        [5, 11, 7],
        [9, 8, 4],
        [7, 3, 1],
      ] as const) {
        const p = problem({ M, N, K, hasBias: true, ...transpose });
        const end = new MemoryEnd(module);
        const place = (name: 'A' | 'B' | 'bias') =>
          name === last ? end.atTheEnd(p[name]!) : end.f32(p[name]!);
        const [a, b, bias] = [place('A'), place('B'), place('bias')];
        const c = end.f32(p.C);
        const { kernels } = end;
        const packed = end.allocate(kernels.f32_gemm_packedBytes!(K, N));
        const scratch = end.allocate(kernels.f32_gemm_scratchBytes!());
        const shape = [M, N, K];
        const [tA, tB] = [Number(p.transA), Number(p.transB)];
        kernels.f32_gemm_packB!(b, p.ldb, tB, K, N, packed, 0, Math.ceil(N / PANEL));
        kernels.f32_gemm_rows!(
          ...[a, p.lda, tA, packed, c, p.ldc, ...shape, 0, bias, 0, 0, scratch, 0, M],
        );
        expectClose(end.readF32(c, p.C.length), matrixProduct(p).C, toleranceOf(K));
      }
    }
  });
});

describe.each(builds)('f32_gemm_batch, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  const anyBatch = fc.record({
    batch: fc.nat(5),
    M: fc.integer({ min: 0, max: 12 }),
    N: fc.integer({ min: 0, max: 20 }),
    K: fc.integer({ min: 0, max: 12 }),
    transA: fc.boolean(),
    transB: fc.boolean(),
    accumulate: fc.boolean(),
    repeatA: fc.boolean(),
    repeatB: fc.boolean(),
  });

  it('multiplies pair by pair, whatever the shape and the split', () => {
    fc.assert(
      fc.property(anyBatch, anySplit, ({ batch, repeatA, repeatB, ...shape }, fractions) => {
        const { K } = shape;
        const p = batchProblem({ batch, repeatA, repeatB, ...shape });
        const result = gemmBatch(memory, fractions, p);
        expectClose(result, batchProduct(p), toleranceOf(K));
      }),
      { numRuns: 200 },
    );
  });
});
