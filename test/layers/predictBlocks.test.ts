import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import type { AnyformerBackend } from '../../src/engine/backend.ts';
import { type ActivationName, activations } from '../../src/kernels/activationName.ts';
import { attentionSublayer } from '../../src/kernels/attentionSublayer.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { feedForwardSublayer } from '../../src/kernels/feedForwardSublayer.ts';
import { recordTape } from '../../src/kernels/recordTape.ts';
import type { SelfAttentionWeights } from '../../src/layers/blockWeights.ts';
import { attentionBlock, feedForwardBlock } from '../../src/layers/transformerBlocks.ts';
import { specials } from '../support/nonFinite.ts';
import { RandomTensors } from '../support/tensors.ts';

// A block in one call, as prediction has it, against the operations that training is made of.

beforeAll(async () => {
  await createEngine();
});

const oneOf = (...values: number[]) => fc.constantFrom(...values);
const size = oneOf(1, 2, 3, 4, 5, 7, 8, 13, 17, 33);
const blocks = fc.record({
  seed: fc.nat(1e6),
  batch: oneOf(1, 2, 3),
  steps: size,
  headDim: oneOf(1, 3, 4, 8, 9),
  valueDim: oneOf(0, 0, 0, 5),
  numKeyValueHeads: oneOf(1, 2),
  repeats: oneOf(1, 2),
  intermediate: size,
  activation: fc.constantFrom(...(Object.keys(activations) as ActivationName[])),
  isFused: fc.boolean(),
  hasBias: fc.boolean(),
  hasMask: fc.boolean(),
  isRms: fc.boolean(),
  isGated: fc.constantFrom(false, false, true),
  causal: fc.boolean(),
  normalizeFirst: fc.boolean(),
  special: fc.option(fc.constantFrom(...Object.keys(specials))),
  training: fc.boolean(),
});
type Block = typeof blocks extends fc.Arbitrary<infer T> ? T : never;

/** Both blocks of random weights. Call it in a `tf.tidy`. */
function makeBlocks(block: Block) {
  const make = new RandomTensors(block.seed);
  const { batch, steps, headDim, numKeyValueHeads, intermediate } = block;
  const numHeads = numKeyValueHeads * block.repeats;
  const D = numHeads * headDim;
  const linear = (from: number, to: number) => ({
    kernel: make.normal<tf.Rank.R2>([from, to]),
    ...(block.hasBias && { bias: make.normal<tf.Rank.R1>([to]) }),
  });
  const norm = block.isRms
    ? { gamma: make.normal<tf.Rank.R1>([D]) }
    : { gamma: make.normal<tf.Rank.R1>([D]), beta: make.normal<tf.Rank.R1>([D]) };
  const valueDim = block.isFused ? headDim : block.valueDim || headDim;
  const output = linear(numHeads * valueDim, D);
  const attention: SelfAttentionWeights = block.isFused
    ? { queryKeyValue: linear(D, (numHeads + 2 * numKeyValueHeads) * headDim), output }
    : {
        query: linear(D, numHeads * headDim),
        key: linear(D, numKeyValueHeads * headDim),
        value: linear(D, numKeyValueHeads * valueDim),
        output,
      };
  const feedForward = {
    ...(block.isGated && { gate: linear(D, intermediate) }),
    intermediate: linear(D, intermediate),
    output: linear(intermediate, D),
    norm,
  };
  const numbers = make.normal([batch, steps, D]).dataSync().slice();
  if (block.special !== null) numbers[block.seed % numbers.length] = specials[block.special]!;
  const x = tf.tensor(numbers, [batch, steps, D]) as tf.Tensor3D;
  const mask = block.hasMask ? (make.mask([batch, steps]) as tf.Tensor2D) : undefined;
  const options = {
    ...{ numHeads, numKeyValueHeads, mask, causal: block.causal, activation: block.activation },
    ...{ epsilon: 1e-5, normalizeFirst: block.normalizeFirst, hiddenDropout: 0 },
    ...{ training: block.training, seeds: new SeedStream(1) },
  };
  return {
    x,
    options,
    attend: () => attentionBlock(x, { attention, norm }, options).output,
    feed: () => feedForwardBlock(x, feedForward, options),
    predictsAttention: valueDim === headDim,
    predictsFeedForward: !block.isGated,
  };
}

async function kernelsOf(compute: () => tf.Tensor): Promise<string[]> {
  return (await tf.profile(() => tf.tidy(compute))).kernelNames;
}

