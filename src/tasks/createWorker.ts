import * as v from 'valibot';
import { parseOptions } from '../core/options.ts';
import type { EngineOptions } from '../engine/engineOptions.ts';
import type { TaskWorker } from '../worker/taskWorker.ts';

export interface WorkerOptions {
  /**
   * The worker's program where the host does not find the package's own: the address of
   * `browserTaskWorker.js`, or a worker just made whose script imports `anyformer/worker`.
   * It is ended by `dispose`.
   */
  readonly program?: object | URL | string;
  /** What `createEngine` takes, for the engine in the worker. */
  readonly engine?: EngineOptions;
}

const schema = v.strictObject({
  program: v.optional(
    v.custom<object | URL | string>(
      (x) => (typeof x === 'string' && x !== '') || (typeof x === 'object' && x !== null),
      'the address of a script, or a Worker',
    ),
  ),
  // Its options are checked by createEngine.
  engine: v.optional(
    v.custom<EngineOptions>((x) => typeof x === 'object', 'engine options'),
    {},
  ),
});

/**
 * A worker that several tasks can share, off the main thread. `worker: true` gives a task one of its
 * own, with an engine without options.
 *
 * Its engine may have threads on top; in browsers those need a page that is cross-origin isolated.
 * In Node, Deno and Bun it keeps the process alive only while something is waited for.
 *
 * @throws AnyformerError `UNSUPPORTED` where there are no workers (edge workers); `WORKER_STOPPED`
 *   when it does not start, a script that is not found or not allowed among the reasons; what
 *   `createEngine` throws for the engine.
 *
 * @example
 * const worker = await createWorker({ engine: { threads: 2 } });
 * const classifier = await TextClassifier.load('./model', { worker });
 * await classifier.predict('Quiet and lovely.');
 * worker.dispose();
 *
 * @example
 * // Where a bundler is to find the program: myWorker.js holds `import 'anyformer/worker'`.
 * const program = new Worker(new URL('./myWorker.js', import.meta.url), { type: 'module' });
 * const worker = await createWorker({ program });
 */
export async function createWorker(options: WorkerOptions = {}): Promise<TaskWorker> {
  const { program, engine } = parseOptions('createWorker', schema, options);
  const { RunningWorker } = await import('../worker/index.ts');
  return RunningWorker.start('createWorker', program, engine);
}
