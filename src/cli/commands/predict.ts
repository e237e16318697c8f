import { show } from '../../core/errors.ts';
import type { RowProblem } from '../../data/table.ts';
import { batchesOf, batchSizeOf } from '../batches.ts';
import { checkBelongs } from '../checkBelongs.ts';
import type { Command, Invocation } from '../command.ts';
import { tableOptions } from '../dataOptions.ts';
import { STDIN } from '../dataSource.ts';
import { engineFlags, startEngine } from '../engineFlags.ts';
import { number, type Options, text } from '../options.ts';
import { openTexts, type TextRow } from '../readTexts.ts';
import { required } from '../required.ts';
import { taskOfModel, tasks } from '../tasks/index.ts';
import type { LoadedModel } from '../tasks/task.ts';
import { UsageError } from '../usageError.ts';

const DEFAULT_BATCH = 32;

const options = {
  model: text('The model: a folder or an address', 'FOLDER'),
  data: text(
    'The texts: csv, tsv, jsonl, json or txt, also as .gz or .zip; - for standard input',
    'FILE',
  ),
  batchSize: number(
    `Texts at a time; with 1, each answer is printed at once. Default: ${DEFAULT_BATCH}`,
  ),
  ...engineFlags,
  ...tableOptions,
};
const ofTasks: Readonly<Record<string, Options>> = Object.fromEntries(
  tasks.map(({ name, predictOptions }) => [`Predictions of ${name}`, predictOptions]),
);

/** `anyformer predict`: an answer a line, in the order of the texts. */
export const predict: Command<typeof options> = {
  name: 'predict',
  summary: 'Applies a model to texts from the command line, a file or standard input',
  usage: '--model FOLDER [options] [TEXT…]',
  groups: { 'Model and texts': options, ...ofTasks },
  options,
  takesTexts: true,
  examples: [
    ['predict --model spam "You won a prize"', 'One text'],
    ['predict --model spam --data mails.csv --min-score 0.8', "'unknown' where it is not sure"],
    ['predict --model spam --data mails.jsonl --json', 'One line of JSON for each row'],
    ['predict --model spam - < mails.txt', 'One text a line from standard input'],
  ],
  async run(invocation) {
    const { values, output, signal } = invocation;
    const model = required('model', values.model);
    const askings = await openAskings(invocation);
    const size = batchSizeOf(values.batchSize, DEFAULT_BATCH);
    const task = await taskOfModel(model);
    checkBelongs(task, values, { options, own: task.predictOptions });
    await startEngine(values);
    const loaded = await task.load(model, signal);
    try {
      const problems: RowProblem[] = [];
      for await (const batch of batchesOf(askings(problems), size)) {
        await answer(loaded, batch, invocation);
      }
      for (const { row, reason } of problems) {
        process.stderr.write(`row ${row} is left out: ${reason}\n`);
      }
      return problems.length > 0 ? 1 : 0;
    } finally {
      loaded.dispose();
      output.stopProgress();
    }
  },
};

async function answer(
  loaded: LoadedModel,
  batch: readonly TextRow[],
  { values, output, signal }: Invocation<typeof options>,
): Promise<void> {
  const texts = batch.map((row) => row.text);
  const answers = await loaded.predict(texts, { values, output, signal });
  for (const [index, { json, plain }] of answers.entries()) {
    const { row, text } = batch[index]!;
    await output.line(
      output.json
        ? JSON.stringify({ row, text, ...json })
        : `${plain}\t${text.replace(/\s+/g, ' ').trim()}`,
    );
  }
}

/** Where the texts come from: exactly one place. */
async function openAskings({ values, texts }: Invocation<typeof options>) {
  const isStdin = texts.length === 1 && texts[0] === STDIN;
  const path =
    values.data ?? (isStdin || (texts.length === 0 && !process.stdin.isTTY) ? STDIN : undefined);
  if (values.data !== undefined && texts.length > 0) {
    throw new UsageError(
      `--data and the text ${show(texts[0])} both say what to predict; pass one.`,
    );
  }
  if (path === undefined && texts.length === 0) {
    throw new UsageError(
      'there is nothing to predict; pass texts, --data FILE, or - for standard input.',
    );
  }
  if (path === undefined) return () => texts.map((text, index) => ({ row: index + 1, text }));
  return openTexts(path, values);
}
