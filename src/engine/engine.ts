import '@tensorflow/tfjs-backend-wasm/dist/register_all_kernels.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import * as tf from '@tensorflow/tfjs-core';
import { relaxedSimd as hasRelaxedSimd, simd as hasSimd } from 'wasm-feature-detect';
import { runtime } from '#runtime';
import { AnyformerError } from '../core/errors.ts';
import type { WasmFile, WasmSource } from '../runtime/runtime.ts';
import { AnyformerBackend } from './backend.ts';
import type { Heap } from './heap.ts';
import { bindNativeKernels } from './nativeKernels.ts';
import { usePlatform } from './platform.ts';
import { bootTfjsBinary } from './tfjsBinary.ts';

/** A feature of the build, and the reason where it is off. */
export interface Feature {
  readonly enabled: boolean;
  readonly reason?: string;
}

/** What the engine runs on and holds now; `String(engine)` is the same for people. */
export interface EngineInfo {
  readonly runtime: string;
  readonly backend: 'wasm';
  readonly simd: Feature;
  readonly relaxedSimd: Feature;
  readonly threads: Feature & { readonly count: number };
  /** Bytes of WebAssembly memory, in use or free for reuse. */
  readonly heapBytes: number;
  /** Tensors alive, and the bytes they take. */
  readonly tensors: number;
  readonly tensorBytes: number;
}

export interface EngineOptions {
  /**
   * Relaxed SIMD: fused multiply-add where the host has it, about 1.3 times faster. Its last bits
   * differ between machines; `false` gives the same bits everywhere. Default: `true`.
   */
  readonly relaxed?: boolean;
  /** Gives the WebAssembly files where the host's own way does not fit. */
  readonly loadWasm?: (file: WasmFile) => Promise<WasmSource>;
}

/** The running engine: tfjs's kernels and ours on one heap. There is one in a realm. */
export class Engine {
  constructor(
    readonly backend: AnyformerBackend,
    private readonly relaxedSimd: Feature,
  ) {}

  get heap(): Heap {
    return this.backend.heap;
  }

  info(): EngineInfo {
    const { numTensors, numBytes } = tf.memory();
    return {
      runtime: runtime.name,
      backend: 'wasm',
      simd: { enabled: true },
      relaxedSimd: this.relaxedSimd,
      threads: { enabled: false, count: 1, reason: 'this build runs on one thread' },
      heapBytes: this.heap.bytes,
      tensors: numTensors,
      tensorBytes: numBytes,
    };
  }

  toString(): string {
    const info = this.info();
    const feature = (name: string, { enabled, reason }: Feature) =>
      `${name} ${enabled ? 'on' : `off (${reason})`}`;
    const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
    return [
      `anyformer on ${info.runtime}, WebAssembly`,
      [
        feature('SIMD', info.simd),
        feature('relaxed SIMD', info.relaxedSimd),
        feature(`threads ${info.threads.count}`, info.threads),
      ].join(', '),
      `heap ${megabytes(info.heapBytes)}, ${info.tensors} tensors alive (${megabytes(info.tensorBytes)})`,
    ].join('\n');
  }
}

const BACKEND = 'wasm';

/**
 * Boots tfjs's WebAssembly binary and our kernels on its heap, and makes them the tfjs backend.
 * Use `createEngine` of kernels/, which also registers the kernels.
 * @throws AnyformerError `UNSUPPORTED` without WebAssembly SIMD, `ENGINE` when a file cannot start.
 */
export async function bootEngine(options: EngineOptions = {}): Promise<Engine> {
  if (!(await hasSimd())) {
    throw new AnyformerError(
      'UNSUPPORTED',
      'This runtime has no WebAssembly SIMD; anyformer needs it. Node 16.4, Chrome 91, Firefox 89 ' +
        'and Safari 16.4 are the first that have it.',
    );
  }
  usePlatform();
  const load = options.loadWasm ?? runtime.loadWasm;
  const relaxedSimd = await chooseRelaxedSimd(options.relaxed ?? true);
  const kernelFile = relaxedSimd.enabled ? 'anyformer.relaxed.wasm' : 'anyformer.simd.wasm';
  const [tfjsSource, kernelSource] = await Promise.all([
    load('tfjs-backend-wasm-simd.wasm'),
    load(kernelFile),
  ]);
  const binary = await bootTfjsBinary(tfjsSource);
  const native = await bindNativeKernels(kernelFile, kernelSource, binary.heap);
  const backend = new AnyformerBackend(binary, native);
  tf.registerBackend(BACKEND, () => backend, 2);
  if (!(await tf.setBackend(BACKEND))) {
    throw new AnyformerError('ENGINE', 'tfjs refused to switch to the WebAssembly backend.');
  }
  return new Engine(backend, relaxedSimd);
}

async function chooseRelaxedSimd(wanted: boolean): Promise<Feature> {
  if (!wanted) return { enabled: false, reason: 'switched off with relaxed: false' };
  if (!(await hasRelaxedSimd())) return { enabled: false, reason: 'this runtime does not have it' };
  return { enabled: true };
}
