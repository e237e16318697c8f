import * as fc from 'fast-check';
import { type GemmCase, problem, toleranceOf } from '../../wasm/gemmCase.ts';
import {
  batchProblem,
  batchProduct,
  gemm,
  gemmBatch,
  gemv,
  gemvRows,
  PANEL,
} from '../../wasm/gemmKernels.ts';
import { firstDifference, runSplit } from '../../wasm/guardedMemory.ts';
import { activations } from '../../wasm/reference/activation.ts';
import { matrixProduct } from '../../wasm/reference/matrixProduct.ts';
import { type FuzzedKernel, fuzzed, size } from './fuzzedKernel.ts';

const options = {
  transA: fc.boolean(),
  transB: fc.boolean(),
  accumulate: fc.boolean(),
  hasBias: fc.boolean(),
  activation: fc.nat(activations.length - 1),
  gaps: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)),
};

/** Multiplications that the reference can make in some ten milliseconds. */
const MOST = 2_000_000;

const product: fc.Arbitrary<GemmCase> = fc
  .record({ M: size(), N: size(), K: size(), ...options })
  .filter(({ M, N, K }) => M * N * K <= MOST && (M + N) * K <= 100_000);

const oneRow: fc.Arbitrary<GemmCase> = fc
  .record({ N: size(), K: size(), ...options })
  .filter(({ N, K }) => N * K <= 100_000)
  .map((shape) => ({ ...shape, M: 1, transA: false }));

const batch = fc
  .record({
    ...{ batch: size(0, 9), M: size(0, 129), N: size(0, 129), K: size(0, 129) },
    ...{ transA: fc.boolean(), transB: fc.boolean(), accumulate: fc.boolean() },
    ...{ repeatA: fc.boolean(), repeatB: fc.boolean() },
  })
  .filter(({ batch, M, N, K }) => Math.max(batch, 1) * M * N * K <= MOST);

/** B in panels of eight columns, zero behind the last. */
function packed({ N, K, transB, B, ldb }: ReturnType<typeof problem>): number[] {
  return Array.from({ length: Math.ceil(N / PANEL) * K * PANEL }, (_, i) => {
    const panel = Math.floor(i / (K * PANEL));
    const [k, column] = [Math.floor(i / PANEL) % K, panel * PANEL + (i % PANEL)];
    return column < N ? B[transB ? column * ldb + k : k * ldb + column]! : 0;
  });
}

export const productRows: readonly FuzzedKernel[] = [
  fuzzed('f32_gemm_packB', {
    any: product,
    run: (memory, split, shape) =>
      runSplit(memory, split, (guarded, parts) => {
        const { B, ldb, transB, K, N } = problem(shape);
        const bytes = guarded.kernels.f32_gemm_packedBytes!(K, N);
        const [b, target] = [guarded.f32(B), guarded.allocate(bytes)];
        for (const [begin, end] of parts(Math.ceil(N / PANEL))) {
          guarded.kernels.f32_gemm_packB!(b, ldb, Number(transB), K, N, target, begin, end);
        }
        return [guarded.readF32(target, bytes / 4)];
      }),
    reference: (shape) => [packed(problem(shape))],
    tolerances: () => [{ relative: 0, absolute: 0 }],
  }),
  fuzzed('f32_gemm_rows', {
    any: product,
    run: (memory, split, shape) => gemm(memory, split, problem(shape)),
    reference: (shape) => {
      const { C, preActivation } = matrixProduct(problem(shape));
      return [C, preActivation];
    },
    tolerances: ({ K }) => [toleranceOf(K), toleranceOf(K)],
  }),
  fuzzed('f32_gemm_batch', {
    any: batch,
    run: (memory, split, shape) => [gemmBatch(memory, split, batchProblem(shape))],
    reference: (shape) => [batchProduct(batchProblem(shape))],
    tolerances: ({ K }) => [toleranceOf(K)],
  }),
  fuzzed('f32_gemv', {
    any: oneRow,
    run: (memory, split, shape) => {
      const p = problem(shape);
      const [y, preActivation] = gemv(memory, split, p);
      return p.bias || p.code ? [y, preActivation] : [y];
    },
    reference: (shape) => {
      const { N } = shape;
      const { C, preActivation } = matrixProduct(problem(shape));
      return [C.slice(0, N), preActivation.slice(0, N)];
    },
    tolerances: ({ K }) => [toleranceOf(K), toleranceOf(K)],
  }),
  fuzzed('f32_gemv_rows', {
    any: product.map((shape) => ({ ...shape, transA: false })),
    run: (memory, split, shape) => {
      const [together, apart] = gemvRows(memory, split, problem(shape));
      const place = firstDifference(together, apart);
      if (place >= 0) throw new Error(`number ${place} is another one than of the row alone`);
      return [together];
    },
    reference: (shape) => [matrixProduct(problem(shape)).C],
    tolerances: ({ K }) => [toleranceOf(K)],
  }),
];
