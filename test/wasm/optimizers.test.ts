import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedDataOrSay } from '../support/sharedData.ts';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, GuardedMemory, type Ranges } from './guardedMemory.ts';
import { adamCall, adamKernel, sgdCall, sgdKernel } from './optimizerKernels.ts';
import { randomNumbers } from './randomNumbers.ts';
import { type AdamSettings, adamStep, type SgdSettings, sgdStep } from './reference/optimizers.ts';
import { softmax } from './reference/softmax.ts';

const size = fc.record({
  n: fc.nat({ max: 37 }),
  seed: fc.nat({ max: 9999 }),
  weightDecay: fc.constantFrom(0, 0.1),
  gradScale: fc.constantFrom(1, 0.3),
  split: anySplit,
});
const steps = Array.from({ length: 12 }, (_, i) => i + 1);
const zeros = (n: number) => new Float32Array(n);
const defaults = { learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

describe.each(builds)('optimizer kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each(['f32_adamW', 'f32_adam'] as const)(
    '%s agrees with float64 over many steps',
    (kernel) => {
      fc.assert(
        fc.property(size, ({ n, seed, weightDecay, gradScale, split }) => {
          const settings = { ...defaults, weightDecay, gradScale };
          const start = randomNumbers(n, seed);
          const gradients = steps.map((step) => randomNumbers(n, seed + step, 0.1));
          const [parameter, m, v] = adamKernel(memory, split, kernel, start, gradients, settings);
          const state = {
            parameter: Array.from(start),
            m: Array.from(zeros(n)),
            v: Array.from(zeros(n)),
          };
          for (const [i, gradient] of gradients.entries()) {
            adamStep(state, gradient, i + 1, settings, kernel === 'f32_adamW');
          }
          expectClose(parameter, state.parameter, { absolute: 2e-6 });
          expectClose(m, state.m, { absolute: 1e-8 });
          expectClose(v, state.v, { absolute: 1e-10 });
        }),
        { numRuns: 40 },
      );
    },
  );

  it.each([
    [0, false],
    [0.9, false],
    [0.9, true],
  ])('sgd with momentum %f, nesterov %s, agrees with float64', (momentum, nesterov) => {
    fc.assert(
      fc.property(size, ({ n, seed, weightDecay, gradScale, split }) => {
        const settings = { learningRate: 0.1, momentum, nesterov, weightDecay, gradScale };
        const start = randomNumbers(n, seed);
        const gradients = steps.map((step) => randomNumbers(n, seed + step, 0.1));
        const parameter = sgdKernel(memory, split, start, gradients, settings);
        const state = { parameter: Array.from(start), buffer: new Array<number>(n).fill(0) };
        for (const [i, gradient] of gradients.entries())
          sgdStep(state, gradient, i === 0, settings);
        expectClose(parameter, state.parameter, { absolute: 3e-6 });
      }),
      { numRuns: 40 },
    );
  });

  it('moments that decay end at zero, not among the denormals', () => {
    memory.reset();
    const n = 5;
    const tiny = new Float32Array(n).fill(2 ** -126 * 1.01);
    const addresses = {
      parameter: memory.f32(randomNumbers(n, 1)),
      gradient: memory.f32(zeros(n)),
      m: memory.f32(tiny.map((x, i) => (i % 2 ? -x : x))),
      v: memory.f32(tiny),
    };
    const settings = { ...defaults, beta2: 0.9, weightDecay: 0, gradScale: 1 };
    adamCall(memory, 'f32_adamW', addresses, 100, settings, [[0, n]]);
    expect(Array.from(memory.readF32(addresses.m, n), Math.abs)).toEqual([0, 0, 0, 0, 0]);
    expect(Array.from(memory.readF32(addresses.v, n))).toEqual([0, 0, 0, 0, 0]);
  });

  it('a NaN gradient stays a NaN and spoils only its own parameter', () => {
    memory.reset();
    const n = 6;
    const gradient = zeros(n).fill(1);
    gradient[2] = Number.NaN;
    gradient[5] = Number.NaN;
    const content = [zeros(n), gradient, zeros(n), zeros(n)];
    const [parameter, g, m, v] = content.map((x) => memory.f32(x)) as [
      number,
      number,
      number,
      number,
    ];
    const settings = { ...defaults, weightDecay: 0, gradScale: 1 };
    adamCall(memory, 'f32_adamW', { parameter, gradient: g, m, v }, 1, settings, [[0, n]]);
    for (const address of [parameter, m, v]) {
      const spoiled = Array.from(memory.readF32(address, n), Number.isNaN);
      expect(spoiled).toEqual([false, false, true, false, false, true]);
    }
  });
});