describe('a block in prediction', () => {
  test('has the bits of the operations it is made of, whatever they are', () => {
    fc.assert(
      fc.property(blocks, (block) => {
        tf.tidy(() => {
          const { attend, feed } = makeBlocks(block);
          for (const compute of [attend, feed]) {
            const predicted = compute().dataSync();
            const { result, tape } = recordTape(compute);
            expect(tape.length).toBeGreaterThan(0);
            expect(predicted).toEqual(result.dataSync());
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  test('is one call, and otherwise put together', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, async (block) => {
        tf.engine().startScope();
        const { attend, feed, predictsAttention, predictsFeedForward } = makeBlocks(block);
        const [ofAttention, ofFeedForward] = [await kernelsOf(attend), await kernelsOf(feed)];
        tf.engine().endScope();
        expect(ofAttention.includes('AttentionSublayer')).toBe(predictsAttention);
        expect(ofFeedForward.includes('FeedForwardSublayer')).toBe(predictsFeedForward);
        expect(ofAttention.includes('Add')).toBe(!predictsAttention);
        expect(ofFeedForward.includes('Add')).toBe(!predictsFeedForward);
      }),
      { numRuns: 30 },
    );
  });

  const plain: Block = {
    ...{ seed: 1, batch: 2, steps: 5, headDim: 4, valueDim: 0, numKeyValueHeads: 2, repeats: 1 },
    ...{ intermediate: 9, activation: 'gelu', isFused: false, hasBias: true, hasMask: true },
    ...{ isRms: false, isGated: false, causal: false, normalizeFirst: false, special: null },
    training: false,
  };

  test('drops while training, and is put together for that', async () => {
    tf.engine().startScope();
    for (const rates of [{ dropout: 0.5 }, { hiddenDropout: 0.5 }, { activationDropout: 0.5 }]) {
      const { x, options } = makeBlocks({ ...plain, training: true });
      const weights = tf.ones<tf.Rank.R2>([8, 8]);
      const linear = { kernel: weights };
      const norm = { gamma: tf.ones<tf.Rank.R1>([8]) };
      const attention = { query: linear, key: linear, value: linear, output: linear };
      const dropping = { ...options, ...rates };
      const names = [
        ...(await kernelsOf(() => attentionBlock(x, { attention, norm }, dropping).output)),
        ...(await kernelsOf(() =>
          feedForwardBlock(x, { intermediate: linear, output: linear, norm }, dropping),
        )),
      ];
      const whole = ['AttentionSublayer', 'FeedForwardSublayer'];
      // A rate of one of the two leaves the other as it is.
      const expected = 'hiddenDropout' in rates ? 0 : 1;
      expect(names.filter((name) => whole.includes(name)).length, JSON.stringify(rates)).toBe(
        expected,
      );
    }
    tf.engine().endScope();
  });

  test('leaves nothing on the heap but its result', () => {
    const { heap } = tf.backend() as AnyformerBackend;
    tf.tidy(() => {
      for (const normalizeFirst of [false, true]) {
        const { attend, feed } = makeBlocks({ ...plain, normalizeFirst });
        // From the second time on weights are kept packed.
        for (let i = 0; i < 2; i++) tf.dispose([attend(), feed()]);
        const [used, { numTensors }] = [heap.usedBytes, tf.memory()];
        for (let i = 0; i < 3; i++) tf.dispose([attend(), feed()]);
        expect([heap.usedBytes, tf.memory().numTensors]).toEqual([used, numTensors]);
      }
    });
  });

  test('of no texts is empty', () => {
    tf.tidy(() => {
      const { attend, feed } = makeBlocks({ ...plain, batch: 0, hasMask: false });
      expect([attend().shape, feed().shape]).toEqual([
        [0, 5, 8],
        [0, 5, 8],
      ]);
    });
  });

  test('says which of its tensors does not fit', () => {
    tf.tidy(() => {
      const square = tf.ones([4, 4]);
      const gamma = tf.ones([4]);
      const x = tf.ones([1, 3, 4]);
      const settings = { epsilon: 1e-5, normalizeFirst: false };
      const attention = { ...settings, numHeads: 2, numKeyValueHeads: 1, causal: false };
      const tensors = { x, query: square, key: tf.ones([4, 2]), output: square, gamma };
      expect(() => attentionSublayer({ ...tensors, value: tf.ones([4, 3]) }, attention)).toThrow(
        'attentionSublayer: value must have the shape (4, 2), received (4, 3).',
      );
      expect(() => attentionSublayer(tensors, attention)).toThrow('key and value come together');
      const value = tf.ones([4, 2]);
      expect(() =>
        attentionSublayer({ ...tensors, value, mask: tf.ones([1, 2]) }, attention),
      ).toThrow('attentionSublayer: mask must have the shape (1, 3), received (1, 2).');
      expect(() =>
        feedForwardSublayer(
          { x, intermediate: square, output: tf.ones([5, 4]), gamma },
          { ...settings, activation: 'relu' },
        ),
      ).toThrow('feedForwardSublayer: output must have the shape (4, 4), received (5, 4).');
    });
  });
});
