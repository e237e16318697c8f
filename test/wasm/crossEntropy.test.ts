import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BinaryBatch,
  expectedBinaryLosses,
  expectedLosses,
  IGNORE,
  type LabelledBatch,
  sigmoidCrossEntropyKernel,
  softmaxCrossEntropyKernel,
} from './crossEntropyKernels.ts';
import { expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomIntegers, randomNumbers } from './randomNumbers.ts';
import {
  crossEntropy,
  crossEntropyGrad,
  rowsOf,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyGrad,
  softmax,
} from './reference/softmax.ts';

const shape = fc.record({
  N: fc.integer({ min: 0, max: 9 }),
  V: fc.integer({ min: 1, max: 45 }),
  scale: fc.constantFrom(0.1, 3, 20),
  smoothing: fc.constantFrom(0, 0.1, 1),
  hasWeights: fc.boolean(),
  inPlace: fc.boolean(),
  seed: fc.integer({ min: 0, max: 9999 }),
  split: anySplit,
});

describe.each(builds)('cross-entropy kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);
  const close = { relative: 4e-6, absolute: 4e-6 };

  it('softmax with labels agrees with float64, with weights, smoothing and ignored rows', () => {
    fc.assert(
      fc.property(shape, ({ N, V, scale, smoothing, hasWeights, inPlace, seed, split }) => {
        const logits = randomNumbers(N * V, seed, scale);
        const labels = randomIntegers(N, seed + 1, 0, V).map((y, n) => (n % 4 === 3 ? IGNORE : y));
        const weights = randomNumbers(N, seed + 2, 1).map(Math.abs);
        const batch: LabelledBatch = { logits, V, labels, smoothing, gradScale: 1 / 8, inPlace };
        if (hasWeights) batch.weights = weights;
        const { losses, gradient, firstBad } = softmaxCrossEntropyKernel(memory, split, batch);
        const expected = expectedLosses(batch);
        expectClose(losses, expected.losses, close);
        expectClose(gradient, expected.gradient, { absolute: 1e-7 });
        expect(firstBad).toBe(-1);
        const forward = softmaxCrossEntropyKernel(memory, split, {
          ...batch,
          inPlace: false,
          withGradient: false,
        });
        expect(forward.losses).toEqual(losses);
      }),
    );
  });

  it('softmax with distributions agrees with float64', () => {
    fc.assert(
      fc.property(shape, ({ N, V, scale, smoothing, hasWeights, inPlace, seed, split }) => {
        const logits = randomNumbers(N * V, seed, scale);
        const targets = Float32Array.from(
          rowsOf(randomNumbers(N * V, seed + 1), V).flatMap(softmax),
        );
        const batch: LabelledBatch = { logits, V, targets, smoothing, gradScale: 0.5, inPlace };
        if (hasWeights) batch.weights = randomNumbers(N, seed + 2, 1).map(Math.abs);
        const { losses, gradient } = softmaxCrossEntropyKernel(memory, split, batch);
        const expected = expectedLosses(batch);
        expectClose(losses, expected.losses, close);
        expectClose(gradient, expected.gradient, { absolute: 5e-7 });
      }),
    );
  });

  it('distributions that do not add up to one have the gradient of the formula', () => {
    const [logits, targets] = [randomNumbers(14, 1), randomNumbers(14, 2)];
    const { losses, gradient } = softmaxCrossEntropyKernel(memory, [0.5], {
      logits,
      V: 7,
      targets,
    });
    const expected = expectedLosses({ logits, V: 7, targets });
    expectClose(losses, expected.losses, { absolute: 1e-5 });
    expectClose(gradient, expected.gradient, { absolute: 1e-6 });
  });

  it('names the first label out of range and makes its loss and gradient NaN', () => {
    const V = 5;
    for (const bad of [V, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const labels = Int32Array.of(0, IGNORE, bad, 4, bad);
      const batch = { logits: randomNumbers(5 * V, 3), V, labels };
      const { losses, gradient, firstBad } = softmaxCrossEntropyKernel(memory, [0.7], batch);
      expect(firstBad).toBe(2);
      expect(Array.from(losses, Number.isNaN)).toEqual([false, false, true, false, true]);
      const isBad = Array.from(gradient, (_, i) => [2, 4].includes(Math.floor(i / V)));
      expect(Array.from(gradient, Number.isNaN)).toEqual(isBad);
    }
  });

  it('large logits neither overflow nor lose digits', () => {
    const batch = {
      logits: Float32Array.of(1e4, 1e4 - 2, 1e4 - 1, -1e4, 3e38, 0, -3e38, 1),
      V: 4,
      labels: Int32Array.of(1, 0),
    };
    const { losses, gradient } = softmaxCrossEntropyKernel(memory, [], batch);
    const expected = expectedLosses(batch);
    expectClose(losses, expected.losses);
    expectClose(gradient, expected.gradient);
  });

  it('smoothing averages logits whose sum leaves float32', () => {
    for (const V of [5, 33]) {
      const logits = randomNumbers(2 * V, 4);
      logits[V - 1] = 1e38;
      logits.fill(-3e38, V, V + 4);
      const batch = { logits, V, labels: Int32Array.of(0, V - 1), smoothing: 0.1 };
      const { losses, gradient } = softmaxCrossEntropyKernel(memory, [], batch);
      const expected = expectedLosses(batch);
      expectClose(losses, expected.losses, { relative: 1e-5 });
      expectClose(gradient, expected.gradient);
    }
  });

  it('a NaN or Infinity among the logits follows the formula', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const smoothing of [0, 0.1]) {
        const V = 6;
        const logits = randomNumbers(2 * V, 5);
        logits[V + 2] = bad;
        const { losses, gradient } = softmaxCrossEntropyKernel(memory, [], {
          logits,
          V,
          labels: Int32Array.of(1, 1),
          smoothing,
        });
        // The reference multiplies by targets of 0; picking the label does not.
        const isNegative = bad === Number.NEGATIVE_INFINITY;
        expect(losses[0]).toBeGreaterThan(0);
        if (!isNegative) expect(losses[1]).toBeNaN();
        else if (smoothing) expect(losses[1]).toBe(Number.POSITIVE_INFINITY);
        else expect(losses[1]).toBeGreaterThan(0);
        const finite = gradient.map((d) => Number(Number.isFinite(d)));
        expect(finite).toEqual(new Float32Array(12).fill(1).fill(isNegative ? 1 : 0, V));
      }
    }
  });

  it('sigmoid cross-entropy agrees with float64, with weights and smoothing', () => {
    fc.assert(
      fc.property(shape, ({ V: n, scale, smoothing, hasWeights, inPlace, seed, split }) => {
        const logits = randomNumbers(n, seed, 4 * scale);
        const targets = randomNumbers(n, seed + 1, 1).map(Math.abs);
        const weights = randomNumbers(n, seed + 2, 2).map(Math.abs);
        const batch: BinaryBatch = { logits, targets, smoothing, gradScale: 0.25, inPlace };
        if (hasWeights) batch.weights = weights;
        const { losses, gradient } = sigmoidCrossEntropyKernel(memory, split, batch);
        const expected = expectedBinaryLosses(batch);
        expectClose(losses, expected.losses, { absolute: 1e-5 });
        expectClose(gradient, expected.gradient, { absolute: 1e-7 });
      }),
    );
  });

  it('sigmoid cross-entropy keeps its digits in both tails, and NaN and Infinity', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const logits = Float32Array.of(-80, -20, -9, 9, 20, 80, 1e30, nan, infinity, -infinity, 0);
    for (const target of [0, 1]) {
      memory.reset();
      const n = logits.length;
      const [x, t] = [memory.f32(logits), memory.f32(new Float32Array(n).fill(target))];
      const [losses, gradient] = [memory.f32(n), memory.f32(n)];
      memory.kernels.f32_sigmoidCrossEntropy!(x, t, 0, losses, gradient, 0, 1, 0, n);
      const only = { relative: 1e-5, absolute: 1e-30 };
      const expected = Array.from(logits, (value) => sigmoidCrossEntropy(value, target));
      expectClose(memory.readF32(losses, n), expected, only);
      const slopes = Array.from(logits, (value) => sigmoidCrossEntropyGrad(value, target));
      expectClose(memory.readF32(gradient, n), slopes, { absolute: 1e-7 });
    }
  });

  it('sigmoid cross-entropy computes the loss or the gradient alone', () => {
    memory.reset();
    const [logits, targets] = [randomNumbers(7, 1), new Float32Array(7)];
    const [x, t, losses, gradient] = [logits, targets, 7, 7].map((c) => memory.f32(c)) as [
      number,
      number,
      number,
      number,
    ];
    memory.kernels.f32_sigmoidCrossEntropy!(x, t, 0, losses, 0, 0, 1, 0, 7);
    memory.kernels.f32_sigmoidCrossEntropy!(x, t, 0, 0, gradient, 0, 1, 0, 7);
    memory.expectGuards();
    const loss = Array.from(logits, (value) => sigmoidCrossEntropy(value, 0));
    const slope = Array.from(logits, (value) => sigmoidCrossEntropyGrad(value, 0));
    expectClose(memory.readF32(losses, 7), loss);
    expectClose(memory.readF32(gradient, 7), slope);
  });
});

describe('cross-entropy references', () => {
  const exact = { relative: 1e-6, absolute: 1e-8 };

  it('crossEntropyGrad is the gradient of crossEntropy, whatever the sum of the targets', () => {
    const [z, t] = [randomNumbers(6, 1), randomNumbers(6, 2)];
    expectClose(
      crossEntropyGrad(z, t),
      numericGradient((p) => crossEntropy(p, t), z),
      exact,
    );
  });

  it('sigmoidCrossEntropyGrad is the derivative of sigmoidCrossEntropy', () => {
    for (const x of [-3, -0.5, 0.7, 4]) {
      const numeric = numericGradient(([p]) => sigmoidCrossEntropy(p!, 0.3), [x]);
      expectClose([sigmoidCrossEntropyGrad(x, 0.3)], numeric, exact);
    }
  });
});
