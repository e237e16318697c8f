import { type GuardedMemory, runSplit } from './guardedMemory.ts';

/** y = activation(x), whole and split. */
export function activate(
  guarded: GuardedMemory,
  fractions: readonly number[],
  code: number,
  x: Float32Array,
) {
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const [input, output] = [memory.f32(x), memory.f32(x.length)];
    for (const [begin, end] of parts(x.length)) {
      memory.kernels.f32_activation!(code, input, output, begin, end);
    }
    return [memory.readF32(output, x.length)];
  });
  return y!;
}

/** dx = dy activation'(x), whole and split. */
export function activationGrad(
  guarded: GuardedMemory,
  fractions: readonly number[],
  code: number,
  x: Float32Array,
  dy: Float32Array,
) {
  const [dx] = runSplit(guarded, fractions, (memory, parts) => {
    const [input, d, output] = [memory.f32(x), memory.f32(dy), memory.f32(x.length)];
    for (const [begin, end] of parts(x.length)) {
      memory.kernels.f32_activationGrad!(code, input, d, output, begin, end);
    }
    return [memory.readF32(output, x.length)];
  });
  return dx!;
}
