import type * as tf from '@tensorflow/tfjs-core';
import { engineBackend } from './engineBackend.ts';
import { runRange } from './run.ts';

/**
 * The sum of the squares of a tensor, in float64: of all gradients together it is the square of
 * the global norm. Off the tape.
 *
 * @param x any shape
 *
 * @example
 * const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + sumOfSquares(gradient), 0));
 *
 * Source: `torch.nn.utils.clip_grad_norm_`.
 */
export function sumOfSquares(x: tf.Tensor): number {
  const backend = engineBackend();
  if (backend === undefined || x.dtype !== 'float32') {
    return (x.dataSync() as Float32Array).reduce((sum, value) => sum + value * value, 0);
  }
  const chunks = backend.native.f32_sumOfSquaresChunks!(x.size);
  const partials = backend.heap.scratch(8 * chunks);
  runRange(backend, 'f32_sumOfSquares', [backend.pointer(x), partials, x.size], chunks, {
    unitWork: x.size / (4 * chunks),
  });
  return backend.native.f64_sum!(partials, chunks);
}
