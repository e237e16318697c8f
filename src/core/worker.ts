import { type KernelWorkerData, serveKernels } from './kernelWorker.ts';
import { type PthreadWorkerData, servePthread } from './pthreadWorker.ts';

/** What a worker is started with: there is one program for both kinds. */
export type WorkerData = KernelWorkerData | PthreadWorkerData;

/** The whole of a worker's program. */
export function serve(data: WorkerData): void {
  if ('mailbox' in data) servePthread(data);
  else serveKernels(data);
}
