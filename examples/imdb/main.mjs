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
import { imdbOptions, modelNames } from './options.mjs';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string', default: 'keras' },
    seeds: { type: 'string', default: '1' },
    'held-out': { type: 'string', default: '5000' },
  },
});

if (flags.data === undefined || !modelNames.includes(flags.model)) {
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
  const options = imdbOptions(flags.model);
  const classifier = await TextClassifier.create({ ...options.create, seed });
  await classifier.train(train, { ...options.train, seed, onProgress: terminalProgress() });
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
