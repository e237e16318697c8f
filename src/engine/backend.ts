import { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';
import type { NativeKernels } from './nativeKernels.ts';
import type { TfjsBinary } from './tfjsBinary.ts';

/**
 * The tfjs 'wasm' backend with two things more: the heap as we see it, and our own kernels bound
 * to it. A kernel function receives it as `backend`.
 */
export class AnyformerBackend extends BackendWasm {
  readonly heap: Heap;

  constructor(
    binary: TfjsBinary,
    readonly native: NativeKernels,
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

  /**
   * Says that a tensor's elements were changed in place. XNNPACK keeps operators with packed
   * copies of their weights by the tensor's id; registering the id anew drops them.
   */
  changedInPlace(tensor: { dataId: object }): void {
    const { id, memoryOffset, shape } = this.dataIdMap.get(tensor.dataId);
    const elements = shape.reduce((product, size) => product * size, 1);
    this.wasm.tfjs.disposeData(id);
    this.wasm.tfjs.registerTensor(id, elements, memoryOffset);
  }
}
