import type * as tf from '@tensorflow/tfjs-core';
import type { SeedStream } from '../core/random.ts';
import { dropout } from '../kernels/dropout.ts';

/** How a forward pass is run: dropout acts while training, and draws its masks from the seeds. */
export interface ForwardContext {
  readonly training: boolean;
  readonly seeds: SeedStream;
  /** Whether blocks keep only their inputs, and run again for their gradients. Default: false. */
  readonly gradientCheckpointing?: boolean;
}

/** x with `rate` of its elements set to 0 and the rest scaled up by 1 / (1 - rate), in training. */
export function dropWhileTraining<T extends tf.Tensor>(
  x: T,
  rate: number,
  context: ForwardContext,
): T {
  return context.training && rate > 0 ? dropout(x, rate, context.seeds.next()) : x;
}
