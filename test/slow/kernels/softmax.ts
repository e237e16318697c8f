import * as fc from 'fast-check';
import {
  expectedBinaryLosses,
  expectedLosses,
  IGNORE,
  type LabelledBatch,
  sigmoidCrossEntropyKernel,
  softmaxCrossEntropyKernel,
} from '../../wasm/crossEntropyKernels.ts';
import { randomIntegers, randomNumbers } from '../../wasm/randomNumbers.ts';
import {
  logSoftmax,
  logSoftmaxGrad,
  rowsOf,
  softmax,
  softmaxGrad,
} from '../../wasm/reference/softmax.ts';
import { logSoftmaxKernel, softmaxGradKernel, softmaxKernel } from '../../wasm/softmaxKernels.ts';
import { type FuzzedKernel, fuzzed, matrix, seed, size } from './fuzzedKernel.ts';

const spread = fc.constantFrom(0.1, 3, 20);

const rows = fc
  .tuple(matrix(), spread)
  .map(([{ N, D, seed }, scale]) => ({ N, D, seed, x: randomNumbers(N * D, seed, scale) }));

/** With a mask that several rows share, and a factor. */
const maskedRows = fc
  .record({ masks: size(0, 33), rowsPerMask: fc.integer({ min: 1, max: 4 }), D: size(1), seed })
  .filter(({ masks, D }) => masks * D <= 5000)
  .map(({ masks, rowsPerMask, D, seed }) => {
    const chances = randomNumbers(masks * D, seed + 1, 1);
    return {
      ...{ rowsPerMask, D, scale: 0.25 },
      x: randomNumbers(masks * rowsPerMask * D, seed, 9),
      // Half of the columns, but never all.
      mask: chances.map((p, i) => (p < 0 && i % D > 0 ? Number.NEGATIVE_INFINITY : p)),
    };
  });

const gradients = fc.tuple(matrix(), spread).map(([{ N, D, seed }, scale]) => {
  const x = randomNumbers(N * D, seed, scale);
  const of = (f: (row: Float32Array) => number[]) => Float32Array.from(rowsOf(x, D).flatMap(f));
  return { D, y: of(softmax), logs: of(logSoftmax), dy: randomNumbers(N * D, seed + 1) };
});

const byRows = (
  y: Float32Array,
  dy: Float32Array,
  D: number,
  f: (y: Float32Array, dy: Float32Array) => number[],
) => rowsOf(y, D).flatMap((row, i) => f(row, rowsOf(dy, D)[i]!));

const options = fc.record({
  smoothing: fc.constantFrom(0, 0.1, 1),
  gradScale: fc.constantFrom(1, 1 / 8),
  inPlace: fc.boolean(),
});

const batches = (dense: boolean) =>
  fc.tuple(rows, options, fc.boolean()).map(([{ N, D, seed, x }, settings, hasWeights]) => {
    const labels = randomIntegers(N, seed + 1, 0, D).map((y, n) => (n % 4 === 3 ? IGNORE : y));
    const targets = rowsOf(randomNumbers(N * D, seed + 1), D).flatMap(softmax);
    const batch: LabelledBatch = { logits: x, V: D, ...settings };
    if (dense) batch.targets = Float32Array.from(targets);
    else batch.labels = labels;
    if (hasWeights) batch.weights = randomNumbers(N, seed + 2, 1).map(Math.abs);
    return batch;
  });

const crossEntropyRow = (kernel: string, dense: boolean) =>
  fuzzed(kernel, {
    any: batches(dense),
    run: (memory, split, batch) => {
      const { losses, gradient, firstBad } = softmaxCrossEntropyKernel(memory, split, batch);
      if (!dense && firstBad !== -1) throw new Error(`label ${firstBad} is refused`);
      return [losses, gradient];
    },
    reference: (batch) => {
      const { losses, gradient } = expectedLosses(batch);
      return [losses, gradient];
    },
    tolerances: () => [{ relative: 4e-6, absolute: 5e-6 }, { absolute: 5e-7 }],
  });

const binary = fc
  .tuple(fc.record({ n: size(), seed, scale: spread }), options, fc.boolean())
  .map(([{ n, seed, scale }, settings, hasWeights]) => ({
    ...settings,
    logits: randomNumbers(n, seed, 4 * scale),
    targets: randomNumbers(n, seed + 1, 1).map(Math.abs),
    ...(hasWeights ? { weights: randomNumbers(n, seed + 2).map(Math.abs) } : {}),
  }));

export const softmaxRows: readonly FuzzedKernel[] = [
  fuzzed('f32_softmax', {
    any: maskedRows,
    run: (memory, split, c) => [softmaxKernel(memory, split, c.x, c.D, c)],
    reference: ({ x, D, mask, rowsPerMask, scale }) => [
      rowsOf(x, D).flatMap((row, n) => {
        const masks = mask.subarray(Math.floor(n / rowsPerMask) * D);
        return softmax(row.map((value, j) => value * scale + masks[j]!));
      }),
    ],
    tolerances: () => [{ relative: 1e-5 }],
  }),
  fuzzed('f32_softmaxGrad', {
    any: gradients,
    run: (memory, split, { y, dy, D }) => [
      softmaxGradKernel(memory, split, 'f32_softmaxGrad', y, dy, D, 0.5),
    ],
    reference: ({ y, dy, D }) => [byRows(y, dy, D, softmaxGrad).map((d) => 0.5 * d)],
  }),
  fuzzed('f32_logSoftmax', {
    any: rows,
    run: (memory, split, { x, D }) => [logSoftmaxKernel(memory, split, x, D)],
    reference: ({ x, D }) => [rowsOf(x, D).flatMap(logSoftmax)],
    tolerances: () => [{ absolute: 3e-6 }],
  }),
  fuzzed('f32_logSoftmaxGrad', {
    any: gradients,
    run: (memory, split, { logs, dy, D }) => [
      softmaxGradKernel(memory, split, 'f32_logSoftmaxGrad', logs, dy, D),
    ],
    reference: ({ logs, dy, D }) => [byRows(logs, dy, D, logSoftmaxGrad)],
    tolerances: ({ D }) => [{ absolute: 1e-5 + 2e-7 * D }],
  }),
  crossEntropyRow('f32_softmaxCrossEntropy', false),
  crossEntropyRow('f32_softmaxCrossEntropyDense', true),
  fuzzed('f32_sigmoidCrossEntropy', {
    any: binary,
    run: (memory, split, batch) => {
      const { losses, gradient } = sigmoidCrossEntropyKernel(memory, split, batch);
      return [losses, gradient];
    },
    reference: (batch) => {
      const { losses, gradient } = expectedBinaryLosses(batch);
      return [losses, gradient];
    },
    tolerances: () => [{ absolute: 1e-5 }, { absolute: 3e-7 }],
  }),
];
