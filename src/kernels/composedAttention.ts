import * as tf from '@tensorflow/tfjs-core';
import type { AttentionInputs, AttentionSettings } from './attentionSizes.ts';
import { dropoutMask } from './dropoutMask.ts';

/**
 * Scaled-dot-product attention from operations of tfjs, with the weights it forms: for backends
 * without our kernel, and to check it against.
 */
export function composedAttention(
  { query, key, value, mask, bias }: AttentionInputs,
  { numHeads, numKeyValueHeads, causal, dropout, seed, scale }: AttentionSettings,
): { output: tf.Tensor3D; weights: tf.Tensor4D } {
  return tf.tidy(() => {
    const [B, queryLength] = query.shape;
    const keyLength = key.shape[1];
    const groups = numHeads / numKeyValueHeads;
    const q = splitHeads(query, numHeads); // (B, H, Tq, d)
    const k = repeatHeads(splitHeads(key, numKeyValueHeads), groups); // (B, H, Tk, d)
    const v = repeatHeads(splitHeads(value, numKeyValueHeads), groups); // (B, H, Tk, d)

    let scores: tf.Tensor = tf.mul(tf.matMul(q, k, false, true), scale); // (B, H, Tq, Tk)
    if (bias !== undefined) scores = tf.add(scores, bias);
    const allowed = allowedPairs(mask, causal, B, queryLength, keyLength);
    if (allowed !== undefined) {
      // Where a query may attend to nothing, all -Infinity would give NaN.
      const hidden = tf.where(tf.any(allowed, 3, true), Number.NEGATIVE_INFINITY, 0);
      scores = tf.where(allowed, scores, hidden);
    }
    let weights: tf.Tensor = tf.softmax(scores);
    // A query that may attend to nothing gets zeros, not the mean of what is hidden from it.
    if (allowed !== undefined) weights = tf.mul(weights, tf.cast(allowed, 'float32'));

    const heads = tf.matMul(dropWeights(weights, dropout, seed), v); // (B, H, Tq, d)
    const merged = tf.transpose(heads, [0, 2, 1, 3]); // (B, Tq, H, d)
    const output = tf.reshape(merged, [B, queryLength, -1]) as tf.Tensor3D; // (B, Tq, H*d)
    return { output, weights: weights as tf.Tensor4D };
  });
}

/** (B, T, H*d) -> (B, H, T, d) */
function splitHeads(x: tf.Tensor3D, heads: number): tf.Tensor4D {
  const [B, T, D] = x.shape;
  return tf.transpose(tf.reshape(x, [B, T, heads, D / heads]), [0, 2, 1, 3]);
}

/** (B, Hkv, T, d) -> (B, Hkv*groups, T, d), each head `groups` times in a row. */
function repeatHeads(x: tf.Tensor4D, groups: number): tf.Tensor4D {
  if (groups === 1) return x;
  const heads = Array.from({ length: x.shape[1] * groups }, (_, head) => Math.floor(head / groups));
  return tf.gather(x, tf.tensor1d(heads, 'int32'), 1) as tf.Tensor4D;
}

/** (B, H, Tq, Tk): weights, or what reaches them on the way back, through dropout. */
function dropWeights(weights: tf.Tensor, dropout: number, seed: number): tf.Tensor {
  if (dropout === 0) return weights;
  const [B, numHeads, queryLength, keyLength] = weights.shape as [number, number, number, number];
  const kept = dropoutMask([B * numHeads, queryLength, keyLength], dropout, seed);
  return tf.mul(weights, tf.reshape(kept, weights.shape));
}

/** Which key each query may see, (B or 1, 1, Tq or 1, Tk) bool; undefined where it may see all. */
function allowedPairs(
  mask: tf.Tensor2D | undefined,
  causal: boolean,
  B: number,
  queryLength: number,
  keyLength: number,
): tf.Tensor4D | undefined {
  const attended = mask && tf.reshape(tf.notEqual(mask, tf.zerosLike(mask)), [B, 1, 1, keyLength]);
  if (!causal) return attended as tf.Tensor4D | undefined;
  // The last query sees the last key: with a cache, queries are the last of the sequence.
  const keys = tf.reshape(tf.range(0, keyLength, 1, 'int32'), [1, 1, 1, keyLength]);
  const offset = keyLength - queryLength;
  const last = tf.reshape(tf.range(offset, keyLength, 1, 'int32'), [1, 1, queryLength, 1]);
  const past = tf.lessEqual(keys, last);
  return (attended ? tf.logicalAnd(attended, past) : past) as tf.Tensor4D;
}

/**
 * The gradient to the bias: P (dropout(dO Vᵀ) - rowSum(O dO)), summed where the bias is repeated.
 * Ours to write out: on the way back tfjs cannot differentiate anew.
 */
export function biasGradient(
  inputs: AttentionInputs & { readonly bias: tf.Tensor4D },
  settings: AttentionSettings,
  dy: tf.Tensor3D,
): tf.Tensor4D {
  return tf.tidy(() => {
    const { numHeads, numKeyValueHeads, dropout, seed } = settings;
    const { output, weights } = composedAttention(inputs, settings);
    const values = splitHeads(inputs.value, numKeyValueHeads);
    const v = repeatHeads(values, numHeads / numKeyValueHeads); // (B, H, Tk, d)
    const doutput = splitHeads(dy, numHeads); // (B, H, Tq, d)
    const dweights = dropWeights(tf.matMul(doutput, v, false, true), dropout, seed);
    const delta = tf.sum(tf.mul(doutput, splitHeads(output, numHeads)), 3, true);
    const dscores = tf.mul(weights, tf.sub(dweights, delta)); // (B, H, Tq, Tk)
    const { shape } = inputs.bias;
    const repeated = [0, 1, 2].filter((axis) => shape[axis] === 1);
    return (repeated.length > 0 ? tf.sum(dscores, repeated, true) : dscores) as tf.Tensor4D;
  });
}
