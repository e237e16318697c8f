import '@tensorflow/tfjs-core/dist/base_side_effects.js';
import * as tf from '@tensorflow/tfjs-core';
import { relaxedSimd as hasRelaxedSimd, simd as hasSimd } from 'wasm-feature-detect';
import { runtime } from '#runtime';
import { AnyformerError } from '../core/errors.ts';
import type { JavaScriptFallback, WasmFile } from '../runtime/runtime.ts';
import { AnyformerBackend } from './backend.ts';
import { type EngineOptions, parseEngineOptions } from './engineOptions.ts';
import type { Heap } from './heap.ts';
import { bootJavaScript } from './javaScriptEngine.ts';
import { loadWasm, type WasmModules } from './loadWasm.ts';
import { bindNativeKernels } from './nativeKernels.ts';
import { usePlatform } from './platform.ts';
import { bootTfjsBinary, sharedMemory, tfjsFile } from './tfjsBinary.ts';
import { chooseThreads, createThreadPool, createXnnThreads, type Threads } from './threads.ts';
import { compile } from './wasmModule.ts';

/** A feature of the engine. */
export interface Feature {
  /** Whether it is in use. */
  readonly enabled: boolean;
  /** Why it is off, or limited. */
  readonly reason?: string;
}

/** The features, threads and memory of the engine. `String(engine)` is the same as readable text. */
export interface EngineInfo {
  /** The name of the runtime. */
  readonly runtime: string;
  /**
   * 'javascript' if WebAssembly is not allowed to run; `webAssembly.reason` says why. There is also a
   * reason if the files are not found and the copies inside the script are used.
   */
  readonly backend: 'wasm' | 'javascript';
  /** Whether the engine runs on WebAssembly. */
  readonly webAssembly: Feature;
  /** Whether it uses SIMD instructions. */
  readonly simd: Feature;
  /** Whether it uses relaxed SIMD (fused multiply-add). */
  readonly relaxedSimd: Feature;
  /**
   * `count` is the number of threads, including the calling one; `running` is how many have started.
   * Threads start when there is enough work for them. There is a reason if they are fewer than asked.
   */
  readonly threads: Feature & { readonly count: number; readonly running: number };
  /** Size of the WebAssembly memory in bytes, used and free; 0 on plain JavaScript. */
  readonly heapBytes: number;
  /** Bytes of that memory in use now; 0 on plain JavaScript. */
  readonly usedHeapBytes: number;
  /** The most bytes in use at once since the engine started; 0 on plain JavaScript. */
  readonly peakHeapBytes: number;
  /** The number of tensors that are not disposed. */
  readonly tensors: number;
  /** The bytes of these tensors. */
  readonly tensorBytes: number;
}

/**
 * The running engine: TensorFlow.js's kernels and ours on one WebAssembly heap. Each realm (page,
 * worker, process) has one. If WebAssembly is not allowed to run, the engine uses TensorFlow.js's
 * kernels in plain JavaScript. `createEngine` returns it.
 */
export class Engine {
  /**
   * Undefined on plain JavaScript.
   * @internal
   */
  readonly backend: AnyformerBackend | undefined;
  private readonly webAssembly: Feature;
  private readonly relaxedSimd: Feature;
  private readonly threads: Threads;

  /** @internal */
  constructor(
    backend: AnyformerBackend | undefined,
    webAssembly: Feature,
    relaxedSimd: Feature,
    threads: Threads,
  ) {
    this.backend = backend;
    this.webAssembly = webAssembly;
    this.relaxedSimd = relaxedSimd;
    this.threads = threads;
  }

  /**
   * @throws AnyformerError `UNSUPPORTED` on plain JavaScript, which has none.
   * @internal
   */
  get heap(): Heap {
    if (this.backend) return this.backend.heap;
    throw new AnyformerError(
      'UNSUPPORTED',
      `There is no WebAssembly heap: ${this.webAssembly.reason}.`,
    );
  }

  /** Returns the engine's features, threads and current memory. */
  info(): EngineInfo {
    const { numTensors, numBytes } = tf.memory();
    const heap = this.backend?.heap;
    return {
      runtime: runtime.name,
      backend: this.backend ? 'wasm' : 'javascript',
      webAssembly: this.webAssembly,
      simd: this.webAssembly,
      relaxedSimd: this.relaxedSimd,
      threads: { ...this.threads, running: 1 + (this.backend?.pool?.ready ?? 0) },
      heapBytes: heap?.bytes ?? 0,
      usedHeapBytes: heap?.usedBytes ?? 0,
      peakHeapBytes: heap?.peakBytes ?? 0,
      tensors: numTensors,
      tensorBytes: numBytes,
    };
  }

