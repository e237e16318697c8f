import type { AnyformerBackend } from '../engine/backend.ts';

/**
 * Calls a kernel of our WebAssembly module over the whole of its work: every kernel ends its
 * parameters with a range [begin, end) of independent units (rows, tiles, chunks).
 *
 * Kernels are called here and nowhere else, by name and numbers only: that is what a worker could
 * be told, so sharing a range between threads changes this function and no operation.
 *
 * @returns what the kernel returns: for those that check, the first bad unit; -1 without work.
 */
export function runRange(
  backend: AnyformerBackend,
  kernel: string,
  parameters: readonly number[],
  units: number,
): number {
  return units > 0 ? backend.native[kernel]!(...parameters, 0, units) : -1;
}
