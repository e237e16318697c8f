import { workerData } from 'node:worker_threads';
import { serveKernels } from '../core/kernelWorker.ts';

// A static file beside node.ts, started by it: the whole of a worker thread's program.
serveKernels(workerData);
