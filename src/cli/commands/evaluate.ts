import { checkBelongs } from '../checkBelongs.ts';
import type { Command } from '../command.ts';
import { engineFlags, startEngine } from '../engineFlags.ts';
import { number, type Options, text } from '../options.ts';
import { required } from '../required.ts';
import { taskOfModel, tasks } from '../tasks/index.ts';
import type { Task } from '../tasks/task.ts';

const options = {
  model: text('The model: a folder or an address', 'FOLDER'),
  data: text('The data to measure it on, as for train; - for standard input', 'FILE'),
  batchSize: number('Texts at a time. Default: 32'),
  ...engineFlags,
};
const ownOptions = ({ dataOptions, evaluateOptions }: Task): Options => ({
  ...dataOptions,
  ...evaluateOptions,
});
const ofTasks: Readonly<Record<string, Options>> = Object.fromEntries(
  tasks.map((task) => [`Evaluation of ${task.name}`, ownOptions(task)]),
);

/** `anyformer evaluate`: a table for people, one object with `--json`. */
export const evaluate: Command<typeof options> = {
  name: 'evaluate',
  summary: 'Measures how good a model is on your data',
  usage: '--model FOLDER --data FILE [options]',
  groups: { 'Model and data': options, ...ofTasks },
  options,
  examples: [
    ['evaluate --model spam --data test.csv --label-column class', 'A table'],
    ['evaluate --model spam --data test.jsonl.gz --json', 'One JSON object'],
  ],
  async run({ values, output, signal }) {
    const model = required('model', values.model);
    const data = required('data', values.data);
    const task = await taskOfModel(model);
    checkBelongs(task, values, { options, own: ownOptions(task) });
    await startEngine(values);
    const loaded = await task.load(model, signal);
    try {
      const { json, plain } = await loaded.evaluate(data, { values, output, signal });
      output.stopProgress();
      await output.line(output.json ? JSON.stringify(json) : plain);
    } finally {
      loaded.dispose();
    }
    return 0;
  },
};
