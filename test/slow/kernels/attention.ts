import * as fc from 'fast-check';
import {
  type AttentionCase,
  problem,
  runAttention,
  runAttentionGrad,
} from '../../wasm/attentionCase.ts';
import { attention, attentionGrad } from '../../wasm/reference/attention.ts';
import { type FuzzedKernel, fuzzed, size } from './fuzzedKernel.ts';

/** From the narrowest to the widest heads that models have, and what is no multiple of four. */
const headWidth = fc.oneof(
  fc.constantFrom(8, 16, 24, 32, 40, 48, 64, 72, 80, 96, 112, 128, 160, 192, 224, 256),
  fc.constantFrom(1, 2, 3, 5, 7, 9, 15, 17, 31, 33, 63, 65, 127, 129, 255),
  fc.integer({ min: 1, max: 256 }),
);

const anyCase: fc.Arbitrary<AttentionCase> = fc
  .record({
    ...{ B: fc.integer({ min: 1, max: 3 }), Tq: size(1), Tk: size(1), d: headWidth },
    valueWidth: fc.option(headWidth, { nil: undefined }),
    keyHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 4 }),
    causal: fc.boolean(),
    scale: fc.constantFrom(1, 1, 1, -0.5, 0),
    seen: fc.constantFrom(undefined, 0, 0.5, 0.9),
    biasShape: fc.option(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), { nil: undefined }),
    dropoutRate: fc.constantFrom(0, 0, 0.1, 0.5),
    gap: fc.nat(3),
  })
  .map(({ group, valueWidth, seen, scale, ...rest }) => ({
    ...rest,
    dv: valueWidth ?? rest.d,
    H: group * rest.keyHeads,
    scale: scale / Math.sqrt(rest.d),
    ...(seen === undefined ? {} : { seen }),
  }))
  .filter(({ B, H, Tq, Tk, d, dv }) => {
    return B * H * Tq * Tk * (d + dv) <= 2_000_000 && B * H * (Tq + Tk) * (d + dv) <= 100_000;
  });

export const attentionRows: readonly FuzzedKernel[] = [
  fuzzed('f32_attention', {
    any: anyCase,
    run: (memory, split, shape) => {
      const { output, weights } = runAttention(memory, split, problem(shape));
      return [output, weights];
    },
    reference: (shape) => {
      const { output, weights } = attention(problem(shape));
      return [output, weights];
    },
    tolerances: () => Array(2).fill({ relative: 2e-5, absolute: 1e-5 }),
  }),
  fuzzed('f32_attentionGrad', {
    any: anyCase,
    run: (memory, split, shape) => {
      const { dquery, dkey, dvalue } = runAttentionGrad(memory, split, problem(shape));
      return [dquery, dkey, dvalue];
    },
    reference: (shape) => {
      const p = problem(shape);
      const { dquery, dkey, dvalue } = attentionGrad(p, p.outputGrad);
      return [dquery, dkey, dvalue];
    },
    // Sums over as many rows, of differences of products of `dv` numbers.
    tolerances: ({ Tq, dv }) =>
      Array(3).fill({ relative: 5e-5, absolute: 3e-5 * Math.sqrt(1 + (Tq * dv) / 64) }),
  }),
];
