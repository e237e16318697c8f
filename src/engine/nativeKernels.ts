import type { WasmFile, WasmSource } from '../runtime/runtime.ts';
import type { Heap } from './heap.ts';
import { instantiate } from './wasmModule.ts';

/** The exports of our own WebAssembly module: see wasm/README.md for the naming rule. */
export type NativeKernels = Readonly<Record<string, (...args: number[]) => number>>;

/** Starts our kernels on the heap of tfjs: a tensor is passed as its address, never copied. */
export async function bindNativeKernels(
  file: WasmFile,
  source: WasmSource,
  heap: Heap,
): Promise<{ native: NativeKernels; table: number }> {
  const { exports } = await instantiate(file, source, { env: { memory: heap.memory } });
  const native = exports as unknown as NativeKernels;
  // Vector constants are loaded from a table; the module has no data of its own (wasm/README.md).
  const table = heap.malloc(native.tableBytes!());
  native.initialize!(table);
  return { native, table };
}
