import * as v from 'valibot';
import { parseOptions } from '../core/options.ts';
import type { EngineOptions } from '../engine/engineOptions.ts';
import type { TaskWorker } from '../worker/taskWorker.ts';

/** The options of `createWorker`. */
export interface WorkerOptions {
  /**
   * The worker's program, if the host does not find the package's own: the address of
   * `browserTaskWorker.js`, or a new worker whose script imports `anyformer/worker`. `dispose` ends
   * that worker. Default: the package's own program.
   */
  readonly program?: object | URL | string;
  /** The options of the engine in the worker, as for `createEngine`. Default: none. */
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
 * Starts a worker that several tasks can share. To give one task a worker of its own, with default
 * engine options, pass `worker: true` to the task instead.
 *
 * The engine in the worker can use threads; in browsers the page must be cross-origin isolated for
 * that. In Node, Deno and Bun the worker keeps the process alive only while a call is pending.
 *
 * @param options the worker's program and the options of its engine; both have defaults.
 * @returns the worker, to be passed to tasks as `worker`.
 * @throws AnyformerError `UNSUPPORTED` in runtimes without workers (edge workers); `WORKER_STOPPED`
 *   when it does not start, for example because its script is not found or not allowed; the errors of
 *   `createEngine`.
 *
 * @example
 * const worker = await createWorker({ engine: { threads: 2 } });
 * const classifier = await TextClassifier.load('./model', { worker });
 * await classifier.predict('Quiet and lovely.');
 * worker.dispose();
 *
 * @example
 * // So that a bundler finds the program: myWorker.js contains `import 'anyformer/worker'`.
 * const program = new Worker(new URL('./myWorker.js', import.meta.url), { type: 'module' });
 * const worker = await createWorker({ program });
 */
export async function createWorker(options: WorkerOptions = {}): Promise<TaskWorker> {
  const { program, engine } = parseOptions('createWorker', schema, options);
  const { RunningWorker } = await import('../worker/index.ts');
  return RunningWorker.start('createWorker', program, engine);
}
