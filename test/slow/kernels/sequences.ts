import * as fc from 'fast-check';
import {
  type Lookup,
  lookupKernel,
  type SegmentSum,
  segmentSumKernel,
} from '../../wasm/embeddingKernels.ts';
import {
  type MaskKind,
  maxKernels,
  meanKernels,
  type PoolingCase,
  sequencesOf,
} from '../../wasm/poolingKernels.ts';
import { randomIntegers, randomNumbers } from '../../wasm/randomNumbers.ts';
import { embedding, segmentSum } from '../../wasm/reference/embedding.ts';
import {
  maskedMax,
  maskedMaxGrad,
  maskedMaxPlaces,
  maskedMean,
  maskedMeanGrad,
} from '../../wasm/reference/pooling.ts';
import { rotary } from '../../wasm/reference/rotary.ts';
import { type RotaryCase, rotaryKernel, rotationOf, spread } from '../../wasm/rotaryKernel.ts';
import { type FuzzedKernel, fuzzed, matrix, seed, size } from './fuzzedKernel.ts';

const exact = { relative: 0, absolute: 0 };

const lookups = fc
  .tuple(matrix(), size(1, 129), size(0, 33))
  .map(([{ N, D, seed }, V, T]): Lookup => {
    const lookup = {
      embeddings: randomNumbers(V * D, seed),
      ids: randomIntegers(N, seed, 0, V),
      D,
    };
    return T > 0 ? { ...lookup, positions: randomNumbers(T * D, seed + 1) } : lookup;
  });

const segmentSums = fc
  .tuple(matrix(), size(1, 129), fc.boolean())
  .map(([{ N, D, seed }, segments, accumulates]): SegmentSum => {
    const [x, ids] = [randomNumbers(N * D, seed), randomIntegers(N, seed, -2, segments + 2)];
    const sum = { x, ids, D, segments };
    return accumulates ? { ...sum, start: randomNumbers(segments * D, seed + 1) } : sum;
  });

const pools = fc
  .record({
    ...{ B: size(0, 9), T: size(0, 129), D: size(1), seed },
    kind: fc.constantFrom<MaskKind>('none', 'uint8', 'int32', 'float32'),
  })
  .filter(({ B, T, D }) => Math.max(B, 1) * T * D <= 20_000)
  .map(({ seed, ...shape }) => {
    const { B, T, D } = shape;
    const pool: PoolingCase = { ...shape, mask: randomIntegers(B * T, seed, 0, 2) };
    // Whole numbers, so that some are equal and the first must win.
    const x = randomNumbers(B * T * D, seed + 1, 9).map(Math.round);
    return { shape: pool, x, dy: randomNumbers(B * D, seed + 2) };
  });

const rotations = fc
  .record({
    ...{ N: size(0, 97), T: size(1, 33), heads: fc.integer({ min: 1, max: 5 }), seed },
    ...{ half: size(0, 129), unturned: fc.constantFrom(0, 0, 1, 2, 3, 8) },
    ...{ interleaved: fc.boolean(), inverse: fc.boolean(), hasPositions: fc.boolean() },
    gap: fc.constantFrom(0, 3),
  })
  .filter(({ N, heads, half }) => N * heads * half <= 10_000)
  .map(({ half, unturned, hasPositions, seed, ...shape }) => {
    const { N, T, heads } = shape;
    const angles = randomNumbers(T * half, seed, 4);
    const headDim = Math.max(2 * half + unturned, 1);
    const positions = hasPositions ? { positions: randomIntegers(N, seed, 0, T) } : {};
    const tables = { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
    const rotation: RotaryCase = {
      ...shape,
      ...tables,
      ...positions,
      headDim,
      rotaryDim: 2 * half,
    };
    return { shape: rotation, x: randomNumbers(N * heads * headDim, seed + 1) };
  });

export const sequenceRows: readonly FuzzedKernel[] = [
  fuzzed('f32_embedding', {
    any: lookups,
    run: (memory, split, lookup) => [lookupKernel(memory, split, lookup).y],
    reference: ({ embeddings, ids, positions, D }) => [
      embedding(embeddings, ids, positions, D).map(Math.fround),
    ],
    tolerances: () => [exact],
  }),
  fuzzed('f32_unsortedSegmentSum', {
    any: segmentSums,
    run: (memory, split, sum) => [segmentSumKernel(memory, split, sum)],
    reference: ({ x, ids, segments, D, start }) => [
      segmentSum(x, ids, segments, D).map((sum, i) => sum + (start?.[i] ?? 0)),
    ],
    tolerances: ({ ids }) => [{ absolute: 1e-5 + 2e-7 * ids.length }],
  }),
  fuzzed('f32_maskedMean', {
    any: pools,
    run: (memory, split, { shape, x, dy }) => [meanKernels(memory, split, shape, x, dy).y],
    reference: ({ shape, x }) => [maskedMean(x, sequencesOf(shape))],
    tolerances: () => [{ absolute: 2e-6 }],
  }),
  fuzzed('f32_maskedMeanGrad', {
    any: pools,
    run: (memory, split, { shape, x, dy }) => [meanKernels(memory, split, shape, x, dy).dx],
    reference: ({ shape, dy }) => [maskedMeanGrad(dy, sequencesOf(shape))],
  }),
  fuzzed('f32_maskedMax', {
    any: pools,
    run: (memory, split, { shape, x, dy }) => {
      const { y, places } = maxKernels(memory, split, shape, x, dy);
      return [y, places];
    },
    reference: ({ shape, x }) => [
      maskedMax(x, sequencesOf(shape)),
      maskedMaxPlaces(x, sequencesOf(shape)),
    ],
    tolerances: () => [exact, exact],
  }),
  fuzzed('f32_maskedMaxGrad', {
    any: pools,
    run: (memory, split, { shape, x, dy }) => [maxKernels(memory, split, shape, x, dy).dx],
    reference: ({ shape, x, dy }) => {
      const sequences = sequencesOf(shape);
      return [maskedMaxGrad(dy, maskedMaxPlaces(x, sequences), sequences)];
    },
    tolerances: () => [exact],
  }),
  fuzzed('f32_rotary', {
    any: rotations,
    run: (memory, split, { shape, x }) => [rotaryKernel(memory, split, shape, x)],
    reference: ({ shape, x }) => {
      const turned = Float32Array.from(rotary(x, rotationOf(shape)));
      return [spread(turned, shape.heads * shape.headDim, shape.gap)];
    },
  }),
];
