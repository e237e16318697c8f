import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import {
  crossEntropy,
  crossEntropyGrad,
  rowsOf,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyGrad,
  smooth,
} from './reference/softmax.ts';

export const IGNORE = -100;

export interface LabelledBatch {
  logits: Float32Array;
  V: number;
  /** One label a row, or one distribution a row. */
  labels?: Int32Array;
  targets?: Float32Array;
  weights?: Float32Array;
  smoothing?: number;
  gradScale?: number;
  withGradient?: boolean;
  inPlace?: boolean;
}

/** Runs the sparse or the dense kernel; `firstBad` is that of the undivided run. */
export function softmaxCrossEntropyKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  batch: LabelledBatch,
) {
  const { logits, V, labels, targets, weights, smoothing = 0, gradScale = 1 } = batch;
  const N = logits.length / V;
  let firstBad: number | undefined;
  const [losses, gradient] = runSplit(guarded, fractions, (memory, parts) => {
    const [z, out] = [memory.f32(logits), memory.f32(N)];
    const w = weights ? memory.f32(weights) : 0;
    const dz = batch.inPlace ? z : memory.f32(N * V);
    const given = batch.withGradient === false ? 0 : dz;
    const known = labels ? memory.i32(labels) : memory.f32(targets!);
    const bad: number[] = [];
    for (const [begin, end] of parts(N)) {
      if (labels) {
        bad.push(
          memory.kernels.f32_softmaxCrossEntropy!(
            ...[z, known, w, out, given, V, IGNORE, smoothing, gradScale, begin, end],
          ),
        );
      } else {
        memory.kernels.f32_softmaxCrossEntropyDense!(
          ...[z, known, w, out, given, V, smoothing, gradScale, begin, end],
        );
      }
    }
    firstBad ??= bad[0];
    return [memory.readF32(out, N), memory.readF32(dz, N * V)];
  });
  return { losses: losses as Float32Array, gradient: gradient as Float32Array, firstBad };
}

export function expectedLosses({
  logits,
  V,
  labels,
  targets,
  weights,
  smoothing = 0,
  gradScale = 1,
}: LabelledBatch) {
  const rows = rowsOf(logits, V).map((z, n) => {
    const weight = weights?.[n] ?? 1;
    if (labels?.[n] === IGNORE) return { loss: 0, gradient: new Array<number>(V).fill(0) };
    const hard = labels
      ? Array.from(z, (_, j) => Number(j === labels[n]))
      : rowsOf(targets!, V)[n]!;
    const t = smooth(hard, smoothing);
    const gradient = crossEntropyGrad(z, t).map((d) => d * weight * gradScale);
    return { loss: weight * crossEntropy(z, t), gradient };
  });
  return { losses: rows.map(({ loss }) => loss), gradient: rows.flatMap((row) => row.gradient) };
}

/** One number and one label in [0, 1] an element. */
export interface BinaryBatch {
  logits: Float32Array;
  targets: Float32Array;
  weights?: Float32Array;
  smoothing?: number;
  gradScale?: number;
  inPlace?: boolean;
}

export function sigmoidCrossEntropyKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  { logits, targets, weights, smoothing = 0, gradScale = 1, inPlace = false }: BinaryBatch,
) {
  const n = logits.length;
  const [losses, gradient] = runSplit(guarded, fractions, (memory, parts) => {
    const [x, t] = [memory.f32(logits), memory.f32(targets)];
    const [w, out] = [weights ? memory.f32(weights) : 0, memory.f32(n)];
    const dx = inPlace ? x : memory.f32(n);
    for (const [begin, end] of parts(n)) {
      memory.kernels.f32_sigmoidCrossEntropy!(
        ...[x, t, w, out, dx, smoothing, gradScale, begin, end],
      );
    }
    return [memory.readF32(out, n), memory.readF32(dx, n)];
  });
  return { losses: losses as Float32Array, gradient: gradient as Float32Array };
}

export function expectedBinaryLosses({
  logits,
  targets,
  weights,
  smoothing = 0,
  gradScale = 1,
}: BinaryBatch) {
  const weight = (i: number) => weights?.[i] ?? 1;
  const moved = Array.from(targets, (t) => t * (1 - smoothing) + smoothing / 2);
  return {
    losses: Array.from(logits, (x, i) => weight(i) * sigmoidCrossEntropy(x, moved[i]!)),
    gradient: Array.from(
      logits,
      (x, i) => gradScale * weight(i) * sigmoidCrossEntropyGrad(x, moved[i]!),
    ),
  };
}
