import { type GuardedMemory, type Kernels, runSplit } from './guardedMemory.ts';

/** One kernel of one range: the call, and the plain formula for an element. */
export interface ElementwiseKernel {
  readonly name: string;
  readonly call: (
    kernels: Kernels,
    at: { a: number; b: number; y: number },
    begin: number,
    end: number,
  ) => void;
  readonly formula: (a: number, b: number, y: number) => number;
}

export const elementwiseKernels: readonly ElementwiseKernel[] = [
  {
    name: 'f32_add',
    call: (k, { a, b, y }, begin, end) => k.f32_add!(a, b, y, begin, end),
    formula: (a, b) => a + b,
  },
  {
    name: 'f32_addScaled',
    call: (k, { a, y }, begin, end) => k.f32_addScaled!(a, 0.75, y, begin, end),
    formula: (a, _, y) => y + 0.75 * a,
  },
  {
    name: 'f32_scale',
    call: (k, { a, y }, begin, end) => k.f32_scale!(a, -1.5, y, begin, end),
    formula: (a) => -1.5 * a,
  },
  {
    name: 'f32_fill',
    call: (k, { y }, begin, end) => k.f32_fill!(y, 0.25, begin, end),
    formula: () => 0.25,
  },
];

/** Runs one on a, b and what y holds before, whole and split. */
export function runElementwise(
  guarded: GuardedMemory,
  split: readonly number[],
  kernel: ElementwiseKernel,
  [a, b, y]: readonly Float32Array[],
) {
  const [out] = runSplit(guarded, split, (memory, parts) => {
    const at = { a: memory.f32(a!), b: memory.f32(b!), y: memory.f32(y!) };
    for (const [begin, end] of parts(y!.length)) kernel.call(memory.kernels, at, begin, end);
    return [memory.readF32(at.y, y!.length)];
  });
  return out as Float32Array;
}

export function addBiasKernel(
  guarded: GuardedMemory,
  split: readonly number[],
  x: Float32Array,
  bias: Float32Array,
) {
  const D = bias.length;
  const [y] = runSplit(guarded, split, (memory, parts) => {
    const [input, addend, out] = [memory.f32(x), memory.f32(bias), memory.f32(x.length)];
    for (const [begin, end] of parts(x.length / D)) {
      memory.kernels.f32_addBias!(input, addend, out, D, begin, end);
    }
    return [memory.readF32(out, x.length)];
  });
  return y as Float32Array;
}
