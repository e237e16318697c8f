import type { AnyformerBackend } from '../engine/backend.ts';
import { isShareable, type RangeOptions } from '../engine/divideRange.ts';

/**
 * Calls a kernel of our WebAssembly module over the whole of its work: every kernel ends its
 * parameters with a range [begin, end) of independent units (rows, tiles, chunks), which the
 * threads share where there is enough of it.
 *
 * Kernels are called here and nowhere else, by name and numbers only: that is what a worker can
 * be told.
 *
 * @returns what the kernel returns: for those that check, the first bad unit; -1 without work.
 */
export function runRange(
  backend: AnyformerBackend,
  kernel: string,
  parameters: readonly number[],
  units: number,
  options: RangeOptions = {},
): number {
  if (units <= 0) return -1;
  const { pool } = backend;
  if (pool && isShareable(units, options)) return pool.run(kernel, parameters, units, options);
  return backend.native[kernel]!(...parameters, 0, units);
}

/** A scratch buffer with `bytes` for each thread, and the bytes from one to the next. */
export function threadScratch(backend: AnyformerBackend, bytes: number) {
  const scratchBytes = Math.ceil(bytes / 64) * 64;
  const threads = backend.pool?.threads ?? 1;
  return { scratch: backend.heap.scratch(scratchBytes * threads), scratchBytes };
}
