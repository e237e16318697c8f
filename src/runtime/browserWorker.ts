import { serve, type WorkerData } from '../core/worker.ts';

// A static file beside browser.ts, started by it: the whole of a worker's program.
globalThis.onmessage = ({ data }: MessageEvent<WorkerData>) => serve(data);
