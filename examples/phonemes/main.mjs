/**
 * Learns in a minute or so how English words are pronounced, from their spelling: a sequence of letters
 * in, a sequence of phonemes out.
 *
 *   npm run example:phonemes -- [--steps N] [--held-out N] [--seed N]
 */
import { createEngine, Translator } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { parseFlags, runProgram, UsageError, wholeNumber } from '../spam/program.mjs';
import { errorRates, loadWords } from './words.mjs';

const USAGE = 'Usage: npm run example:phonemes -- [--steps N] [--held-out N] [--seed N]';

/** Words that no dictionary has. */
const NEW_WORDS = ['anyformer', 'webassembly', 'quaffle', 'zorbing', 'phlogistonic'];

await runProgram(USAGE, async () => {
  const { steps, heldOut, seed } = readOptions();
  console.log(String(await createEngine()));
  const { train, test } = splitWords(heldOut);
  console.log(`\nCMU dictionary: ${train.length} words to learn from, ${test.length} held out`);

  const translator = await Translator.create({
    maxLength: 36,
    sourceTokenizer: { type: 'characters' },
    // Large enough for each phoneme to become one token.
    targetTokenizer: { type: 'wordpiece', vocabSize: 100, lowercase: false },
    model: { hiddenSize: 128, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 256 },
    seed,
  });
  const onProgress = terminalProgress();
  try {
    await translator.train(train, {
      ...{ maxSteps: steps, batchSize: 64, learningRate: 2e-3, warmupRatio: 0.1, seed },
      onProgress,
    });
  } finally {
    onProgress.stop();
  }
  const predictions = await translator.predict(test.map(({ source }) => source));
  const targets = test.map(({ target }) => target);
  printErrors(errorRates(predictions, targets), test.length);
  printSome('Held out', test.slice(0, 8), predictions, targets);
  const spoken = await translator.predict(NEW_WORDS);
  printSome(
    'In no dictionary',
    NEW_WORDS.map((source) => ({ source })),
    spoken,
  );
  translator.dispose();
});

function readOptions() {
  const { values: flags } = parseFlags({
    options: {
      steps: { type: 'string', default: '1200' },
      'held-out': { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
    },
  });
  return {
    steps: wholeNumber('--steps', flags.steps, 1),
    heldOut: wholeNumber('--held-out', flags['held-out'], 1),
    seed: wholeNumber('--seed', flags.seed, 0),
  };
}

/** Every so-manieth word of the alphabet is held out. */
function splitWords(heldOut) {
  const words = loadWords();
  const every = Math.floor(words.length / heldOut);
  if (every < 2) {
    throw new UsageError(
      `--held-out ${heldOut} leaves too few of the ${words.length} words to learn from; pass a smaller number.`,
    );
  }
  const isHeld = (index) => index % every === 0 && index / every < heldOut;
  return {
    train: words.filter((_, index) => !isHeld(index)),
    test: words.filter((_, index) => isHeld(index)),
  };
}

function printErrors({ phonemeErrorRate, wordErrorRate }, count) {
  const percent = (x) => `${(100 * x).toFixed(1)} %`.padStart(8);
  console.log(`\nOn the ${count} held-out words:`);
  console.log(`  phoneme error rate  ${percent(phonemeErrorRate)}`);
  console.log(`  word error rate     ${percent(wordErrorRate)}`);
}

function printSome(title, words, predictions, targets) {
  console.log(`\n${title}:`);
  words.forEach(({ source }, i) => {
    const isWrong = targets && predictions[i] !== targets[i];
    console.log(`  ${source.padEnd(16)}${predictions[i]}${isWrong ? `   (${targets[i]})` : ''}`);
  });
}
