import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { requireShape, showShape } from './shapes.ts';

const ROTARY = 'RotaryEmbedding';
/** The same kernel with a position for each place: its gradient needs them saved too. */
const ROTARY_AT_POSITIONS = 'RotaryEmbeddingAtPositions';

export interface RotaryOptions {
  readonly numHeads: number;
  /** Pairs are (2 i, 2 i + 1) as in GPT-J, else (i, i + half) as in Llama. Default: `false`. */
  readonly interleaved?: boolean;
  /** (B, T) int32, the row of cos and sin for each place. Default: place t has row t. */
  readonly positions?: tf.Tensor2D | undefined;
}

/**
 * Rotary position embedding: each pair of a head's columns is turned by the angle of its position,
 * (a, b) -> (a cos - b sin, b cos + a sin).
 *
 * @param x (B, T, H*d), heads side by side
 * @param cos (P, r/2): a row for each position, P >= T where no positions are given. The first r
 * columns of each head turn, r even and at most d.
 * @param sin the shape of cos
 * @returns (B, T, H*d)
 * @throws AnyformerError `INVALID_ARGUMENT` when cos and sin do not fit, or a position has no row.
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
  { numHeads, interleaved = false, positions }: RotaryOptions,
): tf.Tensor3D {
  requireShape('rotaryEmbedding', 'x', x, [-1, -1, -1]);
  requireShape('rotaryEmbedding', 'sin', sin, cos.shape);
  const [B, T, width] = x.shape;
  const [rows, half] = cos.shape;
  if (positions) requireShape('rotaryEmbedding', 'positions', positions, [B, T]);
  if (width % numHeads !== 0 || (!positions && rows < T) || 2 * half > width / numHeads) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `rotaryEmbedding: x ${showShape(x.shape)} in ${numHeads} heads does not fit cos ` +
        `${showShape(cos.shape)}; cos needs a row for each of the ${T} places, at most half as ` +
        'many columns as a head has, and numHeads must divide the last axis of x.',
    );
  }
  const settings: Settings = { numHeads, interleaved, inverse: false };
  return tf.tidy(() => {
    const places = positions && tf.cast(positions, 'int32');
    if (places) checkPositions(places.dataSync(), rows);
    if (!canRun(ROTARY, x, cos, sin)) return rotaryComposed(x, cos, sin, settings, places);
    if (!places) return runKernel<tf.Tensor3D>(ROTARY, { x, cos, sin }, settings);
    return runKernel<tf.Tensor3D>(ROTARY_AT_POSITIONS, { x, cos, sin, places }, settings);
  });
}

function checkPositions(positions: ArrayLike<number>, rows: number): void {
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!;
    if (position >= 0 && position < rows) continue;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `rotaryEmbedding: position ${position} has no row in cos; positions go from 0 to ${rows - 1}.`,
    );
  }
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function rotaryComposed(
  x: tf.Tensor3D,
  cos: tf.Tensor2D,
  sin: tf.Tensor2D,
  { numHeads, interleaved }: { numHeads: number; interleaved: boolean },
  places?: tf.Tensor2D,
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
      places
        ? tf.reshape(tf.gather(table, places), [B, T, 1, half])
        : tf.reshape(tf.slice(table, [0, 0], [T, half]), [1, T, 1, half]),
    ) as [tf.Tensor, tf.Tensor];
    const first = tf.sub(tf.mul(a, c), tf.mul(b, s));
    const second = tf.add(tf.mul(b, c), tf.mul(a, s));
    const joined = tf.reshape(tf.stack([first, second], axis), turned.shape);
    return tf.reshape(tf.concat([joined, rest], 3), x.shape);
  });
}

type Settings = { numHeads: number; interleaved: boolean; inverse: boolean };

type Inputs = Readonly<Record<'x' | 'cos' | 'sin', tf.TensorInfo>> & { places?: tf.TensorInfo };

const forward: Compute<Inputs, Settings> = ({ inputs, attrs, backend }) => {
  const { x, cos, sin } = inputs;
  const [B, T, width] = x.shape as [number, number, number];
  const y = backend.output(x.shape, 'float32');
  const [from, to, cosines, sines] = [x, y, cos, sin].map((tensor) => backend.pointer(tensor));
  const heads = [attrs.numHeads, width / attrs.numHeads, 2 * cos.shape[1]!];
  const flags = [Number(attrs.interleaved), Number(attrs.inverse)];
  const places = inputs.places ? backend.pointer(inputs.places) : 0; // 0: row mod T
  runRange(
    backend,
    'f32_rotary',
    [from!, width, to!, width, cosines!, sines!, places, T, ...heads, ...flags],
    B * T,
    { unitWork: width / 2 },
  );
  return y;
};

/** A rotation's transpose is the rotation back. */
const gradFunc =
  (kernelName: string): tf.GradFunc =>
  (gradient, saved, attrs) => {
    const [cos, sin, places] = saved as [tf.Tensor, tf.Tensor, tf.Tensor?];
    const dy = gradient as tf.Tensor;
    const inputs = places ? { x: dy, cos, sin, places } : { x: dy, cos, sin };
    const settings = { ...(attrs as Settings), inverse: !attrs.inverse };
    const constant = () => {
      throw new AnyformerError(
        'UNSUPPORTED',
        'rotaryEmbedding: cos and sin are tables of constants and have no gradient.',
      );
    };
    return {
      x: () => runKernel<tf.Tensor>(kernelName, inputs, settings),
      cos: constant,
      sin: constant,
      ...(places && { places: () => tf.zeros(places.shape) }),
    };
  };

export const rotaryEmbeddingKernels = [
  newKernel(ROTARY, forward, { inputsToSave: ['cos', 'sin'], gradFunc: gradFunc(ROTARY) }),
  newKernel(ROTARY_AT_POSITIONS, forward, {
    inputsToSave: ['cos', 'sin', 'places'],
    gradFunc: gradFunc(ROTARY_AT_POSITIONS),
  }),
];
