import * as fc from 'fast-check';
import {
  layerNormGradKernel,
  layerNormKernel,
  rmsNormGradKernel,
  rmsNormKernel,
} from '../../wasm/normalizationKernels.ts';
import { randomNumbers } from '../../wasm/randomNumbers.ts';
import {
  layerNorm,
  layerNormGrad,
  layerNormStats,
  rmsNorm,
  rmsNormGrad,
  rmsNormInverses,
} from '../../wasm/reference/normalization.ts';
import { type FuzzedKernel, fuzzed, matrix } from './fuzzedKernel.ts';

const EPSILON = 1e-5;

/** A case of both norms; `total` is what is normalized. */
const anyCase = fc.tuple(matrix(), fc.boolean()).map(([{ N, D, seed }, hasResidual]) => {
  const numbers = (count: number, i: number) => randomNumbers(count, seed + i);
  const [x, residual] = [numbers(N * D, 0), numbers(N * D, 1)];
  const total = hasResidual ? x.map((value, i) => value + residual[i]!) : x;
  const [gamma, beta] = [numbers(D, 2), numbers(D, 3)];
  const [dy, dSum] = [numbers(N * D, 4), numbers(N * D, 5)];
  return {
    ...{ N, D, x, total, gamma, beta, dy, epsilon: EPSILON },
    stats: Float32Array.from(layerNormStats(total, N, D, EPSILON)),
    inverses: Float32Array.from(rmsNormInverses(total, N, D, EPSILON)),
    ...(hasResidual ? { residual, dSum } : {}),
  };
});

type Case = typeof anyCase extends fc.Arbitrary<infer T> ? T : never;

/** Rounding errors of x and of its mean are stretched by 1 / deviation. */
const stretchOf = (inverses: Iterable<number>) => Math.max(1, ...inverses);
const layerStretch = ({ stats }: Case) => stretchOf(stats.filter((_, i) => i % 2 === 1));
const rmsStretch = ({ inverses }: Case) => stretchOf(inverses);

const withSum = (dx: number[], dSum: Float32Array | undefined) =>
  dx.map((value, i) => value + (dSum?.[i] ?? 0));

export const normalizationRows: readonly FuzzedKernel[] = [
  fuzzed('f32_layerNorm', {
    any: anyCase,
    run: (memory, split, c) => {
      const { y, stats, sum } = layerNormKernel(memory, split, c);
      return 'residual' in c ? [y, stats, sum] : [y, stats];
    },
    reference: (c) => {
      const { total, gamma, beta, N, D } = c;
      const y = layerNorm(total, gamma, beta, N, D, EPSILON);
      return [y, layerNormStats(total, N, D, EPSILON), total];
    },
    tolerances: (c) => {
      const stretch = layerStretch(c);
      return [{ absolute: 3e-6 * stretch }, { relative: 1e-6 * stretch }, {}];
    },
  }),
  fuzzed('f32_layerNormGrad', {
    any: anyCase,
    run: (memory, split, { total, ...rest }) => {
      const { dx, dgamma, dbeta } = layerNormGradKernel(memory, split, { ...rest, x: total });
      return [dx, dgamma, dbeta];
    },
    reference: ({ total, dy, gamma, N, D, dSum }) => {
      const { dx, dgamma, dbeta } = layerNormGrad(total, dy, gamma, N, D, EPSILON);
      return [withSum(dx, dSum), dgamma, dbeta];
    },
    tolerances: (c) => {
      const stretch = layerStretch(c);
      const ofSums = 2e-5 + 4e-7 * c.N;
      return [
        { absolute: 5e-6 * stretch ** 2 },
        { absolute: ofSums * stretch },
        { absolute: ofSums },
      ];
    },
  }),
  fuzzed('f32_rmsNorm', {
    any: anyCase,
    run: (memory, split, c) => {
      const { y, inverses, sum } = rmsNormKernel(memory, split, c);
      return 'residual' in c ? [y, inverses, sum] : [y, inverses];
    },
    reference: ({ total, gamma, N, D }) => [
      rmsNorm(total, gamma, N, D, EPSILON),
      rmsNormInverses(total, N, D, EPSILON),
      total,
    ],
    tolerances: () => [{ relative: 4e-6 }, {}, {}],
  }),
  fuzzed('f32_rmsNormGrad', {
    any: anyCase,
    run: (memory, split, { total, ...rest }) => {
      const { dx, dgamma } = rmsNormGradKernel(memory, split, { ...rest, x: total });
      return [dx, dgamma];
    },
    reference: ({ total, dy, gamma, N, D, dSum }) => {
      const { dx, dgamma } = rmsNormGrad(total, dy, gamma, N, D, EPSILON);
      return [withSum(dx, dSum), dgamma];
    },
    tolerances: (c) => [{ absolute: 5e-6 * rmsStretch(c) }, { absolute: 2e-5 + 4e-7 * c.N }],
  }),
];
