import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy } from '../kernels/softmaxCrossEntropy.ts';

/** The target of places that do not count. */
export const IGNORED = -100;

export interface LanguageModelLoss {
  /** Scalar: the mean over the tokens that count; 0 where none does. */
  readonly loss: tf.Scalar;
  /** How many tokens count. */
  readonly tokens: number;
}

/**
 * The loss of a language model: the mean of -log p(target) over the places that count.
 *
 * @param logits (B, T, V)
 * @param targets (B, T) int32, the token that follows each place; -100 = it does not count.
 * @param labelSmoothing moves each target towards the even distribution. Default: 0.
 * @throws AnyformerError `INVALID_ARGUMENT` for a target that is no token.
 *
 * @example
 * const { loss } = causalLanguageModelLoss(logits, nextTokens(labels));
 *
 * Source: the loss of `AutoModelForCausalLM`, with the labels already moved.
 */
export function causalLanguageModelLoss(
  logits: tf.Tensor3D,
  targets: tf.Tensor2D,
  labelSmoothing = 0,
): LanguageModelLoss {
  const [batch, steps, vocabulary] = logits.shape;
  const rows = tf.reshape(logits, [batch * steps, vocabulary]) as tf.Tensor2D; // (B*T, V)
  const losses = softmaxCrossEntropy(rows, tf.reshape(targets, [batch * steps]) as tf.Tensor1D, {
    labelSmoothing,
    ignoreIndex: IGNORED,
  });
  let tokens = 0;
  for (const target of targets.dataSync()) if (target !== IGNORED) tokens++;
  return { loss: tf.div(tf.sum(losses), Math.max(1, tokens)) as tf.Scalar, tokens };
}

/**
 * The targets of `labels` as Hugging Face has them, where place t holds token t: each place gets the
 * label that follows it, and the last one of a sequence does not count.
 *
 * @param labels (B, T) int32, -100 = does not count.
 * @returns (B, T)
 */
export function nextTokens(labels: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const [batch, steps] = labels.shape;
    const following = tf.slice(labels, [0, 1], [batch, steps - 1]); // (B, T - 1)
    return tf.concat([following, tf.fill([batch, 1], IGNORED, 'int32')], 1) as tf.Tensor2D;
  });
}
