import * as fc from 'fast-check';
import { randomNumbers } from './randomNumbers.ts';
import { activations } from './reference/activation.ts';
import { type MatrixProduct, spanOf } from './reference/matrixProduct.ts';

/** The shape and options of one product; the numbers follow from the seed. */
export interface GemmCase {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly accumulate?: boolean;
  readonly hasBias?: boolean;
  /** An index of `activations`, which is also the code. */
  readonly activation?: number;
  /** What the rows of A, B and C are longer than they need to be. */
  readonly gaps?: readonly [number, number, number];
}

export interface GemmProblem extends MatrixProduct {
  readonly A: Float32Array;
  readonly B: Float32Array;
  readonly C: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly code: number;
}

/** The tensors of a case, each exactly as long as it has to be. */
export function problem(shape: GemmCase): GemmProblem {
  const { M, N, K, transA = false, transB = false, accumulate = false } = shape;
  const [gapA, gapB, gapC] = shape.gaps ?? [0, 0, 0];
  const lda = (transA ? M : K) + gapA;
  const ldb = (transB ? K : N) + gapB;
  const ldc = N + gapC;
  const matrix = (rows: number, columns: number, ld: number, seed: number) =>
    randomNumbers(spanOf(rows, columns, ld), seed, 1);
  const code = shape.activation ?? 0;
  return {
    ...{ M, N, K, lda, ldb, ldc, transA, transB, accumulate, code },
    A: transA ? matrix(K, M, lda, 1) : matrix(M, K, lda, 1),
    B: transB ? matrix(N, K, ldb, 2) : matrix(K, N, ldb, 2),
    C: matrix(M, N, ldc, 3),
    bias: shape.hasBias ? randomNumbers(N, 4, 1) : undefined,
    activation: activations[code]!.value,
  };
}

/** float32 sums of K products of numbers up to 1. */
export const toleranceOf = (K: number) => ({ relative: 2e-6, absolute: 2e-6 + 1.5e-7 * K });

/** Sizes at which tiles, vectors and panels end. */
export const oddSizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 31, 33, 49, 97];

export const transposes = [
  { transA: false, transB: false },
  { transA: false, transB: true },
  { transA: true, transB: false },
  { transA: true, transB: true },
];

/** Any small product, for fast-check. */
export const anyGemmCase: fc.Arbitrary<GemmCase> = fc.record({
  M: fc.integer({ min: 0, max: 60 }),
  N: fc.integer({ min: 0, max: 40 }),
  K: fc.integer({ min: 0, max: 40 }),
  transA: fc.boolean(),
  transB: fc.boolean(),
  accumulate: fc.boolean(),
  hasBias: fc.boolean(),
  activation: fc.integer({ min: 0, max: 8 }),
  gaps: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)),
});
