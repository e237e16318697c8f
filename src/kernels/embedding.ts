import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { requireShape } from './shapes.ts';

const EMBEDDING = 'Embedding';

/**
 * Embedding lookup: y[…, t] = table[ids[…, t]], plus positions[t] where positions are given.
 *
 * @param ids (..., T) whole numbers in [0, V)
 * @param table (V, D)
 * @param positions (T, D), added to every sequence in the same pass.
 * @returns (..., T, D)
 * @throws AnyformerError `INVALID_ARGUMENT` for an id outside the vocabulary, or positions that do
 * not fit.
 *
 * @example
 * embedding(tf.tensor2d([[2, 0]], [1, 2], 'int32'), tf.ones([3, 4]));
 *
 * Source: `torch.nn.functional.embedding`.
 */
export function embedding(ids: tf.Tensor, table: tf.Tensor2D, positions?: tf.Tensor2D): tf.Tensor {
  requireShape('embedding', 'table', table, [-1, -1]);
  const [V, D] = table.shape;
  if (positions !== undefined) {
    requireShape('embedding', 'positions', positions, [ids.shape.at(-1) ?? 1, D]);
  }
  return tf.tidy(() => {
    const places = tf.cast(ids, 'int32');
    if (!canRun(EMBEDDING, table, positions)) {
      return embeddingComposed(places, table, positions);
    }
    const inputs = { ids: places, table };
    return runKernel<tf.Tensor>(EMBEDDING, positions ? { ...inputs, positions } : inputs, { V });
  });
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function embeddingComposed(
  ids: tf.Tensor,
  table: tf.Tensor2D,
  positions?: tf.Tensor2D,
): tf.Tensor {
  const [V] = table.shape;
  const bad = ids.dataSync().findIndex((id) => id < 0 || id >= V);
  if (bad >= 0) throw idOutOfRange(ids, ids.dataSync()[bad]!, bad, V);
  const rows = tf.gather(table, ids as tf.Tensor1D);
  return positions ? tf.add(rows, positions) : rows;
}

function idOutOfRange(ids: { shape: number[] }, id: number, index: number, V: number) {
  const place = ids.shape.map((size, axis) => {
    const step = tf.util.sizeFromShape(ids.shape.slice(axis + 1));
    return Math.floor(index / step) % size;
  });
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `embedding: the id ${id} at position [${place.join(', ')}] is outside of the vocabulary of ` +
      `${V}; ids go from 0 to ${V - 1}. Was the text encoded by the tokenizer of this model?`,
  );
}

type Forward = Compute<
  { ids: tf.TensorInfo; table: tf.TensorInfo; positions?: tf.TensorInfo },
  object
>;

const forward: Forward = ({ inputs, backend }) => {
  const { ids, table, positions } = inputs;
  const [V, D] = table.shape as [number, number];
  const y = backend.output([...ids.shape, D], 'float32');
  const rows = tf.util.sizeFromShape(ids.shape);
  const perSequence = ids.shape.at(-1) ?? 1;
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const shift = positions ? at(positions) : 0;
  const parameters = [at(table), at(ids), shift, at(y), V, D, perSequence];
  const bad = runRange(backend, 'f32_embedding', parameters, rows, { unitWork: D / 2 });
  if (bad < 0) return y;
  backend.disposeData(y.dataId);
  throw idOutOfRange(ids, backend.typedArrayFromHeap(ids)[bad]!, bad, V);
};

export const embeddingKernel = newKernel(EMBEDDING, forward, {
  inputsToSave: ['ids'],
  gradFunc: (gradient, saved, attrs) => {
    const [ids] = saved as [tf.Tensor];
    const dy = gradient as tf.Tensor;
    const D = dy.shape.at(-1)!;
    const T = ids.shape.at(-1) ?? 1;
    return {
      ids: () => tf.zeros(ids.shape),
      table: () => {
        const rows = tf.reshape(dy, [ids.size, D]); // (B*T, D)
        return tf.unsortedSegmentSum(rows, tf.reshape(ids, [ids.size]), attrs.V as number);
      },
      positions: () => tf.sum(tf.reshape(dy, [dy.size / (T * D), T, D]), 0), // (T, D)
    };
  },
});
