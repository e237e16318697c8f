import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../../src/core/random.ts';
import { expectNumbersClose, RandomTensors } from '../support/tensors.ts';

/** A model or a layer: how it computes, and what it is differentiated by. */
export interface Differentiable {
  readonly compute: () => tf.Tensor | tf.Tensor[];
  readonly variables: readonly tf.Variable[];
  readonly dispose?: () => void;
}

/** Moves weights away from their start, so that zeros and ones hide nothing. */
export function stir(variables: Iterable<tf.Variable>, seed: number, range = 0.3): void {
  const random = new Random(seed);
  for (const variable of variables) {
    const values = variable.dataSync().map((x) => x + range * random.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

/** The outputs, and the gradients of a sum in which each of their numbers counts differently. */
async function evaluate(backend: 'wasm' | 'cpu', make: () => Differentiable, seed: number) {
  await tf.setBackend(backend);
  const { compute, variables, dispose } = make();
  try {
    return tf.tidy(() => {
      const outputs = [compute()].flat();
      const loss = () => {
        const sums = [compute()].flat().map((y, i) => {
          return tf.sum(tf.mul(y, new RandomTensors(seed + i).symmetric(y.shape)));
        });
        return tf.addN(sums) as tf.Scalar;
      };
      const { grads } = tf.variableGrads(loss, [...variables]);
      const gradients = variables.map((variable) => grads[variable.name]!);
      return [...outputs, ...gradients].map((x) => ({
        shape: x.shape,
        values: x.dataSync().slice(),
      }));
    });
  } finally {
    dispose?.();
  }
}

/**
 * Runs a layer or model on our backend and on tfjs's cpu backend, where it is composed of operations
 * of tfjs: outputs and gradients must agree.
 *
 * @param make gives the same numbers each time.
 */
export async function expectSameAsComposed(
  make: () => Differentiable,
  { seed = 1, tolerance = 2e-4 } = {},
): Promise<void> {
  const actual = await evaluate('wasm', make, seed);
  const expected = await evaluate('cpu', make, seed);
  for (const [i, { shape, values }] of expected.entries()) {
    if (String(actual[i]!.shape) !== String(shape)) {
      throw new Error(`result ${i} has the shape ${actual[i]!.shape}, composed ${shape}`);
    }
    expectNumbersClose(actual[i]!.values, values, tolerance);
  }
}
