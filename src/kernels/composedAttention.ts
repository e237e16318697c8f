import * as tf from '@tensorflow/tfjs-core';
import { dropoutMask } from './dropoutMask.ts';

/** What attention is made of, checked and with its defaults filled in. */
export interface AttentionInputs {
  readonly query: tf.Tensor3D;
  readonly key: tf.Tensor3D;
  readonly value: tf.Tensor3D;
  readonly mask: tf.Tensor2D | undefined;
  readonly bias: tf.Tensor4D | undefined;
}

export interface AttentionSettings {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly causal: boolean;
  readonly dropout: number;
  readonly seed: number;
  readonly scale: number;
}

/** Low enough that e to it is exactly 0, and no NaN where a whole row has it. */
const MASKED = -1e30;

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
      scores = tf.where(allowed, scores, MASKED);
    }
    let weights: tf.Tensor = tf.softmax(scores);
    // A query that may attend to nothing gets zeros, not the mean of what is hidden from it.
    if (allowed !== undefined) weights = tf.mul(weights, tf.cast(allowed, 'float32'));

    let dropped = weights;
    if (dropout > 0) {
      const kept = dropoutMask([B * numHeads, queryLength, keyLength], dropout, seed);
      dropped = tf.mul(weights, tf.reshape(kept, weights.shape));
    }
    const heads = tf.matMul(dropped, v); // (B, H, Tq, d)
    const merged = tf.transpose(heads, [0, 2, 1, 3]); // (B, Tq, H, d)
    const output = tf.reshape(merged, query.shape) as tf.Tensor3D; // (B, Tq, H*d)
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
  const [B, heads, T, d] = x.shape;
  const repeated = tf.tile(tf.reshape(x, [B, heads, 1, T, d]), [1, 1, groups, 1, 1]);
  return tf.reshape(repeated, [B, heads * groups, T, d]);
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
