import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../core/errors.ts';
import { sumOfSquares } from '../kernels/sumOfSquares.ts';
import type { BatchLoss } from './trainable.ts';

/** The gradients of one batch, by the variable's saved name; the receiver disposes of them. */
export interface BatchGradients {
  readonly loss: number;
  readonly weight: number;
  readonly gradients: Map<string, tf.Tensor>;
}

/**
 * Computes a batch's loss and its gradients. A variable that the loss does not depend on has none,
 * and so is not updated, as in PyTorch.
 */
export function batchGradients(
  variables: ReadonlyMap<string, tf.Variable>,
  computeLoss: () => BatchLoss,
): BatchGradients {
  const trainable = [...variables].filter(([, variable]) => variable.trainable);
  let weight = 0;
  try {
    const { value, grads } = tf.tidy(() =>
      tf.variableGrads(
        () => {
          const result = computeLoss();
          weight = checkWeight(result.weight);
          return result.loss;
        },
        trainable.map(([, variable]) => variable),
      ),
    );
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, variable] of trainable) {
      const gradient = grads[variable.name];
      if (gradient) gradients.set(name, gradient);
    }
    const loss = value.dataSync()[0]!;
    value.dispose();
    return { loss, weight, gradients };
  } catch (error) {
    dropTape();
    throw error;
  }
}

function checkWeight(weight: number): number {
  if (Number.isFinite(weight) && weight >= 0) return weight;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `The weight of a batch's loss must be a finite number of at least 0, received ${show(weight)}; return what the mean was divided by, such as the number of examples.`,
  );
}

/** tfjs keeps what the operations saved for their gradients when one of them throws. */
function dropTape(): void {
  const { state } = tf.engine();
  for (const node of state.activeTape ?? []) {
    for (const tensor of node.saved ?? []) tensor.dispose();
  }
  state.activeTape = [];
}

/**
 * Sums the gradients of several batches so that their mean is that of one big batch:
 * `sum(weight_i * gradient_i) / sum(weight_i)`.
 *
 * Weights are taken relative to the first batch, and the division is left to the optimizer's
 * `gradientScale`, so a single batch passes through untouched, bit for bit.
 */
export class GradientAccumulator {
  readonly gradients = new Map<string, tf.Tensor>();
  #firstWeight = 0;
  #weight = 0;
  #weightedLoss = 0;

  /** Takes over the gradients. */
  add({ loss, weight, gradients }: BatchGradients): void {
    if (weight === 0) {
      tf.dispose([...gradients.values()]);
      return;
    }
    this.#firstWeight ||= weight;
    this.#weight += weight;
    this.#weightedLoss += weight * loss;
    const factor = weight / this.#firstWeight;
    for (const [name, gradient] of gradients) this.#addOne(name, gradient, factor);
  }

  #addOne(name: string, gradient: tf.Tensor, factor: number): void {
    const sum = this.gradients.get(name);
    if (!sum && factor === 1) {
      this.gradients.set(name, gradient);
      return;
    }
    const total = tf.tidy(() => {
      const weighted = factor === 1 ? gradient : tf.mul(gradient, factor);
      return sum ? tf.add(sum, weighted) : weighted;
    });
    tf.dispose(sum ? [sum, gradient] : gradient);
    this.gradients.set(name, total);
  }

  /** The summed weight of the batches. */
  get weight(): number {
    return this.#weight;
  }

  /** The mean loss. */
  get loss(): number {
    return this.#weightedLoss / this.#weight;
  }

  /** What the summed gradients are to be divided by. */
  get divisor(): number {
    return this.#weight / this.#firstWeight;
  }

  /** The global norm of the mean gradient, `sqrt(sum of all squares)`. */
  norm(): number {
    let sum = 0;
    for (const gradient of this.gradients.values()) sum += sumOfSquares(gradient);
    return Math.sqrt(sum) / this.divisor;
  }

  dispose(): void {
    tf.dispose([...this.gradients.values()]);
    this.gradients.clear();
  }
}

/** So that a norm of 0 divides: PyTorch's. */
const NORM_EPSILON = 1e-6;

/**
 * The factor on all gradients that holds their global norm at `maxNorm`:
 * `min(1, maxNorm / (norm + 1e-6))`; 0 clips nothing.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 */
export function clipFactor(norm: number, maxNorm: number): number {
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + NORM_EPSILON));
}
