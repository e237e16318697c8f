import * as fc from 'fast-check';
import { activate, activationGrad } from '../../wasm/activationKernels.ts';
import { dropout, dropoutKernel } from '../../wasm/dropoutKernel.ts';
import {
  addBiasKernel,
  elementwiseKernels,
  runElementwise,
} from '../../wasm/elementwiseKernels.ts';
import { normal, randomKernel, uniform } from '../../wasm/randomKernels.ts';
import { randomNumbers } from '../../wasm/randomNumbers.ts';
import { activations } from '../../wasm/reference/activation.ts';
import { type FuzzedKernel, fuzzed, matrix, seed, size } from './fuzzedKernel.ts';

const exact = [{ relative: 0, absolute: 0 }];
const anySeed = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

const activated = fc
  .record({ n: size(), seed, activation: fc.constantFrom(...activations) })
  .map(({ n, seed, activation }) => {
    return { x: randomNumbers(n, seed, 9), dy: randomNumbers(n, seed + 1), activation };
  });

/** The shape and the numbers of one element-wise kernel. */
const operands = fc.record({ n: size(), seed }).map(({ n, seed }) => {
  const [a, b, y] = [0, 1, 2].map((i) => randomNumbers(n, seed + i));
  return [a!, b!, y!] as const;
});

const dropped = fc
  .record({ n: size(), seed, key: anySeed, rate: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.9, 0.999) })
  .map(({ n, seed, ...rest }) => ({ ...rest, x: randomNumbers(n, seed) }));

const nonFinite = fc
  .record({
    n: size(),
    seed,
    begin: fc.nat(20),
    places: fc.array(fc.tuple(fc.nat(384), fc.constantFrom(Number.NaN, Infinity, -Infinity))),
  })
  .map(({ n, seed, begin, places }) => {
    const x = randomNumbers(n, seed, 3e38);
    for (const [i, value] of places) if (i < n) x[i] = value;
    return { x, begin: Math.min(begin, n) };
  });

export const elementwiseRows: readonly FuzzedKernel[] = [
  fuzzed('f32_activation', {
    any: activated,
    run: (memory, split, { x, activation }) => [activate(memory, split, activation.code, x)],
    reference: ({ x, activation }) => [Array.from(x, activation.value)],
  }),
  fuzzed('f32_activationGrad', {
    any: activated,
    run: (memory, split, { x, dy, activation }) => [
      activationGrad(memory, split, activation.code, x, dy),
    ],
    reference: ({ x, dy, activation }) => [Array.from(x, (v, i) => activation.slope(v) * dy[i]!)],
  }),
  ...elementwiseKernels.map((kernel) =>
    fuzzed(kernel.name, {
      any: operands,
      run: (memory, split, inputs) => [runElementwise(memory, split, kernel, inputs)],
      reference: ([a, b, y]) => [Array.from(a, (_, i) => kernel.formula(a[i]!, b[i]!, y[i]!))],
    }),
  ),
  fuzzed('f32_addBias', {
    any: matrix(),
    run: (memory, split, { N, D, seed }) => [
      addBiasKernel(memory, split, randomNumbers(N * D, seed), randomNumbers(D, seed + 1)),
    ],
    reference: ({ N, D, seed }) => {
      const bias = randomNumbers(D, seed + 1);
      return [randomNumbers(N * D, seed).map((x, i) => x + bias[i % D]!)];
    },
    tolerances: () => exact,
  }),
  fuzzed('f32_firstNonFinite', {
    any: nonFinite,
    run: (memory, _, { x, begin }) => {
      memory.reset();
      return [[memory.kernels.f32_firstNonFinite!(memory.f32(x), begin, x.length)]];
    },
    reference: ({ x, begin }) => [
      [x.findIndex((value, i) => i >= begin && !Number.isFinite(value))],
    ],
  }),
  fuzzed('f32_dropout', {
    any: dropped,
    run: (memory, split, { x, key, rate }) => [dropoutKernel(memory, split, x, key, rate)],
    reference: ({ x, key, rate }) => [dropout(x, key, rate)],
    tolerances: () => exact,
  }),
  fuzzed('f32_randomUniform', {
    any: fc.record({ n: size(), key: anySeed }),
    run: (memory, split, { n, key }) => [
      randomKernel(memory, split, 'f32_randomUniform', n, [key, -0.5, 1.5]),
    ],
    reference: ({ n, key }) => [uniform(n, key, -0.5, 1.5)],
  }),
  fuzzed('f32_randomNormal', {
    any: fc.record({ n: size(), key: anySeed }),
    run: (memory, split, { n, key }) => [
      randomKernel(memory, split, 'f32_randomNormal', n, [key, 0.1, 2]),
    ],
    reference: ({ n, key }) => [normal(n, key, 0.1, 2)],
    tolerances: () => [{ relative: 1e-5 }],
  }),
];
