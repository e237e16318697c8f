import { type KernelTable, SharedWork } from './sharedWork.ts';

/** What a worker is started with. */
export interface KernelWorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the block of {@link SharedWork}. */
  readonly block: number;
  /** Address of the table of constants; all threads write the same bytes to it. */
  readonly table: number;
  /** From 1; 0 is the main thread. */
  readonly thread: number;
}

/** The functions of an instance in the order in which all threads number them. */
export function kernelTable(exports: WebAssembly.Exports): KernelTable {
  return Object.values(exports).filter((value) => typeof value === 'function') as never;
}

/** Instantiates the kernels on the shared memory and serves until the thread is ended. */
export function serveKernels({ module, memory, block, table, thread }: KernelWorkerData): never {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  (exports.initialize as (address: number) => void)(table);
  return new SharedWork(memory.buffer, block).serve(kernelTable(exports), thread);
}
