/**
 * `anyformer/worker`: the program of a worker that tasks run in. Import it in a worker of your own
 * where the package's file cannot be found or served, and give that to `createWorker({ program })`.
 */
import { runtime } from '#runtime';
import { createEngine } from './kernels/createEngine.ts';
import { TextClassifier } from './tasks/textClassifier.ts';
import { serveTasks } from './worker/serveTasks.ts';

const { parent, hold } = runtime.taskWorkers!;

// One row a task.
serveTasks({ TextClassifier: { task: TextClassifier, streams: [] } }, createEngine, parent(), hold);
