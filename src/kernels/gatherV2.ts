import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { type Compute, overrideKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';

type Gather = Compute<
  { x: tf.TensorInfo; indices: tf.TensorInfo },
  { axis: number; batchDims: number }
>;

/**
 * tfjs's GatherV2, slice by slice instead of element by element; with batches, where the one of
 * tfjs reads beside its input. Strings and every error are left to tfjs.
 */
export const gatherV2Kernel = overrideKernel(
  tf.GatherV2,
  (stock: Gather): Gather =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const { x, indices } = inputs;
      if (x.dtype === 'string' || x.dtype === 'complex64' || indices.dtype !== 'int32') {
        return stock(call);
      }
      const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
      const limit = x.shape[axis]!;
      if (backend.typedArrayFromHeap(indices).some((index) => index < 0 || index >= limit)) {
        return stock(call);
      }
      const sizes = tf.backend_util.segment_util.collectGatherOpShapeInfo(
        x as tf.Tensor,
        indices as tf.Tensor,
        axis,
        attrs.batchDims,
      );
      const y = backend.output(sizes.outputShape, x.dtype);
      // (batch, outer, dimSize, sliceSize) -> (batch, outer, count, sliceSize)
      const { batchSize, outerSize, dimSize, sliceSize } = sizes;
      const count = tf.util.sizeFromShape(indices.shape) / Math.max(batchSize, 1);
      const bytes = tf.util.bytesPerElement(x.dtype) * sliceSize;
      for (let i = 0; i < batchSize * outerSize; i++) {
        gatherSlices(backend, {
          table: backend.pointer(x) + i * dimSize * bytes,
          ids: backend.pointer(indices) + 4 * Math.floor(i / outerSize) * count,
          target: backend.pointer(y) + i * count * bytes,
          limit: dimSize,
          count,
          bytes,
        });
      }
      return y;
    },
);

interface Slices {
  readonly table: number;
  readonly ids: number;
  readonly target: number;
  readonly limit: number;
  readonly count: number;
  /** Of one slice. */
  readonly bytes: number;
}

/** target[i] = table[ids[i]] */
function gatherSlices(backend: AnyformerBackend, slices: Slices): void {
  const { table, ids, target, limit, count, bytes } = slices;
  if (bytes % 4 === 0) {
    const parameters = [table, ids, 0, target, limit, bytes / 4, 1];
    runRange(backend, 'f32_embedding', parameters, count);
    return;
  }
  const { u8, i32 } = backend.heap;
  for (let i = 0; i < count; i++) {
    const from = table + i32[ids / 4 + i]! * bytes;
    u8.copyWithin(target + i * bytes, from, from + bytes);
  }
}
