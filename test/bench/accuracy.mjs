/**
 * What the tasks learn on known data sets, measured on examples held out, mean of several seeds: the
 * classifier's accuracy (spam: F1), the translator's token accuracy and BLEU, the generator's loss.
 *
 *   npm run accuracy -- [--data FOLDER] [--seeds N] [--threads N] [--epochs N] [spam] [rt-polarity]
 *     [trec] [imdb] [imdb-article] [spa-eng] [shakespeare]
 *   npm run accuracy -- small    what default options make of few and many rows: see small.mjs
 *
 * The mails come with npm. The others are looked for in FOLDER: sentiment/rt-polarity.{pos,neg},
 * sentiment/TREC.train, imdb/train.jsonl.gz, translation/spa-eng.train.tsv.gz and
 * textgen/tinyshakespeare.train.txt; what is not there is left out by name. Without --seeds there are
 * 3 of them, of the last two one. --epochs takes the place of a data set's own number of them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { createEngine, splitExamples, TextClassifier, TextGenerator, Translator } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { imdbOptions } from '../../examples/imdb/options.mjs';
import { loadMails, splitMails } from '../../examples/spam/mails.mjs';
import { runSmall } from './small.mjs';
import { spamOptions } from './support/spamOptions.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: '../shared/data' },
    seeds: { type: 'string' },
    threads: { type: 'string' },
    epochs: { type: 'string' },
    json: { type: 'string' },
  },
});

const read = (file) => readFileSync(join(flags.data, file));
/** Latin-1, as both sentence files are. */
const lines = (file) =>
  read(file)
    .toString('latin1')
    .split('\n')
    .filter((line) => line.trim());

function holdOut(examples, validationSplit) {
  const split = splitExamples(examples, { validationSplit, seed: 0 });
  const pick = (indices) => Array.from(indices, (index) => examples[index]);
  return { train: pick(split.train), test: pick(split.validation) };
}

function loadImdb() {
  const reviews = gunzipSync(read('imdb/train.jsonl.gz')).toString('utf8').trim().split('\n');
  const examples = reviews.map((line) => JSON.parse(line));
  return holdOut(
    examples.map(({ text, label }) => ({ text, label: String(label) })),
    5000 / examples.length,
  );
}

/** 2,000 of the pairs, English and Spanish, are held out, spread over the file, which is sorted by length. */
function loadSpanish() {
  const rows = gunzipSync(read('translation/spa-eng.train.tsv.gz')).toString('utf8').trim();
  const pairs = rows.split('\n').map((row) => row.split('\t').slice(0, 2));
  const every = Math.floor(pairs.length / 2000);
  const isHeld = (index) => index % every === 0 && index / every < 2000;
  return {
    train: pairs.filter((_, index) => !isHeld(index)),
    test: pairs.filter((_, index) => isHeld(index)),
  };
}

/** Keras's example of English to Spanish in one epoch, with half its vocabulary and feed-forward width. */
const spanishOptions = {
  create: {
    maxLength: 32,
    sourceTokenizer: { type: 'wordpiece', vocabSize: 7500 },
    targetTokenizer: { type: 'wordpiece', vocabSize: 7500, stripAccents: false },
    model: { hiddenSize: 256, numAttentionHeads: 8, intermediateSize: 1024, dropout: 0.1 },
  },
  train: { epochs: 1, batchSize: 64, learningRate: 1e-3, warmupRatio: 0.05 },
};

/** The last tenth is held out, as nanoGPT does. */
function loadShakespeare() {
  const text = read('textgen/tinyshakespeare.train.txt').toString('utf8');
  const cut = Math.floor(text.length * 0.9);
  return { train: [text.slice(0, cut)], test: [text.slice(cut)] };
}

/** nanoGPT's configuration for a CPU. */
const shakespeareOptions = {
  create: {
    tokenizer: { type: 'characters' },
    decoder: {
      hiddenSize: 128,
      numHiddenLayers: 4,
      numAttentionHeads: 4,
      maxPositionEmbeddings: 64,
      dropout: 0,
    },
  },
  train: {
    maxSteps: 2000,
    batchSize: 12,
    learningRate: 1e-3,
    lrSchedulerType: 'cosine',
    warmupSteps: 100,
    weightDecay: 0.1,
    adamBeta2: 0.99,
    maxGradNorm: 1,
  },
};

/** How fast it writes, and what. */
async function writeSample(generator) {
  const options = { maxNewTokens: 400, doSample: true, temperature: 0.8, topK: 200, seed: 1337 };
  const started = performance.now();
  const text = await generator.generate('ROMEO:', options);
  const seconds = (performance.now() - started) / 1000;
  return `${(options.maxNewTokens / seconds).toFixed(0)} tokens/s of writing\nROMEO:${text}`;
}

/** Options for short sentences: a small model, strongly regularized. */
const sentenceOptions = {
  create: {
    maxLength: 64,
    tokenizer: { type: 'wordpiece', vocabSize: 10_000 },
    encoder: {
      hiddenSize: 64,
      numHiddenLayers: 1,
      numAttentionHeads: 4,
      intermediateSize: 128,
      pooling: 'max',
      dropout: 0.5,
    },
  },
  train: { epochs: 4, batchSize: 32, learningRate: 1e-3, warmupRatio: 0.1, weightDecay: 0.05 },
};

