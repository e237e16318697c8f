import * as tf from '@tensorflow/tfjs-core';
import { type NamedInputs, type Outputs, recompute } from '../kernels/recompute.ts';
import type { ForwardContext } from './forwardContext.ts';

/**
 * block(inputs), for the like parts that a model is made of: what it makes on the way is freed.
 * With `gradientCheckpointing` nothing but the inputs is kept for the gradient, by {@link recompute},
 * which says what else the block may use.
 *
 * @example
 * for (const weights of layers) x = runBlock(context, ({ x }) => block(x, weights, context), { x });
 */
export function runBlock<I extends NamedInputs, O extends Outputs>(
  { seeds, gradientCheckpointing }: ForwardContext,
  block: (inputs: I) => O,
  inputs: I,
): O {
  if (!gradientCheckpointing) return tf.tidy(() => block(inputs));
  const { position } = seeds;
  return recompute((kept) => {
    // Run again, it has to drop the same.
    seeds.position = position;
    return block(kept);
  }, inputs);
}
