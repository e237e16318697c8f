import type * as tf from '@tensorflow/tfjs-core';
import type { SeedStream } from '../core/random.ts';

/** What a loss is computed under. */
export interface LossContext {
  /** Whether dropout and the like are on. */
  readonly training: boolean;
  /** The seeds of this pass: the same pass of the same run draws the same masks. */
  readonly seeds: SeedStream;
  /** The options `labelSmoothingFactor` and `classWeight`, which only the loss can apply. */
  readonly labelSmoothingFactor: number;
  readonly classWeight: Readonly<Record<string, number>> | undefined;
  /** The option: whether blocks are to be run again in the backward pass. */
  readonly gradientCheckpointing: boolean;
}

/** The mean loss over a batch, and what it was averaged over. */
export interface BatchLoss {
  /** Scalar, on the tape. */
  readonly loss: tf.Scalar;
  /**
   * The divisor of the mean: the number of examples, of tokens that count, or the sum of their
   * class weights. Accumulated batches are weighted by it, which makes them equal to one big batch.
   * 0 leaves the batch out.
   */
  readonly weight: number;
}

/** What the training loop can train: variables, and a loss over a batch that depends on them. */
export interface Trainable<Batch> {
  /** By saved name, in fixed order. One variable stands under one name; frozen ones are left alone. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** Called inside `tf.tidy`: what it creates is freed. It must not be async. */
  loss(batch: Batch, context: LossContext): BatchLoss;
  /** Whether `loss` honours the option `gradientCheckpointing`, which is refused otherwise. */
  readonly supportsGradientCheckpointing?: boolean;
  /** Which weights decay. Default: {@link decaysByDefault}. */
  decays?(name: string): boolean;
}

/** What an epoch's batches may depend on; the same plan must give the same batches. */
export interface EpochPlan {
  /** From 0. */
  readonly epoch: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** A seed of this epoch's own. */
  readonly seed: number;
}

/** The indices of the examples of one batch. */
export type IndexBatch = ArrayLike<number>;

export interface CollatedBatch<Batch> {
  /** Tensors anywhere inside are disposed of after the step. */
  readonly batch: Batch;
  readonly examples: number;
  /** Without padding; 0 where the examples are not sequences. */
  readonly tokens: number;
}

/** Where the batches come from. */
export interface TrainingData<Batch> {
  /** The index batches of one epoch: as many in every epoch. */
  batches(plan: EpochPlan): readonly IndexBatch[];
  collate(indices: IndexBatch): CollatedBatch<Batch> | Promise<CollatedBatch<Batch>>;
}
