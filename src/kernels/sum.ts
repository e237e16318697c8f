import * as tf from '@tensorflow/tfjs-core';
import { columnSums } from './columnSums.ts';
import { type Compute, overrideKernel } from './kernelDefinition.ts';

type SumCall = Compute<{ x: tf.TensorInfo }, { axis: number | number[]; keepDims: boolean }>;

/**
 * tfjs's Sum where the axes summed over are neighbours and the last axis is not among them: the
 * gradient of a bias, of a position embedding, the pooling over time. tfjs transposes for that.
 */
export const sumKernel = overrideKernel(
  tf.Sum,
  (stock: SumCall): SumCall =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const { x } = inputs;
      const axes = tf.util.parseAxisParam(attrs.axis, x.shape).sort((a, b) => a - b);
      const first = axes[0] ?? 0;
      const next = first + axes.length;
      const isBlock = axes.every((axis, i) => axis === first + i);
      if (x.dtype !== 'float32' || axes.length === 0 || !isBlock || next >= x.shape.length) {
        return stock(call);
      }
      // (outer, rows, columns) -> (outer, columns)
      const outer = tf.util.sizeFromShape(x.shape.slice(0, first));
      const rows = tf.util.sizeFromShape(x.shape.slice(first, next));
      const columns = tf.util.sizeFromShape(x.shape.slice(next));
      const middle = attrs.keepDims ? axes.map(() => 1) : [];
      const y = backend.output(
        [...x.shape.slice(0, first), ...middle, ...x.shape.slice(next)],
        'float32',
      );
      for (let i = 0; i < outer; i++) {
        const from = backend.pointer(x) + 4 * i * rows * columns;
        const to = backend.pointer(y) + 4 * i * columns;
        columnSums(backend, from, rows, columns, to);
      }
      return y;
    },
);
