import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import type { Rotation } from './reference/rotary.ts';

export interface RotaryCase {
  readonly N: number;
  readonly T: number;
  readonly heads: number;
  readonly headDim: number;
  readonly rotaryDim: number;
  readonly interleaved: boolean;
  readonly inverse: boolean;
  /** Floats between the end of a row and the next one, as in a fused QKV. */
  readonly gap: number;
  readonly positions?: Int32Array;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** Lays rows `gap` floats apart, with NaN between. */
export function spread(x: Float32Array, width: number, gap: number): Float32Array {
  const rows = x.length / width;
  const wide = new Float32Array(Math.max(rows * (width + gap) - gap, 0)).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    wide.set(x.subarray(row * width, (row + 1) * width), row * (width + gap));
  }
  return wide;
}

export function rotaryKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  shape: RotaryCase,
  x: Float32Array,
  inPlace = false,
) {
  const { N, T, heads, headDim, rotaryDim, gap, positions } = shape;
  const width = heads * headDim;
  const wide = spread(x, width, gap);
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const [input, cos, sin] = [wide, shape.cos, shape.sin].map((v) => memory.f32(v)) as [
      number,
      number,
      number,
    ];
    const output = inPlace ? input : memory.f32(wide.length);
    const given = positions ? memory.i32(positions) : 0;
    const flags = [shape.interleaved, shape.inverse].map(Number);
    for (const [begin, end] of parts(N)) {
      memory.kernels.f32_rotary!(
        ...[input, width + gap, output, width + gap, cos, sin, given, T],
        ...[heads, headDim, rotaryDim, ...flags, begin, end],
      );
    }
    return [memory.readF32(output, wide.length)];
  });
  return y as Float32Array;
}

export function rotationOf(shape: RotaryCase): Rotation {
  return { ...shape, position: (row) => shape.positions?.[row] ?? row % shape.T };
}
