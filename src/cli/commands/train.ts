import { AnyformerError } from '../../core/errors.ts';
import type { TrainingResult } from '../../train/trainer.ts';
import { checkBelongs } from '../checkBelongs.ts';
import type { Command, Invocation } from '../command.ts';
import { engineFlags, startEngine } from '../engineFlags.ts';
import { hasCheckpoint, prepareOutput, removeCheckpoint } from '../modelFolder.ts';
import { boolean, number, type Options, text } from '../options.ts';
import type { Output } from '../output.ts';
import { required } from '../required.ts';
import { taskNamed, taskNames, tasks } from '../tasks/index.ts';
import type { Task } from '../tasks/task.ts';
import { trainingFlags } from '../trainingFlags.ts';

const runOptions = {
  task: text(`${taskNames}. Default: text-classification`, 'NAME'),
  data: text(
    'What to learn from: csv, tsv, jsonl, json or (text-generation) txt, perhaps .gz; - for standard input',
    'FILE',
  ),
  validationData: text('What to evaluate on while training', 'FILE'),
  validationSplit: number('Or the share of the data to hold out for it. Default: 0'),
  output: text('Where the model is saved, and checkpoints on the way', 'FOLDER'),
  resume: boolean('Go on from the checkpoint in --output, with the same other options'),
  force: boolean('Write into a folder with other files, or over an unfinished training'),
};

const ofLoop = { ...runOptions, ...engineFlags };
const groups: Readonly<Record<string, Options>> = {
  'What and where': ofLoop,
  ...Object.assign({}, ...tasks.map(({ trainOptions }) => trainOptions)),
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
    ['train --config spam.json --epochs 5', 'Options from a file, one of them another'],
    ['train --config spam.json --epochs 5 --resume', 'On from where Ctrl-C stopped it'],
  ],
  async run(invocation) {
    const { values, output, signal } = invocation;
    const task = taskNamed(values.task ?? 'text-classification');
    checkBelongs(task, values, { ofLoop, trainingFlags, ...task.trainOptions });
    const data = required('data', values.data);
    const folder = required('output', values.output);
    await prepareOutput(folder, values);
    await startEngine(values);
    try {
      const result = await task.train({
        values,
        output,
        signal,
        data,
        folder,
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

async function printResult(
  result: TrainingResult,
  task: Task,
  { values, output }: Invocation<typeof ofLoop>,
): Promise<void> {
  const { output: folder } = values;
  if (output.json) {
    return output.line(
      JSON.stringify({ type: 'result', task: task.name, output: folder, ...result }),
    );
  }
  const { globalStep, epoch, trainLoss, logHistory, stoppedEarly } = result;
  const metrics = logHistory.findLast((entry) => entry.metrics)?.metrics ?? {};
  const lines = [
    `${globalStep} steps, ${Number(epoch.toFixed(2))} epochs${stoppedEarly ? ', stopped early' : ''}: mean loss ${trainLoss.toFixed(4)}`,
    ...Object.entries(metrics).map(
      ([name, value]) => `validation ${name} ${Number(value.toFixed(4))}`,
    ),
    `saved in ${folder}`,
  ];
  output.stopProgress();
  return output.line(lines.join('\n'));
}

/** Says how to go on, where there is something to go on from. */
async function interrupted(error: unknown, folder: string, output: Output): Promise<unknown> {
  if (!(error instanceof AnyformerError) || error.code !== 'ABORTED') return error;
  const isKept = await hasCheckpoint(folder);
  if (output.json) {
    await output.line(JSON.stringify({ type: 'interrupted', checkpoint: isKept ? folder : null }));
  }
  const text = isKept
    ? `interrupted; ${folder} has a checkpoint: the same command with --resume goes on from there.`
    : 'interrupted before the first step; nothing is saved.';
  return new AnyformerError('ABORTED', text, { cause: error });
}
