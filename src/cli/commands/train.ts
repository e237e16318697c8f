import { AnyformerError } from '../../core/errors.ts';
import { checkBelongs } from '../checkBelongs.ts';
import { type Command, type Invocation, ownOptionsOf } from '../command.ts';
import { canAsk, confirm } from '../confirm.ts';
import { engineFlags, startEngine } from '../engineFlags.ts';
import { withFlagNames } from '../flagNames.ts';
import { findCheckpoint, prepareOutput, removeCheckpoint } from '../modelFolder.ts';
import { kebabCase } from '../names.ts';
import { boolean, named, number, type Options, text, type Values } from '../options.ts';
import type { Output } from '../output.ts';
import { required } from '../required.ts';
import { taskNamed, taskNames, taskOfModel, tasks } from '../tasks/index.ts';
import type { Task } from '../tasks/task.ts';
import { followsData, trainingFlags } from '../trainingFlags.ts';
import { type ReportedResult, trainingReport } from '../trainingReport.ts';
import { UsageError } from '../usageError.ts';

const DEFAULT_TASK = 'text-classification';

const runOptions = {
  task: text(
    `What to learn: ${taskNames}. Default: the task of --from, else ${DEFAULT_TASK}`,
    'NAME',
  ),
  from: text(
    'A saved model to train further: a folder or an address. Default: a new model',
    'MODEL',
  ),
  data: text(
    'The training data: csv, tsv, json, jsonl or (text-generation) txt, also as .gz or .zip; - for standard input',
    'FILE',
  ),
  validationData: text('Data to evaluate on while training. Default: none', 'FILE'),
  validationSplit: number(
    `Share of the data to hold out for evaluation, instead. ${followsData(0)}`,
  ),
  output: named('outputDir', text('Where to save the model, and checkpoints before it', 'FOLDER')),
  resume: named(
    'resumeFromCheckpoint',
    boolean('Continue an interrupted training; the other options must be the same'),
  ),
  force: boolean(
    'Overwrite a model or an unfinished training in --output; or write beside other files in it',
  ),
};

const ofLoop = { ...runOptions, ...engineFlags };
const groups: Readonly<Record<string, Options>> = {
  'Data and model': ofLoop,
  ...Object.fromEntries(tasks.map((task) => [`Data of ${task.name}`, task.dataOptions])),
  ...Object.assign({}, ...tasks.map(({ createOptions }) => createOptions)),
  Training: trainingFlags,
};

/** `anyformer train`: a model from a table, and what is left of it when it is interrupted. */
export const train: Command<typeof ofLoop> = {
  name: 'train',
  summary: 'Trains a model on your data and saves it',
  usage: '--data FILE --output FOLDER [options]',
  groups,
  options: ofLoop,
  examples: [
    ['train --data mails.csv --label-column class --output spam', 'A spam filter from a table'],
    ['train --config spam.json --epochs 5', 'Options from a file; --epochs overrides one of them'],
    ['train --config spam.json --epochs 5 --resume', 'Continues after Ctrl-C'],
    [
      'train --data new.csv --label-column class --from spam --output spam2',
      'Trains a saved model further, on new data',
    ],
    [
      'train --data mails.csv --label-column class --from spam --output spam --force',
      'Trains for more epochs and overwrites the model at the end',
    ],
  ],
  async run(invocation) {
    const { values, output, signal } = invocation;
    const task = await taskOf(values);
    checkBelongs(task, values, {
      ofLoop,
      trainingFlags,
      data: task.dataOptions,
      ...task.createOptions,
    });
    checkFrom(task, values);
    const data = required('data', values.data);
    const folder = required('output', values.output);
    const ask = canAsk() ? (question: string) => confirm(question, signal) : undefined;
    const checkpoints = await prepareOutput(folder, values, ask);
    await startEngine(values);
    try {
      const result = await task.train({
        values,
        output,
        signal,
        data,
        folder,
        checkpoints,
        from: values.from,
        onProgress: output.onTrainingProgress,
        validationData: values.validationData,
        resume: values.resume ?? false,
      });
      await removeCheckpoint(folder);
      await printResult(result, task, invocation);
    } catch (error) {
      throw await interrupted(error, folder, output);
    }
    return 0;
  },
};

/** The task that is named, or that of the model to train further. */
async function taskOf({ task: name, from }: Values<typeof ofLoop>): Promise<Task> {
  const wanted = name === undefined ? undefined : taskNamed(name);
  if (from === undefined) return wanted ?? taskNamed(DEFAULT_TASK);
  const task = await taskOfModel(from);
  if (wanted === undefined || wanted === task) return task;
  throw new UsageError(`--from ${from} is a model for ${task.name}; leave --task ${name} out.`);
}

/** @throws UsageError for an option of new models beside `--from`. */
function checkFrom({ createOptions }: Task, values: Values<typeof ofLoop>): void {
  const { from } = values;
  if (from === undefined) return;
  const ofNewModels: Options = Object.assign({}, ...Object.values(createOptions));
  const stray = Object.keys(values).find((name) => Object.hasOwn(ofNewModels, name));
  if (stray === undefined) return;
  const flag = `--${kebabCase(stray)}`;
  throw new UsageError(
    `${flag} is for a new model, and --from ${from} has its own; leave ${flag} or --from out.`,
  );
}

async function printResult(
  result: ReportedResult,
  task: Task,
  { values, output }: Invocation<typeof ofLoop>,
): Promise<void> {
  const { output: folder } = values;
  if (output.json) {
    return output.line(
      JSON.stringify({ type: 'result', task: task.name, output: folder, ...result }),
    );
  }
  const { results, warnings, closing } = trainingReport(result, folder!);
  const options = ownOptionsOf(train);
  output.stopProgress();
  for (const line of results) await output.line(line);
  for (const line of warnings) output.note(withFlagNames(line, options));
  for (const line of closing) await output.line(line);
}

/** Says how to go on, where there is something to go on from. */
async function interrupted(error: unknown, folder: string, output: Output): Promise<unknown> {
  if (!(error instanceof AnyformerError) || error.code !== 'ABORTED') return error;
  const checkpoint = await findCheckpoint(folder);
  if (output.json) {
    await output.line(JSON.stringify({ type: 'interrupted', checkpoint: checkpoint ?? null }));
  }
  const text = checkpoint
    ? `interrupted; ${folder} has a checkpoint: the same command with --resume goes on from there.`
    : 'interrupted before the first step; nothing is saved.';
  return new AnyformerError('ABORTED', text, { cause: error });
}
