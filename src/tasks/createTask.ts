import { createEngine } from '../kernels/createEngine.ts';
import type { WorkerOption } from '../worker/taskWorker.ts';
import { inWorker } from './inWorker.ts';

/** A new task, here or in the worker its options name. */
export async function createTask<Task extends object>(
  taskClass: { readonly prototype: Task },
  name: string,
  { worker, ...options }: { worker?: WorkerOption },
  make: () => Task,
): Promise<Task> {
  if (worker) return inWorker(taskClass, { name, how: 'create', args: [options] }, worker);
  await createEngine();
  return make();
}
