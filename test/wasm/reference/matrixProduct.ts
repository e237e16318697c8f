/** A matrix product in float64: activation(op(A) op(B) (+ C) + bias). */

export interface MatrixProduct {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly A: ArrayLike<number>;
  readonly lda: number;
  readonly transA: boolean;
  readonly B: ArrayLike<number>;
  readonly ldb: number;
  readonly transB: boolean;
  /** What C holds before; with ldc elements from row to row. */
  readonly C: ArrayLike<number>;
  readonly ldc: number;
  readonly accumulate: boolean;
  readonly bias?: ArrayLike<number> | undefined;
  readonly activation?: ((x: number) => number) | undefined;
}

/** C afterwards and what the activation was applied to; what stands between the rows stays. */
export function matrixProduct(p: MatrixProduct): { C: number[]; preActivation: number[] } {
  const C = Array.from(p.C);
  const preActivation = Array.from(p.C, () => Number.NaN);
  for (let i = 0; i < p.M; i++) {
    for (let j = 0; j < p.N; j++) {
      const place = i * p.ldc + j;
      let sum = p.accumulate ? C[place]! : 0;
      for (let k = 0; k < p.K; k++) {
        const a = p.A[p.transA ? k * p.lda + i : i * p.lda + k]!;
        const b = p.B[p.transB ? j * p.ldb + k : k * p.ldb + j]!;
        sum += a * b;
      }
      preActivation[place] = sum + (p.bias?.[j] ?? 0);
      C[place] = p.activation ? p.activation(preActivation[place]!) : preActivation[place]!;
    }
  }
  return { C, preActivation };
}

/** Elements of a matrix whose rows are `ld` apart, up to the end of the last row. */
export function spanOf(rows: number, columns: number, ld: number): number {
  return rows === 0 ? 0 : (rows - 1) * ld + columns;
}
