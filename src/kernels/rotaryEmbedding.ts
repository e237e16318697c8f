import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { requireShape, showShape } from './shapes.ts';

const ROTARY = 'RotaryEmbedding';

export interface RotaryOptions {
  readonly numHeads: number;
  /** Pairs are (2 i, 2 i + 1) as in GPT-J, else (i, i + half) as in Llama. Default: `false`. */
  readonly interleaved?: boolean;
}

/**
 * Rotary position embedding: each pair of a head's columns is turned by the angle of its position,
 * (a, b) -> (a cos - b sin, b cos + a sin).
 *
 * @param x (B, T, H*d), heads side by side
 * @param cos (P, r/2), P >= T: row t is for place t of the sequences. With a cache, pass the rows
 * of the places that x has. The first r columns of each head turn, r even and at most d.
 * @param sin the shape of cos
 * @returns (B, T, H*d)
 * @throws AnyformerError `INVALID_ARGUMENT` when cos and sin do not fit.
 *
 * @example
 * rotaryEmbedding(query, cos, sin, { numHeads: 8 });
 *
 * Source: Su et al., "RoFormer" (2021); as `apply_rotary_pos_emb` of transformers.
 */
export function rotaryEmbedding(
  x: tf.Tensor3D,
  cos: tf.Tensor2D,
  sin: tf.Tensor2D,
  { numHeads, interleaved = false }: RotaryOptions,
): tf.Tensor3D {
  requireShape('rotaryEmbedding', 'x', x, [-1, -1, -1]);
  requireShape('rotaryEmbedding', 'sin', sin, cos.shape);
  const [, T, width] = x.shape;
  const [places, half] = cos.shape;
  if (width % numHeads !== 0 || places < T || 2 * half > width / numHeads) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `rotaryEmbedding: x ${showShape(x.shape)} in ${numHeads} heads does not fit cos ` +
        `${showShape(cos.shape)}; cos needs a row for each of the ${T} places, at most half as ` +
        'many columns as a head has, and numHeads must divide the last axis of x.',
    );
  }
  const settings: Settings = { numHeads, interleaved, inverse: false };
  if (!canRun(ROTARY, x, cos, sin)) return rotaryComposed(x, cos, sin, settings);
  return runKernel<tf.Tensor3D>(ROTARY, { x, cos, sin }, settings);
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function rotaryComposed(
  x: tf.Tensor3D,
  cos: tf.Tensor2D,
  sin: tf.Tensor2D,
  { numHeads, interleaved }: { numHeads: number; interleaved: boolean },
): tf.Tensor3D {
  return tf.tidy(() => {
    const [B, T, width] = x.shape;
    const d = width / numHeads;
    const half = cos.shape[1];
    const heads = tf.reshape(x, [B, T, numHeads, d]);
    const [turned, rest] = tf.split(heads, [2 * half, d - 2 * half], 3) as [tf.Tensor, tf.Tensor];
    // Both kinds of pair as an axis of two: (B, T, H, half, 2) or (B, T, H, 2, half).
    const axis = interleaved ? 4 : 3;
    const pairShape = interleaved ? [half, 2] : [2, half];
    const pairs = tf.reshape(turned, [B, T, numHeads, ...pairShape]);
    const [a, b] = tf.unstack(pairs, axis) as [tf.Tensor, tf.Tensor]; // (B, T, H, half)
    const [c, s] = [cos, sin].map((table) =>
      tf.reshape(tf.slice(table, [0, 0], [T, half]), [1, T, 1, half]),
    ) as [tf.Tensor, tf.Tensor];
    const first = tf.sub(tf.mul(a, c), tf.mul(b, s));
    const second = tf.add(tf.mul(b, c), tf.mul(a, s));
    const joined = tf.reshape(tf.stack([first, second], axis), turned.shape);
    return tf.reshape(tf.concat([joined, rest], 3), x.shape);
  });
}

type Settings = { numHeads: number; interleaved: boolean; inverse: boolean };

const forward: Compute<{ x: tf.TensorInfo; cos: tf.TensorInfo; sin: tf.TensorInfo }, Settings> = ({
  inputs,
  attrs,
  backend,
}) => {
  const { x, cos, sin } = inputs;
  const [B, T, width] = x.shape as [number, number, number];
  const y = backend.output(x.shape, 'float32');
  const [from, to, cosines, sines] = [x, y, cos, sin].map((tensor) => backend.pointer(tensor));
  const heads = [attrs.numHeads, width / attrs.numHeads, 2 * cos.shape[1]!];
  const flags = [Number(attrs.interleaved), Number(attrs.inverse)];
  const places = 0; // row mod T
  runRange(
    backend,
    'f32_rotary',
    [from!, width, to!, width, cosines!, sines!, places, T, ...heads, ...flags],
    B * T,
    { unitWork: width / 2 },
  );
  return y;
};

export const rotaryEmbeddingKernel = newKernel(ROTARY, forward, {
  inputsToSave: ['cos', 'sin'],
  gradFunc: (dy, saved, attrs) => {
    const [cos, sin] = saved as [tf.Tensor, tf.Tensor];
    const settings = { ...(attrs as Settings), inverse: !attrs.inverse };
    const constant = () => {
      throw new AnyformerError(
        'UNSUPPORTED',
        'rotaryEmbedding: cos and sin are tables of constants and have no gradient.',
      );
    };
    return {
      // A rotation's transpose is the rotation back.
      x: () => runKernel<tf.Tensor>(ROTARY, { x: dy as tf.Tensor, cos, sin }, settings),
      cos: constant,
      sin: constant,
    };
  },
});
