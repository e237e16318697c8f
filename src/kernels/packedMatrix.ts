import { AnyformerError } from '../core/errors.ts';
import type { AnyformerBackend } from '../engine/backend.ts';
import { runRange } from './run.ts';

/** The right operand of a product, op(B): (K, N), which stands as (N, K) when transposed. */
export interface RightMatrix {
  readonly address: number;
  readonly K: number;
  readonly N: number;
  readonly transposed: boolean;
}

/** Columns that are packed together: the unit of `f32_gemm_packB`. */
export const PANEL = 8;

/** Bytes of a packed op(B). */
export function packedBytes(backend: AnyformerBackend, K: number, N: number): number {
  return backend.native.f32_gemm_packedBytes!(K, N) >>> 0;
}

/** Copies `rows` rows of op(B), from `firstRow` on, into panels for `f32_gemm_rows`. */
export function packMatrix(
  backend: AnyformerBackend,
  matrix: RightMatrix & { readonly firstRow: number; readonly rows: number },
  packed: number,
): void {
  const { address, K, N, transposed, firstRow, rows } = matrix;
  const first = address + 4 * firstRow * (transposed ? 1 : N);
  const ldb = transposed ? K : N;
  const parameters = [first, ldb, Number(transposed), rows, N, packed];
  const units = Math.ceil(N / PANEL);
  runRange(backend, 'f32_gemm_packB', parameters, units, { unitWork: PANEL * rows });
}

/**
 * The packed copy of a matrix that is multiplied with more than once, as a weight is in prediction:
 * made at the second time and kept until the matrix changes or is disposed of.
 *
 * A weight in training changes before its second time, so nothing is kept of it.
 *
 * @param identity the matrix's dataId.
 * @returns the address, or undefined where nothing is kept (yet).
 */
export function packedMatrix(
  backend: AnyformerBackend,
  identity: object,
  matrix: RightMatrix,
): number | undefined {
  const { K, N, transposed } = matrix;
  // Other shapes of the same elements are other matrices.
  const name = `packed ${K} ${N} ${transposed}`;
  const kept = backend.derived(identity, name);
  if (kept === undefined) {
    backend.keepDerived(identity, name, SEEN_ONCE);
    return undefined;
  }
  if (kept !== SEEN_ONCE) return kept;
  const packed = allocate(backend, packedBytes(backend, K, N));
  if (packed === undefined) return undefined;
  packMatrix(backend, { ...matrix, firstRow: 0, rows: K }, packed);
  backend.keepDerived(identity, name, packed);
  return packed;
}

const SEEN_ONCE = 0;

/** Keeping a copy is not worth an error: without the memory it is packed each time. */
function allocate({ heap }: AnyformerBackend, bytes: number): number | undefined {
  if (bytes === 0) return undefined;
  try {
    return heap.malloc(bytes);
  } catch (error) {
    if (error instanceof AnyformerError && error.code === 'OUT_OF_MEMORY') return undefined;
    throw error;
  }
}
