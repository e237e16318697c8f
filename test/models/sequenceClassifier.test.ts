import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { softmaxCrossEntropy } from '../../src/kernels/softmaxCrossEntropy.ts';
import { SequenceClassifier } from '../../src/models/sequenceClassifier.ts';

const encoder = {
  vocabSize: 17,
  hiddenSize: 8,
  numAttentionHeads: 2,
  intermediateSize: 12,
  maxPositionEmbeddings: 10,
} as const;

beforeAll(async () => {
  await createEngine();
});

describe('SequenceClassifier', () => {
  it('scores each label, and learns a label by its token', () => {
    const start = tf.memory().numTensors;
    const model = new SequenceClassifier({ encoder, numLabels: 3 }, 1);
    const inputIds = tf.tensor2d(
      [
        [3, 9, 10],
        [9, 4, 11],
        [12, 9, 5],
        [10, 3, 12],
      ],
      undefined,
      'int32',
    );
    const labels = tf.tensor1d([0, 1, 2, 0], 'int32');
    const optimizer = tf.train.adam(0.01);
    const logits = (training: boolean, seed = 0) =>
      model.forward({ inputIds }, { training, seeds: new SeedStream(seed) }).logits;
    for (let step = 0; step < 60; step++) {
      optimizer.minimize(
        () => tf.mean(softmaxCrossEntropy(logits(true, step), labels)) as tf.Scalar,
        false,
        [...model.variables.values()],
      );
    }
    const predicted = tf.tidy(() => {
      const scores = logits(false);
      expect(scores.shape).toEqual([4, 3]);
      return [...tf.argMax(scores, 1).dataSync()];
    });
    expect(predicted).toEqual([0, 1, 2, 0]);
    tf.dispose([inputIds, labels]);
    optimizer.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(start);
  });

  it('drops out of the pooled vector at its own rate', () => {
    const still = { ...encoder, dropout: 0 };
    const run = (classifierDropout: number, seed: number) =>
      tf.tidy(() => {
        using model = new SequenceClassifier(
          { encoder: still, numLabels: 2, classifierDropout },
          1,
        );
        const batch = { inputIds: tf.tensor2d([[3, 4, 5]], undefined, 'int32') };
        return model
          .forward(batch, { training: true, seeds: new SeedStream(seed) })
          .logits.dataSync();
      });
    expect(run(0, 1)).toEqual(run(0, 2));
    expect(run(0.5, 1)).not.toEqual(run(0.5, 2));
  });

  it('loads all or nothing: a file without the head leaves the encoder as it was', () => {
    using model = new SequenceClassifier({ encoder, numLabels: 3 }, 1);
    using other = new SequenceClassifier({ encoder, numLabels: 3 }, 2);
    const before = model.toSafetensors();
    const headless = other.toSafetensors();
    headless.delete('classifier.weight');
    expect(() => model.loadSafetensors(headless)).toThrow(/is missing classifier\.weight/);
    expect(model.toSafetensors()).toEqual(before);
    model.loadSafetensors(other.toSafetensors());
    expect(model.toSafetensors()).toEqual(other.toSafetensors());
  });

  it('refuses options that do not fit', () => {
    expect(() => new SequenceClassifier({ encoder, numLabels: 0 }, 1)).toThrow(/numLabels/);
    expect(
      () =>
        new SequenceClassifier({ encoder: { ...encoder, numAttentionHeads: 3 }, numLabels: 2 }, 1),
    ).toThrow('numAttentionHeads 3 does not divide hiddenSize 8; use 1, 2, 4 or 8.');
    expect(() => new SequenceClassifier({ encoder, numLabels: 2 }, 1.5)).toThrow(/seed/);
  });
});
