import { type GuardedMemory, type Ranges, runSplit } from './guardedMemory.ts';
import type { AdamSettings, SgdSettings } from './reference/optimizers.ts';

export interface AdamAddresses {
  parameter: number;
  gradient: number;
  m: number;
  v: number;
}

export function adamCall(
  memory: GuardedMemory,
  kernel: 'f32_adam' | 'f32_adamW',
  { parameter, gradient, m, v }: AdamAddresses,
  step: number,
  settings: AdamSettings,
  ranges: Ranges,
): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, gradScale } = settings;
  const corrections = [1 - beta1 ** step, 1 - beta2 ** step];
  for (const [begin, end] of ranges) {
    memory.kernels[kernel]!(
      ...[parameter, gradient, m, v, learningRate, beta1, beta2, epsilon, weightDecay],
      ...[...corrections, gradScale, begin, end],
    );
  }
}

export function sgdCall(
  memory: GuardedMemory,
  [parameter, gradient, buffer]: readonly [number, number, number],
  { learningRate, momentum, nesterov, weightDecay, gradScale }: SgdSettings,
  ranges: Ranges,
): void {
  for (const [begin, end] of ranges) {
    memory.kernels.f32_sgd!(
      ...[parameter, gradient, buffer, learningRate, momentum, nesterov ? 1 : 0],
      ...[weightDecay, gradScale, begin, end],
    );
  }
}

/** Many steps of Adam or AdamW from moments of zero: the parameter and both moments afterwards. */
export function adamKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  kernel: 'f32_adam' | 'f32_adamW',
  start: Float32Array,
  gradients: readonly Float32Array[],
  settings: AdamSettings,
) {
  const n = start.length;
  return runSplit(guarded, fractions, (memory, parts) => {
    const content = [start, new Float32Array(n), new Float32Array(n)];
    const [p, first, second] = content.map((x) => memory.f32(x));
    const addresses = { parameter: p!, gradient: memory.f32(n), m: first!, v: second! };
    for (const [i, gradient] of gradients.entries()) {
      memory.readF32(addresses.gradient, n).set(gradient);
      adamCall(memory, kernel, addresses, i + 1, settings, parts(n));
    }
    return [p!, first!, second!].map((address) => memory.readF32(address, n));
  }) as [Float32Array, Float32Array, Float32Array];
}

/** Many steps of SGD. */
export function sgdKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  start: Float32Array,
  gradients: readonly Float32Array[],
  settings: SgdSettings,
) {
  const n = start.length;
  const [parameter] = runSplit(guarded, fractions, (memory, parts) => {
    const [p, gradient] = [memory.f32(start), memory.f32(n)];
    const buffer = settings.momentum ? memory.f32(new Float32Array(n)) : 0;
    for (const values of gradients) {
      memory.readF32(gradient, n).set(values);
      sgdCall(memory, [p, gradient, buffer], settings, parts(n));
    }
    return [memory.readF32(p, n)];
  });
  return parameter as Float32Array;
}