const file = sharedDataOrSay('reference/hf-parity/optimizers.json', "PyTorch's trajectories");

describe.skipIf(file === undefined)('the trajectories of PyTorch', () => {
  type Trajectory = { losses: number[]; W: { data: number[] }; b: { data: number[] } };
  const [inputs, classes, labels] = [4, 3, [0, 1, 2, 1, 0]];
  const line = (from: number, to: number, n: number) =>
    Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));
  const X = line(-2, 2, 20);

  /** Mean cross-entropy of X W^T + b and its gradient, W (3, 4) and b (3) in one array. */
  function lossAndGradient(parameter: ArrayLike<number>): { loss: number; gradient: number[] } {
    const gradient = new Array<number>(15).fill(0);
    let loss = 0;
    for (const [n, label] of labels.entries()) {
      const z = [0, 1, 2].map((c) => {
        let sum = parameter[classes * inputs + c]!;
        for (let j = 0; j < inputs; j++) sum += X[n * inputs + j]! * parameter[c * inputs + j]!;
        return sum;
      });
      const p = softmax(z);
      loss -= Math.log(p[label]!) / labels.length;
      for (let c = 0; c < classes; c++) {
        const d = (p[c]! - Number(c === label)) / labels.length;
        for (let j = 0; j < inputs; j++) gradient[c * inputs + j]! += d * X[n * inputs + j]!;
        gradient[classes * inputs + c]! += d;
      }
    }
    return { loss, gradient };
  }

  const plain = { momentum: 0, nesterov: false, weightDecay: 0, gradScale: 1 };
  const sgd: Record<string, SgdSettings> = {
    'sgd0.1': { ...plain, learningRate: 0.1 },
    'sgd0.1_mom0.9': { ...plain, learningRate: 0.1, momentum: 0.9 },
    sgd_nesterov: { ...plain, learningRate: 0.1, momentum: 0.9, nesterov: true },
  };
  const adam: Record<string, ['f32_adam' | 'f32_adamW', AdamSettings]> = {
    'adam1e-2': ['f32_adam', { ...defaults, weightDecay: 0, gradScale: 1 }],
    'adamw1e-2_wd0.1': ['f32_adamW', { ...defaults, weightDecay: 0.1, gradScale: 1 }],
  };

  it.each([...Object.keys(sgd), ...Object.keys(adam)])('%s', (name) => {
    const all = JSON.parse(readFileSync(file!, 'utf8')) as Record<string, Trajectory>;
    const expected = all[name]!;
    const memory = new GuardedMemory(builds[0]!.module);
    const parameter = memory.f32([...line(-1, 1, 12), 0.1, -0.2, 0.3]);
    const [gradient, m, v] = [zeros(15), zeros(15), zeros(15)].map((x) => memory.f32(x)) as [
      number,
      number,
      number,
    ];
    const losses = Array.from({ length: 20 }, (_, i) => {
      const now = lossAndGradient(memory.readF32(parameter, 15));
      memory.readF32(gradient, 15).set(now.gradient);
      const range: Ranges = [[0, 15]];
      if (sgd[name])
        sgdCall(memory, [parameter, gradient, sgd[name].momentum ? m : 0], sgd[name], range);
      else {
        const [kernel, settings] = adam[name]!;
        adamCall(memory, kernel, { parameter, gradient, m, v }, i + 1, settings, range);
      }
      return now.loss;
    });
    expectClose(losses, expected.losses, { relative: 3e-6 });
    const end = [...expected.W.data, ...expected.b.data];
    expectClose(memory.readF32(parameter, 15), end, { absolute: 3e-6 });
  });
});
