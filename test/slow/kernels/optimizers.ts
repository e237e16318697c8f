import * as fc from 'fast-check';
import { adamKernel, sgdKernel } from '../../wasm/optimizerKernels.ts';
import { randomNumbers } from '../../wasm/randomNumbers.ts';
import { adamStep, sgdStep } from '../../wasm/reference/optimizers.ts';
import { type FuzzedKernel, fuzzed, seed, size } from './fuzzedKernel.ts';

/** Away from zero, also with the weight decay: there a step of Adam jumps from one side to the other. */
const awayFromZero = (x: number) => x + 0.1 * Math.sign(x);

const start = fc.record({ n: size(), seed }).map(({ n, seed }) => ({
  start: randomNumbers(n, seed),
  gradients: [1, 2, 3].map((step) => randomNumbers(n, seed + step, 0.1).map(awayFromZero)),
}));

const common = {
  learningRate: fc.constantFrom(1e-2, 0.1),
  weightDecay: fc.constantFrom(0, 0.01),
  gradScale: fc.constantFrom(1, 0.3),
};

const adam = fc.record({
  ...common,
  beta1: fc.constantFrom(0.9, 0.5),
  beta2: fc.constantFrom(0.999, 0.95),
  epsilon: fc.constantFrom(1e-8, 1e-6),
});

const sgd = fc.record({
  ...common,
  momentum: fc.constantFrom(0, 0.9),
  nesterov: fc.boolean(),
});

const adamRow = (kernel: 'f32_adam' | 'f32_adamW') =>
  fuzzed(kernel, {
    any: fc.tuple(start, adam),
    run: (memory, split, [{ start, gradients }, settings]) =>
      adamKernel(memory, split, kernel, start, gradients, settings),
    reference: ([{ start, gradients }, settings]) => {
      const zeros = () => Array<number>(start.length).fill(0);
      const state = { parameter: Array.from(start), m: zeros(), v: zeros() };
      for (const [i, gradient] of gradients.entries()) {
        adamStep(state, gradient, i + 1, settings, kernel === 'f32_adamW');
      }
      return [state.parameter, state.m, state.v];
    },
    tolerances: () => [{ absolute: 2e-6 }, { absolute: 3e-8 }, { absolute: 1e-9 }],
  });

export const optimizerRows: readonly FuzzedKernel[] = [
  adamRow('f32_adam'),
  adamRow('f32_adamW'),
  fuzzed('f32_sgd', {
    any: fc.tuple(start, sgd),
    run: (memory, split, [{ start, gradients }, settings]) => [
      sgdKernel(memory, split, start, gradients, settings),
    ],
    reference: ([{ start, gradients }, settings]) => {
      const state = { parameter: Array.from(start), buffer: Array<number>(start.length).fill(0) };
      for (const [i, gradient] of gradients.entries()) sgdStep(state, gradient, i === 0, settings);
      return [state.parameter];
    },
    tolerances: () => [{ absolute: 2e-6 }],
  }),
];
