import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addBiasKernel, elementwiseKernels, runElementwise } from './elementwiseKernels.ts';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';

const size = fc.record({
  n: fc.integer({ min: 0, max: 70 }),
  seed: fc.integer({ min: 0, max: 9999 }),
  split: anySplit,
});

describe.each(builds)('element-wise kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each(elementwiseKernels)('$name', (kernel) => {
    fc.assert(
      fc.property(size, ({ n, seed, split }) => {
        const inputs = [0, 1, 2].map((i) => randomNumbers(n, seed + i));
        // NaN and Infinity, in the vectors and in the remainder.
        if (n > 2) inputs[0]!.set([Number.NaN, Number.POSITIVE_INFINITY], n - 2);
        const expected = Array.from({ length: n }, (_, i) =>
          kernel.formula(inputs[0]![i]!, inputs[1]![i]!, inputs[2]![i]!),
        );
        expectClose(runElementwise(memory, split, kernel, inputs), expected);
      }),
    );
  });

  it('f32_addBias adds the bias to every row', () => {
    const shape = fc.record({ N: fc.nat({ max: 9 }), D: fc.integer({ min: 1, max: 21 }) });
    fc.assert(
      fc.property(shape, anySplit, ({ N, D }, split) => {
        const [x, bias] = [randomNumbers(N * D, N), randomNumbers(D, D)];
        const y = addBiasKernel(memory, split, x, bias);
        expect(y).toEqual(x.map((value, i) => value + bias[i % D]!));
      }),
    );
  });

  it('f32_firstNonFinite finds the first NaN or Infinity of its range', () => {
    const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    const range = fc.record({ n: fc.nat({ max: 200 }), begin: fc.nat({ max: 20 }) });
    fc.assert(
      fc.property(range, fc.array(fc.tuple(fc.nat({ max: 199 }), bad)), ({ n, begin }, places) => {
        const x = randomNumbers(n, n, 3e38);
        for (const [i, value] of places) if (i < n) x[i] = value;
        memory.reset();
        const address = memory.f32(x);
        const found = memory.kernels.f32_firstNonFinite!(address, Math.min(begin, n), n);
        expect(found).toBe(x.findIndex((value, i) => i >= begin && !Number.isFinite(value)));
      }),
    );
  });

  it('f32_firstNonFinite sees nothing beyond its range', () => {
    memory.reset();
    // The guards and the uninitialized rest are no numbers.
    const x = memory.f32(100);
    memory.kernels.f32_fill!(x, 1, 3, 90);
    expect(memory.kernels.f32_firstNonFinite!(x, 3, 90)).toBe(-1);
    expect(memory.kernels.f32_firstNonFinite!(x, 3, 91)).toBe(90);
  });
});
