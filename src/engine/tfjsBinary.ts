import type { BackendWasmModule } from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm';
import { AnyformerError } from '../core/errors.ts';
import { tfjsImports, tfjsThreadImports } from '../core/tfjsImports.ts';
import type { WasmFile, WasmSource } from '../runtime/runtime.ts';
import { Heap } from './heap.ts';
import { compile, instantiate } from './wasmModule.ts';
import type { XnnThreads } from './xnnThreads.ts';

/**
 * Boots the tfjs WebAssembly binary without Emscripten's JavaScript.
 *
 * The binary imports seven functions and `BackendWasm` uses a handful of members of the module
 * object; both are given here, from bytes or a compiled `WebAssembly.Module`, with no file
 * system, no eval and no global.
 */
export interface TfjsBinary {
  /** What `new BackendWasm(…)` takes. */
  readonly module: BackendWasmModule;
  readonly heap: Heap;
}

type Exports = Record<string, (...args: number[]) => number> & { memory: WebAssembly.Memory };

/** What the build with threads is started with. */
export interface SharedTfjs {
  readonly memory: WebAssembly.Memory;
  readonly threads: XnnThreads;
}

/** @param shared for the build with threads; the other one brings its own memory. */
export async function bootTfjsBinary(source: WasmSource, shared?: SharedTfjs): Promise<TfjsBinary> {
  let exports = undefined as unknown as Exports;
  const imports = tfjsImports(() => shared?.memory ?? exports.memory);
  if (shared)
    Object.assign(
      imports.env!,
      threadImports(shared, () => exports),
    );
  const file = tfjsFile(shared !== undefined);
  const compiled = await compile(file, source);
  exports = (await instantiate(file, compiled, imports)).exports as Exports;
  exports.__wasm_call_ctors!();
  const heap = new Heap(shared?.memory ?? exports.memory, {
    malloc: exports.malloc as (bytes: number) => number,
    free: exports.free as unknown as (pointer: number) => void,
  });
  shared?.threads.attach({
    module: compiled,
    memory: shared.memory,
    malloc: (bytes) => heap.malloc(bytes),
    initWithThreadsCount: exports.init_with_threads_count as (count: number) => void,
  });
  return { heap, module: moduleObject(exports, heap, shared?.threads) };
}

function threadImports(
  { memory, threads }: SharedTfjs,
  exports: () => Exports,
): WebAssembly.ModuleImports {
  return {
    ...tfjsThreadImports(),
    ...threads.imports,
    memory,
    __emscripten_init_main_thread_js(thread: number) {
      // Is the main thread, of the runtime too.
      exports()._emscripten_thread_init!(thread, 1, 1, Number(threads.mayBlock));
      exports()._emscripten_tls_init!();
    },
  };
}

export const tfjsFile = (shared: boolean): WasmFile =>
  shared ? 'tfjs-backend-wasm-threaded-simd.wasm' : 'tfjs-backend-wasm-simd.wasm';

/** A memory that threads can share, of the least size that the binary takes. */
export function sharedMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true });
}

/** The part of Emscripten's module object that BackendWasm and the stock kernels use. */
function moduleObject(exports: Exports, heap: Heap, threads?: XnnThreads): BackendWasmModule {
  const entry = (name: string) => {
    const found = exports[name];
    if (found === undefined) {
      throw new AnyformerError('ENGINE', `The tfjs WebAssembly binary has no export '${name}'.`);
    }
    return found;
  };
  const module = {
    get HEAPU8() {
      return heap.u8;
    },
    _malloc: (bytes: number) => heap.malloc(bytes),
    _free: (pointer: number) => heap.free(pointer),
    cwrap: (name: string, _returns: string | null, parameters: string[] = []) => {
      const call = threads ? threads.watch(name, entry(name)) : entry(name);
      return parameters.includes('array') ? passArrays(call, parameters, exports, heap) : call;
    },
    tfjs: {
      init: entry('init'),
      // With one: XNNPACK waits for its threads at once, and would for ever. XnnThreads has more.
      initWithThreadsCount: () => entry('init_with_threads_count')(1),
      getThreadsCount: entry('get_threads_count'),
      registerTensor: entry('register_tensor'),
      disposeData: entry('dispose_data'),
      dispose: entry('dispose'),
    },
  };
  return module as unknown as BackendWasmModule;
}

/** A wrapper that copies byte-array arguments (shapes, strides) to the binary's stack. */
function passArrays(
  call: (...args: number[]) => number,
  parameters: string[],
  exports: Exports,
  heap: Heap,
) {
  return (...args: (number | Uint8Array)[]): number => {
    const stack = exports.stackSave!();
    for (let i = 0; i < parameters.length; i++) {
      if (parameters[i] !== 'array') continue;
      const bytes = args[i] as Uint8Array;
      const pointer = exports.stackAlloc!(bytes.length);
      heap.u8.set(bytes, pointer >>> 0);
      args[i] = pointer;
    }
    const result = call(...(args as number[]));
    exports.stackRestore!(stack);
    return result;
  };
}
