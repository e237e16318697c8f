import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import {
  type Compute,
  type KernelDefinition,
  newKernel,
  overrideKernel,
} from '../kernelDefinition.ts';
import { broadcastIndices } from './broadcastIndices.ts';

/** tfjs keeps the elements of a string tensor as UTF-8. */
type Bytes = Uint8Array;

function read(backend: AnyformerBackend, { dataId }: tf.TensorInfo): Bytes[] {
  return backend.readSync(dataId) as Bytes[];
}

function strings(backend: AnyformerBackend, shape: number[], values: Bytes[]): tf.TensorInfo {
  return backend.makeOutput(shape, 'string', undefined, values);
}

type Binary = Compute<{ a: tf.TensorInfo; b: tf.TensorInfo }, object>;

/** tfjs's comparison, on strings too. */
function comparison(
  kernelName: string,
  holds: (a: string, b: string) => boolean,
): KernelDefinition {
  return overrideKernel(
    kernelName,
    (stock: Binary): Binary =>
      (call) => {
        const { inputs, backend } = call;
        const { a, b } = inputs;
        if (a.dtype !== 'string') return stock(call);
        const [left, right] = [a, b].map((side) =>
          read(backend, side).map((s) => tf.util.decodeString(s)),
        );
        const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
        const y = backend.output(shape, 'bool');
        const values = backend.typedArrayFromHeap(y);
        const indicesB = broadcastIndices(b.shape, shape);
        broadcastIndices(a.shape, shape).forEach((i, at) => {
          values[at] = Number(holds(left![i]!, right![indicesB[at]!]!));
        });
        return y;
      },
  );
}

type Fill = Compute<object, { shape: number[]; value: number | string; dtype?: tf.DataType }>;

const fill = overrideKernel(
  tf.Fill,
  (stock: Fill): Fill =>
    (call) => {
      const { shape, value } = call.attrs;
      if (typeof value !== 'string') return stock(call);
      const bytes = tf.util.encodeString(value);
      return strings(call.backend, shape, Array(tf.util.sizeFromShape(shape)).fill(bytes));
    },
);

type Tile = Compute<{ x: tf.TensorInfo }, { reps: number[] }>;

const tile = overrideKernel(
  tf.Tile,
  (stock: Tile): Tile =>
    (call) => {
      const { x } = call.inputs;
      if (x.dtype !== 'string') return stock(call);
      const values = read(call.backend, x);
      // (reps0, size0, reps1, size1, …) is the result, in which x is (1, size0, 1, size1, …).
      const repeated = x.shape.flatMap((size, axis) => [call.attrs.reps[axis]!, size]);
      const indices = broadcastIndices(
        x.shape.flatMap((size) => [1, size]),
        repeated,
      );
      const shape = x.shape.map((size, axis) => size * call.attrs.reps[axis]!);
      return strings(
        call.backend,
        shape,
        indices.map((i) => values[i]!),
      );
    },
);

type SparseToDense = Compute<
  { sparseIndices: tf.TensorInfo; sparseValues: tf.TensorInfo; defaultValue: tf.TensorInfo },
  { outputShape: number[] }
>;

const sparseToDense = overrideKernel(
  tf.SparseToDense,
  (stock: SparseToDense): SparseToDense =>
    (call) => {
      const { inputs, attrs, backend } = call;
      if (inputs.sparseValues.dtype !== 'string') return stock(call);
      const { sliceRank, numUpdates, strides, outputSize } = tf.backend_util.calculateShapes(
        inputs.sparseValues,
        inputs.sparseIndices,
        attrs.outputShape,
      );
      const indices = backend.typedArrayFromHeap(inputs.sparseIndices);
      const updates = read(backend, inputs.sparseValues);
      const values: Bytes[] = Array(outputSize).fill(read(backend, inputs.defaultValue)[0]);
      for (let update = 0; update < numUpdates; update++) {
        let at = 0;
        for (let axis = 0; axis < sliceRank; axis++) {
          at += indices[update * sliceRank + axis]! * strides[axis]!;
        }
        values[at] = updates.length === 1 ? updates[0]! : updates[update]!;
      }
      return strings(backend, attrs.outputShape, values);
    },
);

type Replace = Compute<
  { x: tf.TensorInfo },
  { pattern: string; rewrite: string; replaceGlobal: boolean }
>;

const staticRegexReplace: Replace = ({ inputs, attrs, backend }) => {
  const pattern = new RegExp(attrs.pattern, attrs.replaceGlobal ? 'g' : '');
  const values = read(backend, inputs.x).map((bytes) =>
    tf.util.encodeString(tf.util.decodeString(bytes).replace(pattern, attrs.rewrite)),
  );
  return strings(backend, inputs.x.shape, values);
};

export const stringKernels = [
  comparison(tf.Equal, (a, b) => a === b),
  comparison(tf.NotEqual, (a, b) => a !== b),
  comparison(tf.Less, (a, b) => a < b),
  comparison(tf.LessEqual, (a, b) => a <= b),
  comparison(tf.Greater, (a, b) => a > b),
  comparison(tf.GreaterEqual, (a, b) => a >= b),
  fill,
  tile,
  sparseToDense,
  newKernel(tf.StaticRegexReplace, staticRegexReplace),
];
