import type { AnyformerBackend } from '../engine/backend.ts';
import { runRange } from './run.ts';

/** How many chunks the reductions over rows split `rows` into: fixed, whatever the threads. */
export function chunkCount(backend: AnyformerBackend, rows: number): number {
  return Math.ceil(rows / backend.native.rowsPerChunk!());
}

/**
 * Writes the sums over the rows of x (rows, columns) to y (columns); zeros where there is no row.
 *
 * @param x,y addresses, read after every allocation of the caller. The scratch buffer is used.
 */
export function columnSums(
  backend: AnyformerBackend,
  x: number,
  rows: number,
  columns: number,
  y: number,
): void {
  const chunks = chunkCount(backend, rows);
  if (chunks <= 1) {
    runRange(backend, 'f32_sumPartials', [x, rows, columns, y], columns);
    return;
  }
  const bytes = backend.native.f32_columnSumsPartialBytes!(rows, columns) >>> 0;
  const partials = backend.heap.scratch(bytes);
  runRange(backend, 'f32_columnSums', [x, partials, rows, columns], chunks, {
    unitWork: (columns * rows) / (4 * chunks),
  });
  runRange(backend, 'f32_sumPartials', [partials, chunks, columns, y], columns);
}
