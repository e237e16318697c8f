import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { Decoder } from '../../src/models/decoder.ts';
import {
  CausalLanguageModeling,
  type NextTokenBatch,
} from '../../src/tasks/causalLanguageModeling.ts';
import type { IndexBatch, TrainingData } from '../../src/train/trainable.ts';
import { train } from '../../src/train/trainer.ts';

const STEPS = 8;
const options = { vocabSize: 11, hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2 };

/** Sequences that count upwards modulo 11, from any start. */
class Counting implements TrainingData<NextTokenBatch> {
  batches(): readonly IndexBatch[] {
    return [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]];
  }

  collate(indices: IndexBatch) {
    const rows = (first: number) =>
      Array.from(indices, (i) => Array.from({ length: STEPS }, (_, t) => (i + t + first) % 11));
    const batch = {
      inputIds: tf.tensor2d(rows(0), undefined, 'int32'),
      targets: tf.tensor2d(rows(1), undefined, 'int32'),
    };
    return { batch, examples: indices.length, tokens: indices.length * STEPS };
  }
}

beforeAll(async () => {
  await createEngine();
});

it.each(['gpt2', 'llama'] as const)('trains a decoder of type %s', async (type) => {
  const { numTensors } = tf.memory();
  const decoder = new Decoder({ ...options, type, intermediateSize: 32, dropout: 0 }, 1);
  await train(new CausalLanguageModeling(decoder), new Counting(), {
    epochs: 60,
    learningRate: 0.02,
  });
  const { batch } = new Counting().collate([0, 4, 10]);
  tf.tidy(() => {
    const { logits } = decoder.forward(batch, { training: false, seeds: new SeedStream(0) });
    expect(tf.argMax(logits, 2).arraySync()).toEqual(batch.targets.arraySync());
  });
  tf.dispose([batch.inputIds, batch.targets]);
  decoder.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

it('weighs a batch by the tokens that count, and has no use for classWeight', () => {
  using decoder = new Decoder(options, 1);
  const model = new CausalLanguageModeling(decoder);
  tf.tidy(() => {
    const batch = {
      inputIds: tf.zeros<tf.Rank.R2>([1, 3], 'int32'),
      targets: tf.tensor2d([[2, -100, 3]], undefined, 'int32'),
    };
    const context = {
      training: false,
      seeds: new SeedStream(0),
      labelSmoothingFactor: 0,
      classWeight: undefined,
      gradientCheckpointing: false,
    };
    expect(model.loss(batch, context).weight).toBe(2);
    expect(model.loss(batch, context).loss.dataSync()[0]).toBeCloseTo(Math.log(11), 0);
    expect(() => model.loss(batch, { ...context, classWeight: { a: 1 } })).toThrow(/classWeight/);
  });
});
