import { expect, it } from 'vitest';
import { root, runNode } from '../support/builtPackage.ts';

const GIGABYTE = 2 ** 30;

/** Prints what two updates of the article's model take, with the option first: the heap only grows. */
const program = `
  import { createEngine, TextClassifier, Tokenizer } from 'anyformer';
  import { SeedWords } from './test/bench/support/seedWords.mjs';

  const [vocabSize, length, batchSize] = [20_000, 500, 32];
  const words = new SeedWords(vocabSize);
  const examples = Array.from({ length: 2 * batchSize }, (_, n) => ({
    text: words.text(length),
    label: n % 2 === 0 ? 'even' : 'odd',
  }));
  const engine = await createEngine();
  const printed = [];
  for (const gradientCheckpointing of [true, false]) {
    const classifier = await TextClassifier.create({
      maxLength: length,
      tokenizer: Tokenizer.fromJSON(words.tokenizerJson()),
      encoder: {
        hiddenSize: 256,
        numHiddenLayers: 1,
        numAttentionHeads: 8,
        intermediateSize: 512,
        dropout: 0.1,
        maxPositionEmbeddings: length,
      },
    });
    const { peakHeapBytes, logHistory } = await classifier.train(examples, {
      epochs: 1,
      validationSplit: 0,
      batchSize,
      gradientCheckpointing,
    });
    const { loss } = logHistory[0];
    printed.push({ loss, peakHeapBytes, heapBytes: engine.info().heapBytes });
    classifier.dispose();
  }
  console.log(JSON.stringify(printed));
`;

it('the article’s model trains on batches of 32 x 500 tokens in less than 1 GB', {
  timeout: 240_000,
}, async () => {
  const args = ['--input-type=module', '-e', program];
  const { code, stdout, stderr } = await runNode(args, root);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [checkpointed, plain] = JSON.parse(stdout);
  expect(plain.heapBytes).toBeLessThan(GIGABYTE / 2);
  expect(plain.peakHeapBytes).toBeLessThan(0.36 * GIGABYTE);
  expect(checkpointed.heapBytes).toBeLessThan(0.4 * GIGABYTE);
  expect(checkpointed.peakHeapBytes).toBeLessThan(0.8 * plain.peakHeapBytes);
  expect(checkpointed.loss).toBe(plain.loss);
});
