import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledPackage, installPackage, runNode } from '../support/builtPackage.ts';

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

/** Runs a user's program in the folder where the package is installed; it prints one JSON value. */
async function run(name: string, program: string): Promise<unknown> {
  await writeFile(join(installed.folder, name), program);
  const { code, stdout, stderr } = await runNode([name], installed.folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('the installed package', () => {
  it('creates, trains, saves, loads and predicts', async () => {
    const printed = await run(
      'classifier.mjs',
      `
      import { TextClassifier } from 'anyformer';

      const words = { cold: ['snow', 'ice', 'frost'], warm: ['sun', 'beach', 'heat'] };
      const examples = Array.from({ length: 96 }, (_, n) => {
        const label = n % 2 ? 'cold' : 'warm';
        return { text: 'a day of ' + words[label][n % 3] + ' in the town', label };
      });
      const classifier = await TextClassifier.create({
        maxLength: 16,
        tokenizer: { type: 'wordpiece', vocabSize: 120 },
        encoder: { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16, dropout: 0.1, pooling: 'mean', hiddenAct: 'relu' },
      });
      await classifier.train(examples, { epochs: 6, batchSize: 16, learningRate: 1e-2, validationSplit: 0 });
      const texts = ['snow and frost', 'sun on the beach'];
      const before = await classifier.predict(texts);
      await classifier.save('model');
      classifier.dispose();
      const again = await TextClassifier.load('model');
      console.log(JSON.stringify({ before, after: await again.predict(texts) }));
      again.dispose();
      `,
    );
    const { before, after } = printed as Record<string, { label: string }[][]>;
    expect(before!.map(([best]) => best!.label)).toEqual(['cold', 'warm']);
    expect(after).toEqual(before);
    expect((await readdir(join(installed.folder, 'model'))).sort()).toEqual([
      'anyformer.safetensors',
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  it('gets all of tfjs when anyformer/tf is imported, also while the engine runs', async () => {
    const printed = await run(
      'late.mjs',
      `
      import { createEngine, TextClassifier } from 'anyformer';

      const engine = await createEngine({ relaxed: false });
      const classifier = await TextClassifier.create({
        maxLength: 8,
        tokenizer: { type: 'wordpiece', vocabSize: 60 },
        encoder: { hiddenSize: 8, numAttentionHeads: 2, intermediateSize: 8, dropout: 0 },
      });
      const examples = ['cold', 'warm'].map((label) => ({ text: 'a ' + label + ' day', label }));
      await classifier.train(examples, { epochs: 1 });
      const before = await classifier.predict('a cold day');

      const tf = await import('anyformer/tf');
      const after = await classifier.predict('a cold day');
      await classifier.train(examples, { epochs: 1 });
      const image = tf.ones([1, 4, 4, 1]);
      const filter = tf.ones([3, 3, 1, 1]);
      const slope = tf.grad((x) => x.conv2d(filter, 1, 'valid').sum())(image);
      const product = tf.ones([2, 3]).matMul(tf.ones([3, 2])).dataSync();
      console.log(JSON.stringify({
        same: JSON.stringify(after) === JSON.stringify(before),
        slope: Array.from(slope.dataSync().slice(0, 4)),
        product: Array.from(product),
        oneEngine: (await tf.createEngine()) === engine,
      }));
      `,
    );
    expect(printed).toEqual({
      same: true,
      slope: [1, 2, 2, 1],
      product: [3, 3, 3, 3],
      oneEngine: true,
    });
  });

  it("runs the article's model, with fewer words, and the loss falls", async () => {
    // A text tells its label by the one word that is 3 or 4.
    const printed = await run(
      'article.mjs',
      `
      import * as tf from 'anyformer/tf';

      await tf.createEngine();
      const length = 16;
      const makeTexts = (count, offset) => {
        const ids = Array.from({ length: count }, (_, n) =>
          Array.from({ length }, (_, t) => 10 + (((n + offset) * 7919 + t * 104729) % 50)));
        ids.forEach((row, n) => { row[(n * 5) % length] = n % 2 ? 3 : 4; });
        return tf.tensor2d(ids, [count, length], 'int32');
      };
      const makeLabels = (count) => tf.tensor2d(Array.from({ length: count }, (_, n) => [n % 2]));

      const model = tf.sequential({
        layers: [
          tf.layers.embedding({ inputDim: 2000, outputDim: 256, inputLength: length }),
          tf.transformerEncoder({ numHeads: 8, intermediateDim: 512, dropout: 0.1 }),
          tf.maskedGlobalAveragePooling1D(),
          tf.layers.dense({ units: 1, activation: 'sigmoid' }),
        ],
      });
      model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] });
      const { history } = await model.fit(makeTexts(64, 0), makeLabels(64), {
        epochs: 6,
        batchSize: 16,
        verbose: 0,
      });
      const scores = model.predict(makeTexts(16, 1000));
      console.log(JSON.stringify({
        losses: history.loss,
        shape: scores.shape,
        scores: Array.from(await scores.data()),
        parameters: model.countParams(),
        backend: tf.getBackend(),
      }));
      `,
    );
    const { losses, shape, scores, parameters, backend } = printed as {
      losses: number[];
      shape: number[];
      scores: number[];
      parameters: number;
      backend: string;
    };
    expect(backend).toBe('wasm');
    // Embedding, attention, feed-forward, two layer norms, and the dense layer at the end.
    const [D, ffn] = [256, 512];
    const encoder = 4 * (D * D + D) + (D * ffn + ffn) + (ffn * D + D) + 4 * D;
    expect(parameters).toBe(2000 * D + encoder + D + 1);
    expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
    expect(shape).toEqual([16, 1]);
    expect(scores.map((score) => Number(score > 0.5))).toEqual(scores.map((_, n) => n % 2));
  });
});
