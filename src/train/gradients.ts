import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../core/errors.ts';
import { backpropagate } from '../kernels/backpropagate.ts';
import { recordTape } from '../kernels/recordTape.ts';
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
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for a loss that is no scalar, has a bad weight, or
 *   depends on no variable.
 */
export function batchGradients(
  variables: ReadonlyMap<string, tf.Variable>,
  computeLoss: () => BatchLoss,
): BatchGradients {
  const trainable = [...variables].filter(([, variable]) => variable.trainable);
  let weight = 0;
  const [loss, ...tensors] = tf.tidy(() => {
    const { result, tape } = recordTape(() => {
      const { loss, weight: batchWeight } = computeLoss();
      weight = checkWeight(batchWeight);
      return { loss: checkScalar(loss), dy: tf.onesLike(loss) };
    });
    const variables = trainable.map(([, variable]) => variable);
    return [result.loss, ...backpropagate(tape, [[result.loss, result.dy]], variables)];
  });
  const gradients = new Map<string, tf.Tensor>();
  for (const [i, [name]] of trainable.entries()) {
    const gradient = tensors[i];
    if (gradient) gradients.set(name, gradient);
  }
  const value = loss!.dataSync()[0]!;
  loss!.dispose();
  if (gradients.size === 0) throw unconnected(trainable.length);
  return { loss: value, weight, gradients };
}

function checkScalar(loss: tf.Scalar): tf.Scalar {
  if (loss.rank === 0) return loss;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `The loss of a batch must be a scalar, received shape (${loss.shape.join(', ')}); return its mean.`,
  );
}

function checkWeight(weight: number): number {
  if (Number.isFinite(weight) && weight >= 0) return weight;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `The weight of a batch's loss must be a finite number of at least 0, received ${show(weight)}; return what the mean was divided by, such as the number of examples.`,
  );
}

function unconnected(count: number): AnyformerError {
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `The loss depends on none of the ${count} trainable variables; compute it from them, with operations of tfjs, inside of loss().`,
  );
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
