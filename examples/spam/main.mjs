/**
 * Trains a text classifier on WebAssembly, measures it on examples it has not seen, saves it,
 * loads it again and predicts the same.
 *
 *   npm start                                                        spam or ham, on real mail
 *   npm start -- --data FILE.jsonl|csv --text COLUMN --label COLUMN  your own file
 */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { createEngine, readExamples, splitExamples, TextClassifier } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { spamOptions } from './options.mjs';
import { printEvaluation, printPredictions, printProblems } from './print.mjs';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    text: { type: 'string', default: 'text' },
    label: { type: 'string', default: 'label' },
    output: { type: 'string', default: 'models/spam' },
    epochs: { type: 'string' },
    'max-length': { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});

const FRESH_MAILS = [
  'Congratulations! You have been selected to receive a FREE prize. Click here now to claim your money.',
  'Hi Anna, the build fails on my machine since the last patch to the mailing list parser. Any idea?',
  'Lose weight fast with this amazing offer, 100% guaranteed or your money back, order today!!!',
];

/** The user's own file, nine tenths to learn from; or the mails, with their fixed split. */
async function loadExamples() {
  if (flags.data === undefined) {
    const { loadMails, splitMails } = await import('./mails.mjs');
    const mails = loadMails();
    const what = `${mails.length} mails without headers, markup and repeats`;
    return { ...splitMails(mails), fresh: FRESH_MAILS, what };
  }
  const { examples, problems } = await readExamples(await readFile(flags.data, 'utf8'), {
    format: extname(flags.data).slice(1),
    text: flags.text,
    label: flags.label,
  });
  printProblems(problems, flags.data);
  const split = splitExamples(examples, { validationSplit: 0.1, seed: Number(flags.seed) });
  const pick = (indices) => Array.from(indices, (index) => examples[index]);
  const test = pick(split.validation);
  return {
    train: pick(split.train),
    test,
    fresh: test.slice(0, 3).map((example) => example.text),
    what: `${examples.length} examples from ${flags.data}`,
  };
}

const started = performance.now();
console.log(String(await createEngine()));

const { train, test, fresh, what } = await loadExamples();
console.log(`\n${what}: ${train.length} to learn from, ${test.length} held out`);

const seed = Number(flags.seed);
const classifier = await TextClassifier.create({
  ...spamOptions.create,
  ...(flags['max-length'] && { maxLength: Number(flags['max-length']) }),
  seed,
});
await classifier.train(train, {
  ...spamOptions.train,
  ...(flags.epochs && { epochs: Number(flags.epochs) }),
  seed,
  onProgress: terminalProgress(),
});

printEvaluation(await classifier.evaluate(test));

const predictions = await classifier.predict(fresh);
printPredictions(fresh, predictions);

await classifier.save(flags.output);
classifier.dispose();

const again = await TextClassifier.load(flags.output);
const repeated = await again.predict(fresh);
again.dispose();
const same = JSON.stringify(repeated) === JSON.stringify(predictions);
console.log(
  `\nSaved to ${flags.output} and loaded again: ${same ? 'it predicts the same' : 'IT PREDICTS DIFFERENTLY'}.`,
);
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s in all.`);
if (!same) process.exitCode = 1;
