/**
 * The article's experiment, for real: a Transformer from scratch on the IMDB reviews.
 *
 *   npm run example:imdb -- --data PATH/train.jsonl.gz [--model keras|article] [--seeds 3]
 *
 * The file holds one JSON object a line, { text, label }; 5,000 of its reviews are held out.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { createEngine, readExamples, splitExamples, TextClassifier } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { printEvaluation } from '../spam/print.mjs';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string', default: 'keras' },
    seeds: { type: 'string', default: '1' },
    epochs: { type: 'string', default: '3' },
    'learning-rate': { type: 'string', default: '1e-3' },
    'max-length': { type: 'string', default: '200' },
    'held-out': { type: 'string', default: '5000' },
  },
});

/** The Keras example's size, and the article's. Both have a vocabulary of 20,000. */
const ENCODERS = {
  keras: { hiddenSize: 32, numAttentionHeads: 2, intermediateSize: 32, dropout: 0.1 },
  article: { hiddenSize: 256, numAttentionHeads: 8, intermediateSize: 512, dropout: 0.1 },
};

if (flags.data === undefined || ENCODERS[flags.model] === undefined) {
  console.error(
    'Usage: npm run example:imdb -- --data PATH/train.jsonl.gz [--model keras|article] [--seeds N]',
  );
  process.exit(2);
}

const file = await readFile(flags.data);
const text = (flags.data.endsWith('.gz') ? gunzipSync(file) : file).toString('utf8');
const { examples } = await readExamples(text, { format: 'jsonl', text: 'text', label: 'label' });
const split = splitExamples(examples, {
  validationSplit: Number(flags['held-out']) / examples.length,
  seed: 0,
});
const train = Array.from(split.train, (index) => examples[index]);
const test = Array.from(split.validation, (index) => examples[index]);

console.log(String(await createEngine()));
console.log(`\n${train.length} reviews to learn from, ${test.length} held out`);

const accuracies = [];
for (let seed = 1; seed <= Number(flags.seeds); seed++) {
  const classifier = await TextClassifier.create({
    maxLength: Number(flags['max-length']),
    tokenizer: { type: 'wordpiece', vocabSize: 20_000 },
    encoder: { type: 'transformer', numHiddenLayers: 1, ...ENCODERS[flags.model] },
    seed,
  });
  await classifier.train(train, {
    epochs: Number(flags.epochs),
    batchSize: 32,
    learningRate: Number(flags['learning-rate']),
    warmupRatio: 0.1,
    lrSchedulerType: 'linear',
    onProgress: terminalProgress(),
  });
  const report = await classifier.evaluate(test);
  console.log(`\nSeed ${seed}`);
  printEvaluation(report);
  accuracies.push(report.accuracy);
  classifier.dispose();
}
const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
console.log(
  `\n${flags.model} model, mean accuracy of ${accuracies.length} seeds: ${mean.toFixed(4)}`,
);
