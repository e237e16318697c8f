import { AnyformerError } from '../../core/errors.ts';
import type { RowProblem } from '../../data/table.ts';
import type { GenerationOptions } from '../../tasks/generation/generationOptions.ts';
import { TextGenerator } from '../../tasks/textGenerator.ts';
import { batchesOf, batchSizeOf } from '../batches.ts';
import type { Command, Invocation } from '../command.ts';
import { tableOptions } from '../dataOptions.ts';
import { STDIN } from '../dataSource.ts';
import { engineFlags, startEngine } from '../engineFlags.ts';
import { generationFlags } from '../generationFlags.ts';
import { number, pick, text } from '../options.ts';
import { openTexts, type TextRow } from '../readTexts.ts';
import { required } from '../required.ts';
import { taskOfModel } from '../tasks/index.ts';
import { textGeneration } from '../tasks/textGeneration.ts';
import { UsageError } from '../usageError.ts';

const DEFAULT_BATCH = 16;

const ofRun = {
  model: text('Where the model is: a folder or an address', 'FOLDER'),
  prompt: text('What to write on from'),
  data: text('Or many: a txt with one a line, csv, tsv, jsonl; - for standard input', 'FILE'),
  batchSize: number(
    `Of many: prompts at a time; with 1 each text is written as it comes. Default: ${DEFAULT_BATCH}`,
  ),
  ...engineFlags,
  ...tableOptions,
};
const options = { ...ofRun, ...generationFlags };

/** `anyformer generate`: what follows a prompt, as it comes; with `--json` a line for each text. */
export const generate: Command<typeof options> = {
  name: 'generate',
  summary: 'Writes on from a prompt, or from each of many',
  usage: '--model FOLDER --prompt TEXT [options]',
  groups: { Generating: ofRun, 'How it is written': generationFlags },
  options,
  examples: [
    ['generate --model tales --prompt "Once upon a time"', 'The likeliest text, as it comes'],
    ['generate --model tales --prompt Once --do-sample --top-p 0.9 --seed 7', 'A drawn one'],
    ['generate --model tales --data prompts.txt --num-beams 4 --json', 'A line of JSON for each'],
  ],
  async run(invocation) {
    const model = required('model', invocation.values.model);
    const prompts = openPrompts(invocation);
    const size = batchSizeOf(invocation.values.batchSize, DEFAULT_BATCH);
    const task = await taskOfModel(model);
    if (task !== textGeneration) {
      throw new AnyformerError(
        'UNSUPPORTED',
        `The model in ${model} is one for ${task.name}; use: anyformer predict.`,
      );
    }
    await startEngine(invocation.values);
    const { signal } = invocation;
    const generator = await TextGenerator.load(model, { signal });
    try {
      const problems: RowProblem[] = [];
      for await (const batch of batchesOf(prompts(problems), size)) {
        await write(generator, batch, invocation);
      }
      for (const { row, reason } of problems) {
        process.stderr.write(`row ${row} is left out: ${reason}\n`);
      }
      return problems.length > 0 ? 1 : 0;
    } finally {
      generator.dispose();
    }
  },
};

/** What follows each prompt; of a single one, as it comes. */
async function write(
  generator: TextGenerator,
  batch: readonly TextRow[],
  { values, output, signal }: Invocation<typeof options>,
): Promise<void> {
  const how = { ...(pick(values, generationFlags) as GenerationOptions), signal };
  const isOneText = (how.numBeams ?? 1) === 1 && (how.numReturnSequences ?? 1) === 1;
  if (batch.length === 1 && isOneText && !output.json) {
    for await (const piece of generator.stream(batch[0]!.text, how)) await output.piece(piece);
    return output.piece('\n');
  }
  const prompts = batch.map(({ text }) => text);
  const found = await generator.generateSequences(prompts, { ...how, batchSize: batch.length });
  for (const [index, sequences] of found.entries()) {
    const { row, text: prompt } = batch[index]!;
    for (const { text, tokenIds: tokens, finishReason, score } of sequences) {
      const line = { row, prompt, text, tokens, finishReason, score };
      await output.line(output.json ? JSON.stringify(line) : text);
    }
  }
}

/** Where the prompts come from: exactly one place. */
function openPrompts({ values }: Invocation<typeof options>) {
  const { prompt, data } = values;
  if (prompt !== undefined && data !== undefined) {
    throw new UsageError('--prompt and --data both say what to write on from; pass one.');
  }
  if (prompt !== undefined) return () => [{ row: 1, text: prompt }];
  if (data === undefined && process.stdin.isTTY) {
    throw new UsageError('there is no prompt; pass --prompt TEXT, --data FILE, or pipe some in.');
  }
  return openTexts(data ?? STDIN, values);
}
