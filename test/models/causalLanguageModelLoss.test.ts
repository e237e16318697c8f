import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { causalLanguageModelLoss, nextTokens } from '../../src/models/causalLanguageModelLoss.ts';

beforeAll(async () => {
  await createEngine();
});

it('moves labels to the places before them', () => {
  tf.tidy(() => {
    const labels = tf.tensor2d([[5, 6, -100, 8], [1, 2, 3, 4]], undefined, 'int32'); // biome-ignore format: a matrix
    expect(nextTokens(labels).arraySync()).toEqual([
      [6, -100, 8, -100],
      [2, 3, 4, -100],
    ]);
    expect(nextTokens(tf.ones([2, 1], 'int32')).arraySync()).toEqual([[-100], [-100]]);
  });
});

it('is the mean over the tokens that count', () => {
  tf.tidy(() => {
    const logits = tf.tensor3d([[[0, 0], [2, 0], [7, 9]]]); // biome-ignore format: a matrix
    const { loss, tokens } = causalLanguageModelLoss(
      logits,
      tf.tensor2d([[1, 0, -100]], undefined, 'int32'),
    );
    expect(tokens).toBe(2);
    expect(loss.dataSync()[0]).toBeCloseTo((Math.log(2) + Math.log(1 + Math.exp(-2))) / 2, 6);
  });
});

it('is 0 of 0 tokens where none counts', () => {
  tf.tidy(() => {
    const targets = tf.fill<tf.Rank.R2>([1, 3], -100, 'int32');
    const { loss, tokens } = causalLanguageModelLoss(tf.ones([1, 3, 2]), targets);
    expect([loss.dataSync()[0], tokens]).toEqual([0, 0]);
  });
});
