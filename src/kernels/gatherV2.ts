import * as tf from '@tensorflow/tfjs-core';
import { type Compute, overrideKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';

type Gather = Compute<
  { x: tf.TensorInfo; indices: tf.TensorInfo },
  { axis: number; batchDims: number }
>;

/**
 * tfjs's GatherV2 where it takes whole rows: along the first axis. It copies row by row instead
 * of element by element. Everything else, and every error, is left to tfjs.
 */
export const gatherV2Kernel = overrideKernel(
  tf.GatherV2,
  (stock: Gather): Gather =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const { x, indices } = inputs;
      const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
      const isFourBytes = x.dtype === 'float32' || x.dtype === 'int32';
      if (axis !== 0 || attrs.batchDims !== 0 || !isFourBytes || indices.dtype !== 'int32') {
        return stock(call);
      }
      const columns = tf.util.sizeFromShape(x.shape.slice(1));
      const rows = tf.util.sizeFromShape(indices.shape);
      const limit = x.shape[0]!;
      if (backend.typedArrayFromHeap(indices).some((index) => index < 0 || index >= limit)) {
        return stock(call);
      }
      const y = backend.output([...indices.shape, ...x.shape.slice(1)], x.dtype);
      const [table, ids, to] = [x, indices, y].map((tensor) => backend.pointer(tensor));
      runRange(backend, 'f32_embedding', [table!, ids!, 0, to!, limit, columns, 1], rows);
      return y;
    },
);
