/**
 * Trains a text classifier on WebAssembly with its default options, measures it on examples it has
 * not seen, saves it, loads it again and predicts the same.
 *
 *   npm start                                                        spam or ham, on real mail
 *   npm start -- --data FILE.jsonl|csv --text COLUMN --label COLUMN  your own file
 *
 * `--epochs` and `--max-length` mean something to a Transformer only, so either of them trains one
 * alone, without the n-gram model that the defaults compare it with.
 */
import { basename, extname } from 'node:path';
import { createEngine, readExamples, splitExamples, TextClassifier } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { printEvaluation, printPredictions, printProblems, printTraining } from './print.mjs';
import { parseFlags, runProgram, UsageError, wholeNumber } from './program.mjs';

const USAGE = `Usage: npm start -- [--data FILE.csv|jsonl [--text COLUMN] [--label COLUMN]]
  [--output FOLDER] [--seed N] [--epochs N] [--max-length TOKENS]
With --epochs or --max-length it trains a Transformer alone.`;

const FRESH_MAILS = [
  'Congratulations! You have been selected to receive a FREE prize. Click here now to claim your money.',
  'Hi Anna, the build fails on my machine since the last patch to the mailing list parser. Any idea?',
  'Lose weight fast with this amazing offer, 100% guaranteed or your money back, order today!!!',
];

await runProgram(USAGE, async () => {
  const options = readOptions();
  const started = performance.now();
  console.log(String(await createEngine()));

  const { train, test, fresh, what } = await loadExamples(options);
  console.log(`\n${what}: ${train.length} to learn from, ${test.length} to test on`);

  const classifier = await TextClassifier.create(options.create);
  const onProgress = terminalProgress();
  const result = await classifier
    .train(train, { ...options.train, onProgress })
    .finally(() => onProgress.stop());
  printTraining(result);
  printEvaluation(await classifier.evaluate(test));

  const predictions = await classifier.predict(fresh);
  printPredictions(fresh, predictions);

  await classifier.save(options.output);
  classifier.dispose();

  const again = await TextClassifier.load(options.output);
  const repeated = await again.predict(fresh);
  again.dispose();
  const same = JSON.stringify(repeated) === JSON.stringify(predictions);
  console.log(
    `\nSaved to ${options.output} and loaded again: ${same ? 'it predicts the same' : 'IT PREDICTS DIFFERENTLY'}.`,
  );
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s in all.`);
  if (!same) process.exitCode = 1;
});

function readOptions() {
  const { values: flags } = parseFlags({
    options: {
      data: { type: 'string' },
      text: { type: 'string' },
      label: { type: 'string' },
      output: { type: 'string' },
      epochs: { type: 'string' },
      'max-length': { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { data, text, label } = flags;
  if (data === undefined && (text ?? label) !== undefined) {
    throw new UsageError('--text and --label name columns of your own file: pass it with --data.');
  }
  const file = data?.replace(/\.gz$/, '') ?? 'spam';
  const seed = wholeNumber('--seed', flags.seed, 0);
  const maxLength = flags['max-length'] && {
    maxLength: wholeNumber('--max-length', flags['max-length'], 1),
  };
  const epochs = flags.epochs && { epochs: wholeNumber('--epochs', flags.epochs, 1) };
  const encoder = (maxLength ?? epochs) && { encoder: 'transformer' };
  const create = { seed, ...maxLength, ...encoder };
  const train = { seed, ...epochs };
  const output = flags.output ?? `models/${basename(file, extname(file))}`;
  return { data, text, label, output, seed, create, train };
}

/** The user's own file, nine tenths to learn from; or the mails, with their fixed split. */
async function loadExamples({ data, text, label, seed }) {
  if (data === undefined) {
    const { loadMails, splitMails } = await import('./mails.mjs');
    const mails = loadMails();
    const what = `${mails.length} mails without headers, markup and repeats`;
    return { ...splitMails(mails), fresh: FRESH_MAILS, what };
  }
  const columns = { textColumn: text, labelColumn: label };
  const { examples, problems } = await readExamples(data, columns);
  printProblems(problems, data);
  const split = splitExamples(examples, { validationSplit: 0.1, seed });
  const pick = (indices) => Array.from(indices, (index) => examples[index]);
  const test = pick(split.validation);
  return {
    train: pick(split.train),
    test,
    fresh: test.slice(0, 3).map((example) => example.text),
    what: `${examples.length} examples from ${data}`,
  };
}
