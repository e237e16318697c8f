import {
  raggedGatherImpl,
  raggedRangeImpl,
  raggedTensorToTensorImpl,
} from '@tensorflow/tfjs-backend-cpu/dist/shared.js';
import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import { type Compute, newKernel } from '../kernelDefinition.ts';

// The functions of tfjs's cpu backend, on values read from the heap.

function read(backend: AnyformerBackend, { dataId }: tf.TensorInfo): tf.TypedArray {
  return backend.readSync(dataId) as tf.TypedArray;
}

type Gather = Compute<
  {
    paramsNestedSplits: tf.TensorInfo[];
    paramsDenseValues: tf.TensorInfo;
    indices: tf.TensorInfo;
  },
  { outputRaggedRank: number }
>;

const gather: Gather = ({ inputs, attrs, backend }) => {
  const { paramsNestedSplits, paramsDenseValues, indices } = inputs;
  const [splits, values, shape] = raggedGatherImpl(
    paramsNestedSplits.map((split) => read(backend, split)),
    paramsNestedSplits.map((split) => split.shape),
    read(backend, paramsDenseValues),
    paramsDenseValues.shape,
    paramsDenseValues.dtype,
    read(backend, indices),
    indices.shape,
    attrs.outputRaggedRank,
  );
  return [
    ...splits.map((split) => backend.makeOutput([split.length], 'int32', undefined, split)),
    backend.makeOutput(shape, paramsDenseValues.dtype, undefined, values),
  ];
};

type Range = Compute<
  { starts: tf.TensorInfo; limits: tf.TensorInfo; deltas: tf.TensorInfo },
  object
>;

const range: Range = ({ inputs, backend }) => {
  const { starts, limits, deltas } = inputs;
  const [splits, values] = raggedRangeImpl(
    read(backend, starts),
    starts.shape,
    starts.dtype,
    read(backend, limits),
    limits.shape,
    read(backend, deltas),
    deltas.shape,
  );
  return [
    backend.makeOutput([splits.length], 'int32', undefined, splits),
    backend.makeOutput([values.length], starts.dtype, undefined, values),
  ];
};

type ToTensor = Compute<
  {
    shape: tf.TensorInfo;
    values: tf.TensorInfo;
    defaultValue: tf.TensorInfo;
    rowPartitionTensors: tf.TensorInfo[];
  },
  { rowPartitionTypes: string[] }
>;

const toTensor: ToTensor = ({ inputs, attrs, backend }) => {
  const { shape, values, defaultValue, rowPartitionTensors } = inputs;
  const [outputShape, output] = raggedTensorToTensorImpl(
    read(backend, shape),
    shape.shape,
    read(backend, values),
    values.shape,
    values.dtype,
    read(backend, defaultValue),
    defaultValue.shape,
    rowPartitionTensors.map((partition) => read(backend, partition)),
    rowPartitionTensors.map((partition) => partition.shape),
    attrs.rowPartitionTypes,
  );
  return backend.makeOutput(outputShape, values.dtype, undefined, output);
};

export const raggedKernels = [
  newKernel(tf.RaggedGather, gather),
  newKernel(tf.RaggedRange, range),
  newKernel(tf.RaggedTensorToTensor, toTensor),
];
