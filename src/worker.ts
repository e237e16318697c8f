/**
 * `anyformer/worker`: the program of a worker that tasks run in. If the package's own file cannot be
 * found or served, import this in a worker of yours and pass that to `createWorker({ program })`.
 */
import { runtime } from '#runtime';
import { createEngine } from './kernels/createEngine.ts';
import { SYNCHRONOUS } from './tasks/generation/generationOptions.ts';
import { TextClassifier } from './tasks/textClassifier.ts';
import { TextGenerator } from './tasks/textGenerator.ts';
import { Translator } from './tasks/translator.ts';
import { serveTasks, type TaskRow } from './worker/serveTasks.ts';

const host = runtime.taskWorkers!;

// One row a task.
const tasks: Record<string, TaskRow> = {
  TextClassifier: { task: TextClassifier },
  TextGenerator: { task: TextGenerator, streams: ['stream'], synchronous: SYNCHRONOUS },
  Translator: { task: Translator, synchronous: SYNCHRONOUS },
};
serveTasks(tasks, createEngine, host.parent(), host);
