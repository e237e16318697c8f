import * as tf from '@tensorflow/tfjs-core';
import { type Compute, newKernel } from '../kernelDefinition.ts';
import { Intermediates } from './intermediates.ts';

type Einsum = Compute<tf.TensorInfo[], { equation: string }>;

/** A tensor and what its axes are called: numbers, the axes of the result first. */
interface Named {
  readonly tensor: tf.TensorInfo;
  readonly names: number[];
}

/**
 * tfjs's Einsum. Its cpu backend multiplies everything with everything and then sums; here two
 * operands are one batch of matrix products.
 */
const compute: Einsum = ({ inputs, attrs, backend }) => {
  const { decodeEinsumEquation, checkEinsumDimSizes } = tf.backend_util;
  const { allDims, summedDims, idDims } = decodeEinsumEquation(attrs.equation, inputs.length);
  checkEinsumDimSizes(allDims.length, idDims, inputs as tf.Tensor[]);
  const steps = new Intermediates(backend);
  const isSummed = (name: number) => summedDims.includes(name);
  const operands = inputs.map((tensor, i) => {
    const others = idDims.filter((_, j) => j !== i).flat();
    const isAlone = (name: number) => isSummed(name) && !others.includes(name);
    return sumOver(steps, { tensor, names: idDims[i]! }, isAlone);
  });
  const [first, second] = operands;
  const result = second === undefined ? first! : multiply(steps, first!, second, isSummed);
  const order = result.names.map((_, name) => result.names.indexOf(name));
  return steps.finish(steps.transpose(result.tensor, order));
};

/** Sums over axes that neither the result nor the other operand has. */
function sumOver(
  steps: Intermediates,
  { tensor, names }: Named,
  isAlone: (name: number) => boolean,
): Named {
  const axis = names.flatMap((name, i) => (isAlone(name) ? [i] : []));
  if (axis.length === 0) return { tensor, names };
  return {
    tensor: steps.run(tf.Sum, { x: tensor }, { axis, keepDims: false }),
    names: names.filter((name) => !isAlone(name)),
  };
}

function multiply(
  steps: Intermediates,
  a: Named,
  b: Named,
  isSummed: (name: number) => boolean,
): Named {
  const shared = a.names.filter((name) => b.names.includes(name));
  const batch = shared.filter((name) => !isSummed(name));
  const inner = shared.filter(isSummed);
  const rows = a.names.filter((name) => !shared.includes(name));
  const columns = b.names.filter((name) => !shared.includes(name));
  const size = ({ tensor, names }: Named, wanted: number[]) =>
    wanted.map((name) => tensor.shape[names.indexOf(name)]!);
  const dtype = tf.upcastType(a.tensor.dtype, b.tensor.dtype);
  /** (batch, own, inner) */
  const matrix = (operand: Named, own: number[]) => {
    const { tensor, names } = operand;
    const x = tensor.dtype === dtype ? tensor : steps.run(tf.Cast, { x: tensor }, { dtype });
    const perm = [...batch, ...own, ...inner].map((name) => names.indexOf(name));
    const shape = [batch, own, inner].map((group) => tf.util.sizeFromShape(size(operand, group)));
    return steps.reshape(steps.transpose(x, perm), shape);
  };
  const product = steps.run(
    tf.BatchMatMul,
    { a: matrix(a, rows), b: matrix(b, columns) },
    { transposeA: false, transposeB: true },
  );
  return {
    tensor: steps.reshape(product, [...size(a, batch), ...size(a, rows), ...size(b, columns)]),
    names: [...batch, ...rows, ...columns],
  };
}

export const einsumKernel = newKernel(tf.Einsum, compute);
