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
import { boolean, number, pick, text } from '../options.ts';
import { openTexts, type TextRow } from '../readTexts.ts';
import { required } from '../required.ts';
import { taskOfModel } from '../tasks/index.ts';
import { textGeneration } from '../tasks/textGeneration.ts';
import { UsageError } from '../usageError.ts';

const DEFAULT_BATCH = 16;

const ofRun = {
  model: text('The model: a folder or an address', 'FOLDER'),
  prompt: text('The beginning of the text, which the model continues'),
  data: text(
    'Many prompts: a txt with one a line, csv, tsv, json or jsonl, also as .gz or .zip; - for standard input',
    'FILE',
  ),
  batchSize: number(
    `Prompts at a time; with 1, each text is printed as it is written. Default: ${DEFAULT_BATCH}`,
  ),
  echo: boolean(
    'Print the prompt before what the model writes; --no-echo leaves it out. Default: true',
  ),
  ...engineFlags,
  ...tableOptions,
};
const options = { ...ofRun, ...generationFlags };

/** `anyformer generate`: a prompt and what follows it, as it comes; with `--json` a line for each text. */
export const generate: Command<typeof options> = {
  name: 'generate',
  summary: 'Continues a prompt, or each of many',
  usage: '--model FOLDER --prompt TEXT [options]',
  groups: { 'Model and prompts': ofRun, Generation: generationFlags },
  options,
  examples: [
    [
      'generate --model tales --prompt "Once upon a time"',
      'The likeliest text, printed as it is written',
    ],
    ['generate --model tales --prompt Once --do-sample --top-p 0.9 --seed 7', 'A random text'],
    [
      'generate --model tales --data prompts.txt --num-beams 4 --json',
      'One line of JSON for each prompt',
    ],
  ],
  async run(invocation) {
    const model = required('model', invocation.values.model);
    const prompts = await openPrompts(invocation);
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

/** Each prompt and what follows it; of a single one, as it comes. */
async function write(
  generator: TextGenerator,
  batch: readonly TextRow[],
  { values, output, signal }: Invocation<typeof options>,
): Promise<void> {
  const how = { ...(pick(values, generationFlags) as GenerationOptions), signal };
  const isOneText = (how.numBeams ?? 1) === 1 && (how.numReturnSequences ?? 1) === 1;
  const echo = (prompt: string) => (values.echo === false ? '' : prompt);
  if (batch.length === 1 && isOneText && !output.json) {
    let before = echo(batch[0]!.text);
    for await (const piece of generator.stream(batch[0]!.text, how)) {
      await output.piece(before + piece);
      before = '';
    }
    return output.piece(`${before}\n`);
  }
  const prompts = batch.map(({ text }) => text);
  const found = await generator.generateSequences(prompts, { ...how, batchSize: batch.length });
  for (const [index, sequences] of found.entries()) {
    const { row, text: prompt } = batch[index]!;
    for (const { text, tokenIds: tokens, finishReason, score } of sequences) {
      const line = { row, prompt, text, tokens, finishReason, score };
      await output.line(output.json ? JSON.stringify(line) : echo(prompt) + text);
    }
  }
}

/** Where the prompts come from: exactly one place. */
async function openPrompts({ values, output }: Invocation<typeof options>) {
  const { prompt, data, echo } = values;
  if (echo !== undefined && output.json) {
    throw new UsageError('--json has the prompt in a field of its own; leave --echo out.');
  }
  if (prompt !== undefined && data !== undefined) {
    throw new UsageError('--prompt and --data both say what to continue; pass one.');
  }
  if (prompt !== undefined) return () => [{ row: 1, text: prompt }];
  if (data === undefined && process.stdin.isTTY) {
    throw new UsageError('there is no prompt; pass --prompt TEXT, --data FILE, or pipe some in.');
  }
  return openTexts(data ?? STDIN, values);
}
