import * as tf from '@tensorflow/tfjs-core';

/** The sizes of a batched product, and how its batch axes are broadcast. */
export interface MatrixShapes {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** Of the output, and of the operands with as many axes, 1 where they are broadcast. */
  readonly batchShape: number[];
  readonly batchA: number[];
  readonly batchB: number[];
}

/** Reads and checks the shapes of matMul's operands, with the messages of tfjs. */
export function matrixShapes(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): MatrixShapes {
  tf.util.assert(
    a.shape.length >= 2 && b.shape.length >= 2,
    () =>
      `Error in matMul: both operands must have 2 axes or more, got shapes [${a.shape}] and ` +
      `[${b.shape}].`,
  );
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [M, K] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [innerB, N] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  tf.util.assert(
    K === innerB,
    () =>
      `Error in matMul: inner shapes (${K}) and (${innerB}) of Tensors with shapes ${a.shape} ` +
      `and ${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const outerA = a.shape.slice(0, -2);
  const outerB = b.shape.slice(0, -2);
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const ones = (outer: number[]) => Array(batchShape.length - outer.length).fill(1);
  return {
    M,
    N,
    K,
    batchShape,
    batchA: [...ones(outerA), ...outerA],
    batchB: [...ones(outerB), ...outerB],
  };
}

/** For each matrix of the output, which matrix of an operand it is made from. */
export function operandIndices(batchShape: number[], operand: number[]): number[] {
  let indices = [0];
  let size = 1;
  for (let axis = batchShape.length - 1; axis >= 0; axis--) {
    const step = operand[axis] === 1 ? 0 : size;
    const inner = indices;
    indices = [];
    for (let i = 0; i < batchShape[axis]!; i++) {
      for (const index of inner) indices.push(index + i * step);
    }
    size *= operand[axis]!;
  }
  return indices;
}
