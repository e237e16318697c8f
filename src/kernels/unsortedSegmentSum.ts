import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { type Compute, newKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';

/** Work of zeroing an element. */
const FILL_WORK = 0.5;
/** Columns that keep two threads off each other's cache lines. */
const COLUMNS = 16;

type Inputs = { x: tf.TensorInfo; segmentIds: tf.TensorInfo };

/**
 * tfjs's UnsortedSegmentSum, which its WebAssembly backend lacks: y[s] = sum of the x[i] with
 * segmentIds[i] = s. It is the gradient of an embedding. tfjs has its gradient.
 */
const compute: Compute<Inputs, { numSegments: number }> = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs;
  const { numSegments } = attrs;
  const y = backend.output([numSegments, ...x.shape.slice(1)], x.dtype);
  if (x.dtype !== 'float32' || segmentIds.dtype !== 'int32' || segmentIds.shape.length !== 1) {
    sumElements(backend, inputs, y, numSegments);
    return y;
  }
  const rows = x.shape[0]!;
  const columns = tf.util.sizeFromShape(x.shape.slice(1));
  const [from, ids, to] = [x, segmentIds, y].map((tensor) => backend.pointer(tensor));
  // First all of y, then some columns for each thread: zeroing by columns is in short pieces.
  runRange(backend, 'f32_fill', [to!, 0], numSegments * columns, { unitWork: FILL_WORK });
  const accumulate = 1;
  runRange(
    backend,
    'f32_unsortedSegmentSum',
    [from!, ids!, to!, rows, columns, numSegments, accumulate],
    columns,
    { unitWork: rows, multiple: COLUMNS },
  );
  return y;
};

/** Any type, and ids of more axes than one: each stands for what is left of x behind its place. */
function sumElements(
  backend: AnyformerBackend,
  { x, segmentIds }: Inputs,
  y: tf.TensorInfo,
  numSegments: number,
): void {
  const values = backend.typedArrayFromHeap(x);
  const ids = backend.typedArrayFromHeap(segmentIds);
  const sums = backend.typedArrayFromHeap(y).fill(0);
  const rowSize = tf.util.sizeFromShape(x.shape.slice(1));
  const sliceSize = values.length / ids.length;
  for (let i = 0; i < values.length; i++) {
    const segment = ids[Math.floor(i / sliceSize)]!;
    if (segment >= 0 && segment < numSegments) {
      sums[segment * rowSize + (i % rowSize)]! += values[i]!;
    }
  }
}

export const unsortedSegmentSumKernel = newKernel(tf.UnsortedSegmentSum, compute);
