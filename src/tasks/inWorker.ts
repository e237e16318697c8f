import * as v from 'valibot';
import type { TaskCall } from '../worker/remoteTask.ts';
import type { WorkerOption } from '../worker/taskWorker.ts';

/** The option `worker` of `create` and `load`. */
export const workerOption = v.optional(
  v.custom<WorkerOption>(
    (x) => typeof x === 'boolean' || (typeof x === 'object' && x !== null),
    'true, false or what createWorker gives',
  ),
);

/**
 * Makes a task in a worker. What it takes is loaded by those who have one.
 *
 * @param taskClass the class of the task, whose methods will run there.
 */
export async function inWorker<Task extends object>(
  taskClass: { readonly prototype: Task },
  call: TaskCall,
  worker: WorkerOption,
): Promise<Task> {
  const { makeInWorker } = await import('../worker/index.ts');
  return makeInWorker(taskClass.prototype, call, worker);
}
