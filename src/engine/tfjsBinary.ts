import type { BackendWasmModule } from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm';
import { AnyformerError } from '../core/errors.ts';
import type { WasmFile, WasmSource } from '../runtime/runtime.ts';
import { Heap } from './heap.ts';
import { instantiate } from './wasmModule.ts';

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

const PAGE = 65536;
/** The most a 32-bit memory can hold less one page, as Emscripten has it. */
const MAX_HEAP = 2 ** 32 - PAGE;
/** Growing by a fifth, at most 32 MB at once, keeps the number of growths and the waste small. */
const GROWTH = 0.2;
const MAX_GROWTH = 32 * 2 ** 20;

type Exports = Record<string, (...args: number[]) => number> & { memory: WebAssembly.Memory };

/** @param shared the memory of the build with threads; the other one brings its own. */
export async function bootTfjsBinary(
  source: WasmSource,
  shared?: WebAssembly.Memory,
): Promise<TfjsBinary> {
  let exports = undefined as unknown as Exports;
  const imports = hostImports(() => shared ?? exports.memory);
  if (shared) Object.assign(imports.env!, { memory: shared, ...threadImports(() => exports) });
  const instance = await instantiate(tfjsFile(shared !== undefined), source, imports);
  exports = instance.exports as Exports;
  exports.__wasm_call_ctors!();
  const heap = new Heap(shared ?? exports.memory, {
    malloc: exports.malloc as (bytes: number) => number,
    free: exports.free as unknown as (pointer: number) => void,
  });
  return { heap, module: moduleObject(exports, heap) };
}

/** The functions that the binary imports. Its C library writes to a console and never reads. */
function hostImports(memory: () => WebAssembly.Memory): WebAssembly.Imports {
  return {
    env: {
      abort() {
        throw new AnyformerError('ENGINE', 'The tfjs WebAssembly binary called abort().');
      },
      emscripten_memcpy_big(to: number, from: number, bytes: number) {
        const start = from >>> 0;
        new Uint8Array(memory().buffer).copyWithin(to >>> 0, start, start + (bytes >>> 0));
      },
      emscripten_get_heap_max: () => MAX_HEAP,
      emscripten_resize_heap: (bytes: number) => grow(memory(), bytes >>> 0),
    },
    wasi_snapshot_preview1: {
      // What it prints are XNNPACK's assertions, and those are followed by abort(). All bytes are
      // reported as written: its C library tries again for ever otherwise.
      fd_write: (_file: number, buffers: number, count: number, written: number) => {
        const view = new DataView(memory().buffer);
        let bytes = 0;
        for (let i = 0; i < count; i++) bytes += view.getUint32((buffers >>> 0) + 8 * i + 4, true);
        view.setUint32(written >>> 0, bytes, true);
        return 0;
      },
      fd_close: () => 52, // ENOSYS
      fd_seek: () => 70, // ESPIPE
    },
  };
}

export const tfjsFile = (shared: boolean): WasmFile =>
  shared ? 'tfjs-backend-wasm-threaded-simd.wasm' : 'tfjs-backend-wasm-simd.wasm';

/** A memory that threads can share, of the least size that the binary takes. */
export function sharedMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true });
}

/**
 * What the build with threads imports besides. It gets no threads of its own (creating one answers
 * EAGAIN, and XNNPACK then works in this one): ours are shared out in threadPool.ts.
 */
function threadImports(exports: () => Exports): WebAssembly.ModuleImports {
  const refuse = () => {
    throw new AnyformerError('ENGINE', 'The tfjs WebAssembly binary called for its own threads.');
  };
  return {
    emscripten_num_logical_cores: () => 1,
    emscripten_get_now: () => performance.now(),
    emscripten_unwind_to_js_event_loop: refuse,
    _emscripten_set_offscreencanvas_size: () => -1,
    emscripten_receive_on_main_thread_js: refuse,
    __emscripten_init_main_thread_js(thread: number) {
      // Is the main thread, of the runtime too, and never blocks.
      exports()._emscripten_thread_init!(thread, 1, 1, 0);
      exports()._emscripten_tls_init!();
    },
    _emscripten_notify_task_queue: () => 1,
    emscripten_check_blocking_allowed() {},
    _emscripten_default_pthread_stack_size: () => 65536,
    __pthread_create_js: () => 6, // EAGAIN
    __emscripten_thread_cleanup() {},
    exit: refuse,
  };
}

/** Grows to at least `needed` bytes, with room to spare where there is room. 1 if it could. */
function grow(memory: WebAssembly.Memory, needed: number): 0 | 1 {
  if (needed > MAX_HEAP) return 0;
  const current = memory.buffer.byteLength;
  const generous = Math.min(current * (1 + GROWTH), needed + MAX_GROWTH);
  for (const target of [Math.min(MAX_HEAP, Math.max(needed, generous)), needed]) {
    try {
      memory.grow(Math.ceil((target - current) / PAGE));
      return 1;
    } catch {
      // The host refused this much: ask for just what is needed, then report failure to malloc.
    }
  }
  return 0;
}

/** The part of Emscripten's module object that BackendWasm and the stock kernels use. */
function moduleObject(exports: Exports, heap: Heap): BackendWasmModule {
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
    cwrap: (name: string, _returns: string | null, parameters: string[] = []) =>
      parameters.includes('array')
        ? passArrays(entry(name), parameters, exports, heap)
        : entry(name),
    tfjs: {
      init: entry('init'),
      initWithThreadsCount: entry('init_with_threads_count'),
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
