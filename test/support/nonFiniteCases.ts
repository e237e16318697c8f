import * as fc from 'fast-check';
import { kernelCases, type MakeCase } from './kernelCases.ts';
import { type Contamination, type Differences, specials } from './nonFinite.ts';
import { tfjsCases } from './tfjsCases.ts';

/** What differs from tfjs on purpose, by the beginning of a case's name. */
const differences: readonly [beginning: string, Differences][] = [
  ['embedding', { skips: 'gradients' }],
  ['gather', { skips: 'gradients' }],
  ['maskedMax', { skips: 'gradients', ownGradient: true }],
  ['maskedMean', { skips: 'everything' }],
  [
    'scaledDotProductAttention with a learned bias',
    { skips: 'everything', meaning: { special: '-Infinity', input: 3 } }, // masks
  ],
  ['scaledDotProductAttention', { skips: 'everything' }],
  ['selfAttention', { skips: 'everything' }],
  ['softmaxCrossEntropy of classes', { skips: 'everything' }],
  ['unsortedSegmentSum', { skips: 'everything' }],
];

/** Every operation, ours and those of tfjs that we replace. */
export const nonFiniteCases: readonly [name: string, make: MakeCase, differences: Differences][] = [
  // recompute computes nothing itself: its case is of kernels that have cases of their own.
  ...kernelCases.filter(([name]) => name !== 'recompute'),
  ...tfjsCases,
].map(([name, make]) => {
  const found = differences.find(([beginning]) => name.startsWith(beginning));
  return [name, make, found?.[1] ?? {}];
});

const size = fc.constantFrom(1, 2, 3, 4, 5, 8, 9, 17, 33);

/** Special numbers somewhere in an operation of any size, for fast-check. */
export const anyContamination: fc.Arbitrary<Contamination> = fc.record({
  seed: fc.nat(1e6),
  sizes: fc.tuple(fc.constantFrom(1, 2, 3), size, size),
  special: fc.constantFrom(...Object.keys(specials)),
  input: fc.nat(11),
  places: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 3 }),
});
