import type * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { runRange } from './run.ts';

/** A norm is what it has the weights of: without beta it is the RMS norm. */
export interface NormTensors {
  /** (D) */
  readonly gamma: tf.TensorInfo;
  /** (D) */
  readonly beta?: tf.TensorInfo | undefined;
  readonly epsilon: number;
}

/** Where the tensors of a norm stand: (rows, D). */
export interface NormAddresses {
  readonly x: number;
  /** Added to x. */
  readonly residual?: number;
  /** Receives x + residual; may be one of them. */
  readonly sum?: number;
  readonly y: number;
  /** (rows, 2), or (rows, 1) of the RMS norm: receives what the gradient needs. */
  readonly stats: number;
}

/** The norm of each of `rows` rows of x, or of x + residual, from address to address. */
export function runNorm(
  backend: AnyformerBackend,
  rows: number,
  { gamma, beta, epsilon }: NormTensors,
  { x, residual = 0, sum = 0, y, stats }: NormAddresses,
): void {
  const D = gamma.shape[0]!;
  const shift = beta ? [backend.pointer(beta)] : [];
  runRange(
    backend,
    beta ? 'f32_layerNorm' : 'f32_rmsNorm',
    [x, residual, sum, backend.pointer(gamma), ...shift, y, stats, D, epsilon],
    rows,
    { unitWork: D },
  );
}
