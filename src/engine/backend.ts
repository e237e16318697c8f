import { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import {
  type BackendValues,
  type DataType,
  type TensorInfo,
  type TypedArray,
  util,
} from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';
import type { NativeKernels } from './nativeKernels.ts';
import type { TfjsBinary } from './tfjsBinary.ts';
import type { ThreadPool } from './threadPool.ts';

/**
 * The tfjs 'wasm' backend with two things more: the heap as we see it, and our own kernels bound
 * to it. A kernel function receives it as `backend`.
 */
export class AnyformerBackend extends BackendWasm {
  readonly heap: Heap;
  readonly #derived = new Map<object, Map<string, number>>();

  constructor(
    binary: TfjsBinary,
    readonly native: NativeKernels,
    /** Undefined where there is one thread. */
    readonly pool?: ThreadPool,
  ) {
    super(binary.module);
    this.heap = binary.heap;
  }

  /** The byte address of a tensor's elements. */
  pointer(tensor: { dataId: object }): number {
    return this.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A new, uninitialised tensor. */
  output(shape: number[], dtype: DataType): TensorInfo {
    return this.makeOutput(shape, dtype);
  }

  /** A new tensor that shares the memory of another; it is freed with the last of them. */
  share(tensor: TensorInfo, shape: number[] = tensor.shape): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
  }

  // complex64 is what tfjs's own class does not know. An element is its real part and its
  // imaginary part side by side, the order in which tfjs-core hands complex values out.

  override readSync(dataId: object, start = 0, end?: number): BackendValues {
    const { dtype, memoryOffset, shape } = this.dataIdMap.get(dataId);
    if (dtype !== 'complex64') return super.readSync(dataId, start, end);
    const last = end ?? util.sizeFromShape(shape);
    return this.heap.f32.slice(memoryOffset / 4 + 2 * start, memoryOffset / 4 + 2 * last);
  }

  override typedArrayFromHeap(tensor: TensorInfo): TypedArray {
    if (tensor.dtype !== 'complex64') return super.typedArrayFromHeap(tensor);
    const first = this.pointer(tensor) / 4;
    return this.heap.f32.subarray(first, first + 2 * util.sizeFromShape(tensor.shape));
  }

  /**
   * What is kept of a tensor under a name: the address of something computed from its elements, or
   * a mark; undefined where nothing is. It goes when the tensor changes or is disposed of.
   */
  derived(dataId: object, name: string): number | undefined {
    return this.#derived.get(dataId)?.get(name);
  }

  /** Keeps an address from `heap.malloc`, which is freed with the tensor, or 0 as a mark. */
  keepDerived(dataId: object, name: string, address: number): void {
    let kept = this.#derived.get(dataId);
    if (kept === undefined) {
      kept = new Map();
      this.#derived.set(dataId, kept);
    }
    kept.set(name, address);
  }

  #dropDerived(dataId: object): void {
    const kept = this.#derived.get(dataId);
    if (kept === undefined) return;
    this.#derived.delete(dataId);
    for (const address of kept.values()) if (address !== 0) this.heap.free(address);
  }

  override disposeData(dataId: object, force?: boolean): boolean {
    const isGone = super.disposeData(dataId, force);
    if (isGone) this.#dropDerived(dataId);
    return isGone;
  }

  /**
   * Says that a tensor's elements were changed in place. XNNPACK keeps operators with packed
   * copies of their weights by the tensor's id; registering the id anew drops them.
   */
  changedInPlace(tensor: { dataId: object }): void {
    this.#dropDerived(tensor.dataId);
    const { id, memoryOffset, shape } = this.dataIdMap.get(tensor.dataId);
    const elements = shape.reduce((product, size) => product * size, 1);
    this.wasm.tfjs.disposeData(id);
    this.wasm.tfjs.registerTensor(id, elements, memoryOffset);
  }
}
