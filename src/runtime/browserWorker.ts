import { type KernelWorkerData, serveKernels } from '../core/kernelWorker.ts';

// A static file beside browser.ts, started by it: the whole of a worker's program.
globalThis.onmessage = ({ data }: MessageEvent<KernelWorkerData>) => serveKernels(data);
