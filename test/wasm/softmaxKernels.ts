import { type GuardedMemory, runSplit } from './guardedMemory.ts';

type Split = readonly number[];

interface Attention {
  mask: Float32Array;
  rowsPerMask: number;
  scale: number;
}

export function softmaxKernel(
  guarded: GuardedMemory,
  split: Split,
  x: Float32Array,
  D: number,
  options?: Attention,
) {
  const [y] = runSplit(guarded, split, (memory, parts) => {
    const [input, output] = [memory.f32(x), memory.f32(x.length)];
    const mask = options ? memory.f32(options.mask) : 0;
    for (const [begin, end] of parts(x.length / D)) {
      memory.kernels.f32_softmax!(
        ...[input, mask, options?.rowsPerMask ?? 1, options?.scale ?? 1, output, D, begin, end],
      );
    }
    return [memory.readF32(output, x.length)];
  });
  return y!;
}

export function softmaxGradKernel(
  guarded: GuardedMemory,
  split: Split,
  name: 'f32_softmaxGrad' | 'f32_logSoftmaxGrad',
  y: Float32Array,
  dy: Float32Array,
  D: number,
  scale?: number,
) {
  const [dx] = runSplit(guarded, split, (memory, parts) => {
    const [probabilities, d, output] = [memory.f32(y), memory.f32(dy), memory.f32(y.length)];
    const factors = scale === undefined ? [] : [scale];
    for (const [begin, end] of parts(y.length / D)) {
      memory.kernels[name]!(probabilities, d, ...factors, output, D, begin, end);
    }
    return [memory.readF32(output, y.length)];
  });
  return dx!;
}

export function logSoftmaxKernel(guarded: GuardedMemory, split: Split, x: Float32Array, D: number) {
  const [y] = runSplit(guarded, split, (memory, parts) => {
    const [input, output] = [memory.f32(x), memory.f32(x.length)];
    for (const [begin, end] of parts(x.length / D)) {
      memory.kernels.f32_logSoftmax!(input, output, D, begin, end);
    }
    return [memory.readF32(output, x.length)];
  });
  return y!;
}
