/**
 * The article's experiment, for real: a Transformer from scratch on the IMDB reviews.
 *
 *   npm run example:imdb -- --data PATH/train.jsonl.gz [--model keras|article] [--seeds 3]
 *
 * The file holds one JSON object a line, { text, label }; 5,000 of its reviews are held out.
 */
import { createEngine, readExamples, splitExamples, TextClassifier } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { printEvaluation, printProblems } from '../spam/print.mjs';
import { parseFlags, runProgram, UsageError, wholeNumber } from '../spam/program.mjs';
import { imdbOptions, modelNames } from './options.mjs';

const USAGE = `Usage: npm run example:imdb -- --data PATH/train.jsonl.gz
  [--model ${modelNames.join('|')}] [--seeds N] [--held-out N]`;

await runProgram(USAGE, async () => {
  const { data, model, seeds, heldOut } = readOptions();
  const { train, test } = await loadReviews(data, heldOut);
  console.log(String(await createEngine()));
  console.log(`\n${train.length} reviews to learn from, ${test.length} held out`);

  const accuracies = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const report = await trainAndEvaluate(imdbOptions(model), seed, { train, test });
    console.log(`\nSeed ${seed}`);
    printEvaluation(report);
    accuracies.push(report.accuracy);
  }
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / seeds;
  console.log(`\n${model} model, mean accuracy of ${seeds} seeds: ${mean.toFixed(4)}`);
});

function readOptions() {
  const { values: flags } = parseFlags({
    options: {
      data: { type: 'string' },
      model: { type: 'string', default: 'keras' },
      seeds: { type: 'string', default: '1' },
      'held-out': { type: 'string', default: '5000' },
    },
  });
  if (flags.data === undefined) throw new UsageError('The reviews are missing: pass --data.');
  if (!modelNames.includes(flags.model)) {
    throw new UsageError(`--model must be ${modelNames.join(' or ')}, received '${flags.model}'.`);
  }
  return {
    data: flags.data,
    model: flags.model,
    seeds: wholeNumber('--seeds', flags.seeds, 1),
    heldOut: wholeNumber('--held-out', flags['held-out'], 1),
  };
}

/** All reviews of the file that can be used, some of them held out, the same ones every time. */
async function loadReviews(path, heldOut) {
  const { examples, problems } = await readExamples(path, { format: 'jsonl' });
  printProblems(problems, path);
  if (heldOut >= examples.length) {
    throw new UsageError(
      `--held-out ${heldOut} leaves none of the ${examples.length} reviews to learn from; pass a smaller number.`,
    );
  }
  const split = splitExamples(examples, { validationSplit: heldOut / examples.length, seed: 0 });
  const pick = (indices) => Array.from(indices, (index) => examples[index]);
  return { train: pick(split.train), test: pick(split.validation) };
}

async function trainAndEvaluate(options, seed, { train, test }) {
  const classifier = await TextClassifier.create({ ...options.create, seed });
  const onProgress = terminalProgress();
  try {
    await classifier.train(train, { ...options.train, seed, onProgress });
    return await classifier.evaluate(test);
  } finally {
    onProgress.stop();
    classifier.dispose();
  }
}
