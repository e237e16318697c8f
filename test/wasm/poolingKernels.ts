import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import type { Sequences } from './reference/pooling.ts';

export type MaskKind = 'none' | 'uint8' | 'int32' | 'float32';

/** How a mask lies in memory: its address, and the bytes of an element. */
function placeMask(memory: GuardedMemory, kind: MaskKind, mask: Int32Array): [number, number] {
  if (kind === 'none') return [0, 1];
  if (kind === 'uint8') return [memory.u8(mask), 1];
  // A zero has two signs in float32; both drop.
  if (kind === 'float32')
    return [memory.f32(Array.from(mask, (m, i) => (m ? 0.5 : i % 2 ? -0 : 0))), 4];
  return [memory.i32(mask), 4];
}

export interface PoolingCase {
  B: number;
  T: number;
  D: number;
  kind: MaskKind;
  mask: Int32Array;
}

export function sequencesOf({ B, T, D, kind, mask }: PoolingCase): Sequences {
  return { B, T, D, kept: (b, t) => kind === 'none' || mask[b * T + t] !== 0 };
}

export function meanKernels(
  guarded: GuardedMemory,
  fractions: readonly number[],
  shape: PoolingCase,
  x: Float32Array,
  dy: Float32Array,
) {
  const { B, T, D, kind, mask } = shape;
  const [y, dx] = runSplit(guarded, fractions, (memory, parts) => {
    const [address, bytes] = placeMask(memory, kind, mask);
    const [input, output] = [memory.f32(x), memory.f32(B * D)];
    const [d, gradient] = [memory.f32(dy), memory.f32(B * T * D)];
    for (const [begin, end] of parts(B)) {
      memory.kernels.f32_maskedMean!(input, address, bytes, output, T, D, begin, end);
      memory.kernels.f32_maskedMeanGrad!(d, address, bytes, gradient, T, D, begin, end);
    }
    return [memory.readF32(output, B * D), memory.readF32(gradient, B * T * D)];
  }) as [Float32Array, Float32Array];
  return { y, dx };
}

export function maxKernels(
  guarded: GuardedMemory,
  fractions: readonly number[],
  shape: PoolingCase,
  x: Float32Array,
  dy: Float32Array,
) {
  const { B, T, D, kind, mask } = shape;
  const [y, dx, places] = runSplit(guarded, fractions, (memory, parts) => {
    const [address, bytes] = placeMask(memory, kind, mask);
    const [input, output, times] = [memory.f32(x), memory.f32(B * D), memory.allocate(4 * B * D)];
    const [d, gradient] = [memory.f32(dy), memory.f32(B * T * D)];
    for (const [begin, end] of parts(B)) {
      memory.kernels.f32_maskedMax!(input, address, bytes, output, times, T, D, begin, end);
      memory.kernels.f32_maskedMaxGrad!(d, times, gradient, T, D, begin, end);
    }
    const out = [memory.readF32(output, B * D), memory.readF32(gradient, B * T * D)] as const;
    return [...out, memory.readI32(times, B * D)];
  }) as [Float32Array, Float32Array, Int32Array];
  return { y, dx, places };
}