  /** Returns the same as readable text, of several lines. */
  toString(): string {
    const info = this.info();
    const feature = (name: string, { enabled, reason }: Feature) =>
      `${name} ${enabled ? 'on' : `off (${reason})`}`;
    const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
    const tensors = `${info.tensors} tensors alive (${megabytes(info.tensorBytes)})`;
    if (info.backend === 'javascript') {
      const why = info.webAssembly.reason;
      return `anyformer on ${info.runtime}, plain JavaScript (${why})\n${tensors}`;
    }
    return [
      `anyformer on ${info.runtime}, WebAssembly${info.webAssembly.reason ? ` (${info.webAssembly.reason})` : ''}`,
      [
        feature('SIMD', info.simd),
        feature('relaxed SIMD', info.relaxedSimd),
        feature(`threads ${info.threads.count}`, info.threads),
      ].join(', '),
      `heap ${megabytes(info.heapBytes)}, of which ${megabytes(info.usedHeapBytes)} in use (at most ${megabytes(info.peakHeapBytes)}), ${tensors}`,
    ].join('\n');
  }
}

const BACKEND = 'wasm';

/**
 * Boots tfjs's WebAssembly binary and our kernels on its heap, and makes them the tfjs backend; on a
 * host that refuses WebAssembly and has the means, plain JavaScript.
 * Use `createEngine` of kernels/, which also registers the kernels.
 * @throws AnyformerError `UNSUPPORTED` without WebAssembly SIMD; `ENGINE` when a file cannot be loaded
 *   or started; `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options.
 */
export async function bootEngine(options?: EngineOptions): Promise<Engine> {
  const parsed = parseEngineOptions(options);
  usePlatform();
  try {
    return await bootWasm(parsed);
  } catch (error) {
    // Asked only now: a host that compiles no bytes runs the modules that it is given.
    const refusal = await runtime.javaScript?.reason();
    if (refusal === undefined) throw error;
    return startJavaScript(runtime.javaScript!, refusal);
  }
}

async function startJavaScript(fallback: JavaScriptFallback, refusal: string): Promise<Engine> {
  await bootJavaScript(fallback, refusal);
  const off = { enabled: false, reason: refusal };
  return new Engine(undefined, off, off, { ...off, count: 1 });
}

async function bootWasm(options: Required<EngineOptions>): Promise<Engine> {
  const { relaxed, threads: wantedThreads, modules } = options;
  if (!(await hasSimd())) {
    throw new AnyformerError(
      'UNSUPPORTED',
      'This runtime has no WebAssembly SIMD; anyformer needs it. Node 16.4, Chrome 91, Firefox 89 ' +
        'and Safari 16.4 are the first that have it.',
    );
  }
  const relaxedSimd = await chooseRelaxedSimd(relaxed);
  let threads = chooseThreads(wantedThreads);
  const load = () => loadFiles({ relaxed: relaxedSimd.enabled, shared: threads.enabled }, modules);
  const files = await load().catch((error: AnyformerError) => {
    // The program may have the files for one thread within itself, and has not these.
    if (!threads.enabled || !runtime.unpackWasm) throw error;
    threads = { enabled: false, count: 1, reason: `they have no program: ${error.message}` };
    return load();
  });
  const { tfjsSource, kernelFile, kernelSource, unpacked } = files;
  const memory = threads.enabled ? sharedMemory() : undefined;
  const shared = memory && { memory, threads: createXnnThreads(threads) };
  const binary = await bootTfjsBinary(tfjsSource, shared);
  const { native, table } = await bindNativeKernels(kernelFile, kernelSource, binary.heap);
  const pool = memory && createThreadPool(threads, native, kernelSource, table, binary.heap);
  const backend = new AnyformerBackend(binary, native, pool);
  tf.registerBackend(BACKEND, () => backend, 2);
  if (!(await tf.setBackend(BACKEND))) {
    throw new AnyformerError('ENGINE', 'tfjs refused to switch to the WebAssembly backend.');
  }
  const webAssembly = { enabled: true, ...(unpacked && { reason: unpacked }) };
  return new Engine(backend, webAssembly, relaxedSimd, threads);
}

/** The two binaries of a build, and why they were not where they are looked for. */
async function loadFiles(build: { relaxed: boolean; shared: boolean }, modules: WasmModules) {
  const kernelFile: WasmFile = `anyformer.${build.relaxed ? 'relaxed' : 'simd'}${build.shared ? '.shared' : ''}.wasm`;
  let unpacked: string | undefined;
  const load = (file: WasmFile) =>
    loadWasm(file, modules, runtime, (reason) => {
      unpacked = `from within the script, since ${reason}`;
    });
  const [tfjsSource, kernelSource] = await Promise.all([
    load(tfjsFile(build.shared)),
    load(kernelFile).then((source) => compile(kernelFile, source)),
  ]);
  return { tfjsSource, kernelFile, kernelSource, unpacked };
}

async function chooseRelaxedSimd(wanted: boolean): Promise<Feature> {
  if (!wanted) return { enabled: false, reason: 'switched off with relaxed: false' };
  if (runtime.withoutRelaxedSimd) return { enabled: false, reason: runtime.withoutRelaxedSimd };
  if (!(await hasRelaxedSimd())) return { enabled: false, reason: 'this runtime does not have it' };
  return { enabled: true };
}
