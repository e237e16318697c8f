import { AnyformerError } from './errors.ts';

const PAGE = 65536;
/** What a 32-bit memory keeps free at its end: see {@link endsInMemory}. */
const RESERVE = 2 ** 27;
/** The most that the memory grows to. */
export const MAX_HEAP = 2 ** 32 - RESERVE;
/** What malloc adds to a request: its own words, and the rest of a page. */
const MALLOC_OVERHEAD = 2 * PAGE;
/** Growing by a fifth, at most 32 MB at once, keeps the number of growths and the waste small. */
const GROWTH = 0.2;
const MAX_GROWTH = 32 * 2 ** 20;

/**
 * Whether malloc may be asked for so many bytes. A sum above 2^32 wraps around in the binary's sbrk,
 * which asks for no growth then and hands out what is not there. What is less than the reserve ends
 * below 2^32 even in a full memory; anything larger has to do so in this one.
 */
export function endsInMemory(bytes: number, heapBytes: number): boolean {
  const asked = bytes + MALLOC_OVERHEAD;
  return asked <= RESERVE || heapBytes + asked <= 2 ** 32;
}

/** The functions that the binary imports. Its C library writes to a console and never reads. */
export function tfjsImports(memory: () => WebAssembly.Memory): WebAssembly.Imports {
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

/**
 * What the build with threads imports besides: nothing of its own runtime, whose loader is not here.
 * The main thread puts its own ways to start threads in place of some.
 */
export function tfjsThreadImports(): WebAssembly.ModuleImports {
  const refuse = () => {
    throw new AnyformerError('ENGINE', 'The tfjs WebAssembly binary called for its own runtime.');
  };
  return {
    emscripten_num_logical_cores: () => 1,
    emscripten_get_now: () => performance.now(),
    emscripten_unwind_to_js_event_loop: refuse,
    _emscripten_set_offscreencanvas_size: () => -1,
    emscripten_receive_on_main_thread_js: refuse,
    __emscripten_init_main_thread_js: refuse,
    _emscripten_notify_task_queue: () => 1,
    emscripten_check_blocking_allowed() {},
    _emscripten_default_pthread_stack_size: () => 65536,
    __pthread_create_js: () => EAGAIN,
    __emscripten_thread_cleanup() {},
    exit: refuse,
  };
}

/** The answer that there are no more threads. */
export const EAGAIN = 6;

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
