import { checkBelongs } from '../checkBelongs.ts';
import type { Command } from '../command.ts';
import { engineFlags, startEngine } from '../engineFlags.ts';
import { number, type Options, text } from '../options.ts';
import { required } from '../required.ts';
import { taskOfModel, tasks } from '../tasks/index.ts';

const options = {
  model: text('Where the model is: a folder or an address', 'FOLDER'),
  data: text('What to measure it on: as for train; - for standard input', 'FILE'),
  batchSize: number('Texts at a time. Default: 32'),
  ...engineFlags,
};
const ofTasks: Readonly<Record<string, Options>> = Object.fromEntries(
  tasks.map(({ name, evaluateOptions }) => [`Evaluating of ${name}`, evaluateOptions]),
);

/** `anyformer evaluate`: a table for people, one object with `--json`. */
export const evaluate: Command<typeof options> = {
  name: 'evaluate',
  summary: 'Measures a model on labelled data',
  usage: '--model FOLDER --data FILE [options]',
  groups: { Evaluating: options, ...ofTasks },
  options,
  examples: [
    ['evaluate --model spam --data test.csv --label-column class', 'A table'],
    ['evaluate --model spam --data test.jsonl.gz --json', 'One JSON object'],
  ],
  async run({ values, output, signal }) {
    const model = required('model', values.model);
    const data = required('data', values.data);
    const task = await taskOfModel(model);
    checkBelongs(task, values, { options, own: task.evaluateOptions });
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
