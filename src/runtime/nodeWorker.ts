import { workerData } from 'node:worker_threads';
import { serve } from '../core/worker.ts';

// A static file beside node.ts, started by it: the whole of a worker thread's program.
serve(workerData);