/** Few examples and many names in them: wider, capitals kept, and held back by all means. */
const questionOptions = {
  create: {
    ...sentenceOptions.create,
    maxLength: 40,
    tokenizer: { type: 'wordpiece', vocabSize: 10_000, lowercase: false },
    encoder: {
      ...sentenceOptions.create.encoder,
      hiddenSize: 128,
      intermediateSize: 256,
      dropout: 0.6,
    },
  },
  train: {
    epochs: 8,
    batchSize: 16,
    learningRate: 2e-3,
    warmupRatio: 0.1,
    weightDecay: 0.3,
    labelSmoothingFactor: 0.1,
  },
};

/** All examples of a data set; undefined, and said, where its files are not there. */
function allExamples(name) {
  const { files, load } = DATASETS[name];
  const missing = files.filter((file) => !existsSync(join(flags.data, file)));
  if (missing.length > 0) {
    console.log(`${name}: left out, ${missing.join(' and ')} not found in ${flags.data}`);
    return undefined;
  }
  const { train, test } = load();
  return [...train, ...test];
}

const DATASETS = {
  spam: { metric: 'f1', files: [], load: () => splitMails(loadMails()), options: spamOptions },
  'rt-polarity': {
    metric: 'accuracy',
    files: ['sentiment/rt-polarity.pos', 'sentiment/rt-polarity.neg'],
    load: () =>
      holdOut(
        ['pos', 'neg'].flatMap((label) =>
          lines(`sentiment/rt-polarity.${label}`).map((text) => ({ text, label })),
        ),
        0.1,
      ),
    options: sentenceOptions,
  },
  trec: {
    metric: 'accuracy',
    files: ['sentiment/TREC.train'],
    // "DESC:manner How did serfdom develop …": the coarse class is what stands before the colon.
    load: () =>
      holdOut(
        lines('sentiment/TREC.train').map((line) => ({
          label: line.slice(0, line.indexOf(':')),
          text: line.slice(line.indexOf(' ') + 1),
        })),
        0.1,
      ),
    options: questionOptions,
  },
  imdb: {
    metric: 'accuracy',
    files: ['imdb/train.jsonl.gz'],
    load: loadImdb,
    options: imdbOptions('keras'),
  },
  'imdb-article': {
    metric: 'accuracy',
    files: ['imdb/train.jsonl.gz'],
    load: loadImdb,
    options: imdbOptions('article'),
  },
  'spa-eng': {
    task: Translator,
    metric: 'tokenAccuracy',
    others: ['bleu', 'chrf'],
    seeds: 1,
    files: ['translation/spa-eng.train.tsv.gz'],
    load: loadSpanish,
    options: spanishOptions,
  },
  shakespeare: {
    task: TextGenerator,
    metric: 'loss',
    others: ['perplexity'],
    seeds: 1,
    files: ['textgen/tinyshakespeare.train.txt'],
    load: loadShakespeare,
    options: shakespeareOptions,
    sample: writeSample,
  },
};

console.log(
  String(await createEngine(flags.threads === undefined ? {} : { threads: Number(flags.threads) })),
);
if (positionals[0] === 'small') {
  await runSmall({
    load: allExamples,
    seeds: Number(flags.seeds ?? 5),
    only: positionals.slice(1),
    json: flags.json,
  });
  process.exit();
}
const names = positionals.length > 0 ? positionals : Object.keys(DATASETS);
for (const name of names) {
  const dataset = DATASETS[name];
  if (dataset === undefined) {
    console.error(`There is no data set '${name}'; known are ${Object.keys(DATASETS).join(', ')}.`);
    process.exit(2);
  }
  const missing = dataset.files.filter((file) => !existsSync(join(flags.data, file)));
  if (missing.length > 0) {
    console.log(`${name}: left out, ${missing.join(' and ')} not found in ${flags.data}`);
    continue;
  }
  const { train, test } = dataset.load();
  const { task = TextClassifier, others = [] } = dataset;
  const scores = [];
  for (let seed = 1; seed <= Number(flags.seeds ?? dataset.seeds ?? 3); seed++) {
    const started = performance.now();
    const model = await task.create({ ...dataset.options.create, seed });
    const onProgress = terminalProgress();
    const { maxSteps, ...training } = dataset.options.train;
    const length = flags.epochs ? { epochs: Number(flags.epochs) } : maxSteps ? { maxSteps } : {};
    await model.train(train, { ...training, ...length, seed, onProgress });
    const seconds = (performance.now() - started) / 1000;
    const report = await model.evaluate(test, { onProgress });
    onProgress.stop();
    if (dataset.sample) console.log(await dataset.sample(model));
    model.dispose();
    scores.push(report[dataset.metric]);
    console.log(
      `${name} seed ${seed}: ${dataset.metric} ${report[dataset.metric].toFixed(4)}, loss ${report.loss.toFixed(3)}, ` +
        others.map((name) => `${name} ${report[name].toFixed(2)}, `).join('') +
        `trained ${seconds.toFixed(0)} s`,
    );
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  console.log(
    `${name}: ${dataset.metric} ${mean.toFixed(4)}, mean of ${scores.length} seeds, on ${test.length} of ${train.length + test.length} held out\n`,
  );
}
