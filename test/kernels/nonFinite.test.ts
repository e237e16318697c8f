import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { activation } from '../../src/kernels/activation.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { embedding } from '../../src/kernels/embedding.ts';
import { registry } from '../../src/kernels/index.ts';
import { maskedMax } from '../../src/kernels/maskedMax.ts';
import { maskedMean } from '../../src/kernels/maskedMean.ts';
import { scaledDotProductAttention } from '../../src/kernels/scaledDotProductAttention.ts';
import { softmaxCrossEntropy } from '../../src/kernels/softmaxCrossEntropy.ts';
import type { MakeCase } from '../support/kernelCases.ts';
import { expectAsOnCpu } from '../support/nonFinite.ts';
import { anyContamination, nonFiniteCases } from '../support/nonFiniteCases.ts';
import { RandomTensors } from '../support/tensors.ts';

// NaN and Infinity come out where tfjs's cpu backend has them. Every operation of the registry is held
// to it; what differs on purpose stands in wasm/README.md and at the end of this file.

beforeAll(async () => {
  await createEngine();
});

afterEach(async () => {
  await tf.setBackend('wasm');
});

test.each(nonFiniteCases)('%s', async (_, make, differences) => {
  await fc.assert(
    fc.asyncProperty(anyContamination, (c) => expectAsOnCpu(make, c, differences)),
    { numRuns: 30 },
  );
});

/** Kernels of the registry without a case: they move, compare or count, or each number is in each sum. */
const withoutCase = new Set<string>([
  // Made of kernels with cases: test/layers/predictBlocks.test.ts holds them to the bits of those.
  ...['AttentionSublayer', 'FeedForwardSublayer'],
  ...[tf.FFT, tf.IFFT],
  ...[tf.Bincount, tf.Concat, tf.Equal, tf.Fill, tf.Less, tf.OnesLike, tf.SparseToDense],
  ...[tf.RaggedGather, tf.RaggedRange, tf.RaggedTensorToTensor, tf.StaticRegexReplace],
]);

/** The kernels that run in an operation and in its gradients. */
async function kernelsOf(make: MakeCase): Promise<string[]> {
  const { inputs, run, hasGradient = true } = make(new RandomTensors(1), [2, 3, 5]);
  const { kernelNames } = await tf.profile(() =>
    tf.tidy(
      () => (hasGradient ? tf.grads((...x) => run(...x))(inputs) : run(...inputs)) as tf.Tensor,
    ),
  );
  return kernelNames;
}

test('every kernel of the registry that computes is in a case', async () => {
  const covered = new Set<string>();
  for (const [, make] of nonFiniteCases)
    for (const name of await kernelsOf(make)) covered.add(name);
  const missing = registry.map(({ kernelName }) => kernelName).filter((name) => !covered.has(name));
  expect(missing.filter((name) => !withoutCase.has(name))).toEqual([]);
});

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** What is different from tfjs on purpose: the numbers of a tensor, and what they are. */
const intended: readonly [name: string, compute: () => tf.Tensor, expected: number[]][] = [
  [
    'a row that a mask takes from a mean is skipped',
    () => maskedMean(tf.tensor3d([nan, 1, infinity, 3], [1, 4, 1]), tf.tensor2d([[0, 1, 0, 1]])),
    [2],
  ],
  [
    'its gradient is 0 even where that of the mean is NaN',
    () => {
      const mask = tf.tensor2d([[1, 0]]);
      const x = tf.ones<tf.Rank.R3>([1, 2, 1]);
      return tf.grad((a) => maskedMean(a as tf.Tensor3D, mask))(x, tf.tensor2d([[nan]]));
    },
    [nan, 0],
  ],
  [
    'keys behind the last one to be seen are skipped',
    () => {
      const x = tf.tensor3d([1, nan], [1, 2, 1]);
      return scaledDotProductAttention(x, x, x, { numHeads: 1, mask: tf.tensor2d([[1, 0]]) });
    },
    [1, nan],
  ],
  [
    'a bias of -Infinity masks',
    () => {
      const x = tf.tensor3d([1, 2], [1, 2, 1]);
      const bias = tf.tensor4d([-infinity, 0, -infinity, -infinity], [1, 1, 2, 2]);
      return scaledDotProductAttention(x, x, x, { numHeads: 1, bias });
    },
    [2, 0],
  ],
  [
    'a NaN reaches its own segment only',
    () => tf.unsortedSegmentSum(tf.tensor1d([nan, 1, 2]), tf.tensor1d([0, 1, 1], 'int32'), 3),
    [nan, 3, 0],
  ],
  [
    'the gradient of an embedding has a NaN in the row of its id only',
    () => {
      const ids = tf.tensor1d([0, 1], 'int32');
      const table = tf.ones<tf.Rank.R2>([3, 1]);
      return tf.grad((t) => embedding(ids, t as tf.Tensor2D))(table, tf.tensor2d([[nan], [4]]));
    },
    [nan, 4, 0],
  ],
  [
    'a row that a loss ignores is 0, and another class may be impossible',
    () => {
      const logits = tf.tensor2d([nan, nan, 0, -infinity], [2, 2]);
      return softmaxCrossEntropy(logits, tf.tensor1d([-100, 0], 'int32'));
    },
    [0, 0],
  ],
  [
    'the gradient of a maximum goes to the first of equals, or the first NaN',
    () => {
      const x = tf.tensor3d([1, 2, 2, nan, 5, nan], [2, 3, 1]);
      return tf.grad((a) => maskedMax(a as tf.Tensor3D))(x, tf.tensor2d([[3], [4]]));
    },
    [0, 3, 0, 4, 0, 0],
  ],
  [
    'the slope of gelu_new is 0 or 1 far out',
    () => tf.grad((x) => activation(x, 'gelu_new'))(tf.tensor1d([-1e38, 1e38])),
    [0, 1],
  ],
  [
    'a partial sum beyond float32 does not come back',
    () => tf.sum(tf.tensor2d([3e38, 3e38, -3e38, -3e38], [4, 1]), 0),
    [infinity],
  ],
];

test.each(intended)('on purpose: %s', (_, compute, expected) => {
  tf.tidy(() => {
    expect([...compute().dataSync()].map((x) => x + 0)).toEqual(expected);
  });
});
