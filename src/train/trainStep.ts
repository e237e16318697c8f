import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import { mixSeeds, SeedStream } from '../core/random.ts';
import { sumOfSquares } from '../kernels/sumOfSquares.ts';
import { batchGradients, clipFactor, GradientAccumulator } from './gradients.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { Pacer } from './pacer.ts';
import type { IndexBatch, Trainable, TrainingData } from './trainable.ts';
import type { ResolvedTrainingOptions } from './trainingOptions.ts';

/** So that dropout and shuffling draw different numbers from one seed. */
const DROPOUT_SALT = 1;

/** What an update needs of its run. */
export interface StepContext<Batch> {
  readonly model: Trainable<Batch>;
  readonly data: TrainingData<Batch>;
  readonly optimizer: Optimizer;
  readonly options: ResolvedTrainingOptions;
  readonly pacer: Pacer;
}

export interface StepResult {
  readonly loss: number;
  /** The global norm of the gradient before clipping. */
  readonly gradNorm: number;
  readonly tokens: number;
}

/**
 * One update: the gradients of one or several batches, clipped, given to the optimizer.
 * Whatever is thrown, the weights are either those of before or, when nothing is, those of after.
 *
 * @param step the number of updates done before.
 */
export async function trainStep<Batch>(
  context: StepContext<Batch>,
  batches: readonly IndexBatch[],
  step: number,
  learningRate: number,
): Promise<StepResult> {
  const { model, optimizer, options } = context;
  const accumulator = new GradientAccumulator();
  try {
    let tokens = 0;
    for (const [i, indices] of batches.entries()) {
      if (i > 0) await context.pacer.breathe();
      throwIfAborted(options.signal, 'Training');
      tokens += await accumulate(context, accumulator, indices, step, i, learningRate);
    }
    if (accumulator.weight === 0) throw emptyStep(step);
    const gradNorm = accumulator.norm();
    if (!Number.isFinite(gradNorm)) {
      throw nonFinite('norm of the gradient', gradNorm, step, learningRate);
    }
    const gradientScale = clipFactor(gradNorm, options.maxGradNorm) / accumulator.divisor;
    optimizer.step(model.variables, accumulator.gradients, { learningRate, gradientScale });
    return { loss: accumulator.loss, gradNorm, tokens };
  } finally {
    accumulator.dispose();
  }
}

/** Adds the gradients of one batch and returns its number of tokens. */
async function accumulate<Batch>(
  { model, data, options }: StepContext<Batch>,
  accumulator: GradientAccumulator,
  indices: IndexBatch,
  step: number,
  position: number,
  learningRate: number,
): Promise<number> {
  const { batch, tokens } = await data.collate(indices);
  try {
    const pass = step * options.gradientAccumulationSteps + position;
    const seed = mixSeeds(mixSeeds(options.seed, DROPOUT_SALT), pass);
    const { labelSmoothingFactor, classWeight, gradientCheckpointing } = options;
    const result = batchGradients(model.variables, () =>
      model.loss(batch, {
        training: true,
        seeds: new SeedStream(seed),
        labelSmoothingFactor,
        classWeight,
        gradientCheckpointing,
      }),
    );
    // A batch that counts nothing may well have the mean 0 / 0.
    if (!Number.isFinite(result.loss) && result.weight > 0) {
      tf.dispose([...result.gradients.values()]);
      throw nonFinite('loss', result.loss, step, learningRate);
    }
    accumulator.add(result);
    return tokens;
  } finally {
    tf.dispose(batch as tf.TensorContainer);
  }
}

function nonFinite(
  what: string,
  value: number,
  step: number,
  learningRate: number,
): AnyformerError {
  return new AnyformerError(
    'NON_FINITE_LOSS',
    `The ${what} became ${value} at step ${step + 1} (learning rate ${learningRate}); the weights are those after step ${step}, and a checkpoint written before stands. Lower learningRate, add warmupSteps, or look for non-finite values in the data.`,
  );
}

function emptyStep(step: number): AnyformerError {
  return new AnyformerError(
    'INVALID_DATA',
    `Nothing in the batches of step ${step + 1} counts in the loss (their weight is 0); leave out examples without a label, or make batchSize larger.`,
  );
}

/**
 * Refuses weights that are not finite: an update can overflow though its gradient did not.
 * @throws AnyformerError `NON_FINITE_LOSS`.
 */
export function checkWeights(variables: ReadonlyMap<string, tf.Variable>, step: number): void {
  for (const [name, variable] of variables) {
    if (Number.isFinite(sumOfSquares(variable))) continue;
    throw new AnyformerError(
      'NON_FINITE_LOSS',
      `The weights '${name}' are no longer finite after step ${step}; no checkpoint is made of them. Lower learningRate and train anew, or from the last checkpoint's model.`,
    );
  }
}
