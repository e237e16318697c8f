import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { maskedGlobalAveragePooling1D } from '../../src/layers/maskedGlobalAveragePooling1D.ts';
import { registerLayers } from '../../src/layers/registerLayers.ts';
import { transformerEncoder } from '../../src/layers/transformerEncoder.ts';

const vocabulary = 20;
const steps = 12;

/** The article's program with a small vocabulary; `pooling` is the layer after the encoder. */
function buildModel(pooling: tfl.layers.Layer): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      tfl.layers.embedding({
        inputDim: vocabulary,
        outputDim: 32,
        maskZero: true,
        embeddingsInitializer: tfl.initializers.randomUniform({
          minval: -0.05,
          maxval: 0.05,
          seed: 1,
        }),
      }),
      transformerEncoder({ numHeads: 4, intermediateDim: 64, dropout: 0.1, seed: 1 }),
      pooling,
      tfl.layers.dense({
        units: 1,
        activation: 'sigmoid',
        kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }),
      }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** Sequences of different lengths, 0 behind their end; label 1 where token 5 comes with token 6. */
function makeData(count: number, seed: number) {
  const random = new Random(seed);
  const ids: number[][] = [];
  const labels: number[][] = [];
  for (let n = 0; n < count; n++) {
    const length = 4 + random.below(steps - 3);
    const row = Array.from({ length: steps }, (_, t) =>
      t < length ? 7 + random.below(vocabulary - 7) : 0,
    );
    const [first, second] = random.shuffle(Array.from({ length }, (_, t) => t)) as [number, number];
    const kind = random.below(4);
    row[first] = kind % 2 === 0 ? 5 : row[first]!;
    row[second] = kind < 2 ? 6 : row[second]!;
    ids.push(row);
    labels.push([kind === 0 ? 1 : 0]);
  }
  return { x: tf.tensor2d(ids, [count, steps], 'int32'), y: tf.tensor2d(labels) };
}

beforeAll(async () => {
  await createEngine();
  registerLayers();
});

describe("the article's program", () => {
  it('learns: the loss falls and unseen sequences are told apart', async () => {
    const start = tf.memory().numTensors;
    const model = buildModel(maskedGlobalAveragePooling1D());
    const train = makeData(512, 1);
    const test = makeData(128, 2);
    const { history } = await model.fit(train.x, train.y, {
      epochs: 12,
      batchSize: 32,
      shuffle: false,
      verbose: 0,
    });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
    const [, accuracy] = model.evaluate(test.x, test.y) as tf.Scalar[];
    expect(accuracy!.dataSync()[0]!).toBeGreaterThan(0.9);
    const scores = model.predict(test.x) as tf.Tensor;
    expect(scores.shape).toEqual([128, 1]);
    const { optimizer } = model;
    tf.dispose([Object.values(train), Object.values(test)]);
    model.dispose();
    optimizer.dispose();
    // The two scalars of evaluate and the scores; the rest is gone.
    tf.dispose([scores, accuracy!]);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(start + 1);
  });

  it('is deterministic: same seeds, same losses', async () => {
    const { x, y } = makeData(64, 3);
    const run = async () => {
      const model = buildModel(maskedGlobalAveragePooling1D());
      const { history } = await model.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
      model.dispose();
      return history.loss;
    };
    expect(await run()).toEqual(await run());
  });

  it('does not see padding, in whatever batch a sequence stands', () => {
    const model = buildModel(maskedGlobalAveragePooling1D());
    const tokens = [3, 9, 5, 6];
    const predict = (length: number) =>
      tf.tidy(() => {
        const row = Array.from({ length }, (_, t) => tokens[t] ?? 0);
        return (
          model.predict(tf.tensor2d([row], [1, length], 'int32')) as tf.Tensor
        ).dataSync()[0]!;
      });
    expect(predict(9)).toBeCloseTo(predict(4), 6);
    model.dispose();
  });

  it("also works with tfjs-layers' own pooling", async () => {
    const model = buildModel(tfl.layers.globalAveragePooling1d());
    const { x, y } = makeData(64, 3);
    const { history } = await model.fit(x, y, { epochs: 3, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    model.dispose();
    tf.dispose([x, y]);
  });
});
