import { AnyformerError } from '../core/errors.ts';
import { mixSeeds } from '../core/random.ts';
import type { IndexBatch, TrainingData } from './trainable.ts';
import type { ResolvedTrainingOptions } from './trainingOptions.ts';

/** So that shuffling and dropout draw different numbers from one seed. */
const SHUFFLE_SALT = 2;

/** The index batches of any epoch; those of the latest are kept. */
export class EpochBatches<Batch> {
  /** Batches in every epoch. */
  readonly count: number;
  #epoch = 0;
  #batches: readonly IndexBatch[];

  /** @throws AnyformerError `INVALID_DATA` without batches. */
  constructor(
    private readonly data: TrainingData<Batch>,
    private readonly options: Pick<ResolvedTrainingOptions, 'batchSize' | 'shuffle' | 'seed'>,
  ) {
    this.#batches = this.#plan(0);
    this.count = this.#batches.length;
    if (this.count === 0) {
      throw new AnyformerError(
        'INVALID_DATA',
        'There is nothing to train on: the data has no batches. Pass at least one example.',
      );
    }
  }

  of(epoch: number): readonly IndexBatch[] {
    if (epoch === this.#epoch) return this.#batches;
    const batches = this.#plan(epoch);
    if (batches.length !== this.count) {
      throw new AnyformerError(
        'INVALID_DATA',
        `Epoch ${epoch + 1} has ${batches.length} batches, the first had ${this.count}; the learning rate's schedule needs as many in every epoch.`,
      );
    }
    this.#epoch = epoch;
    this.#batches = batches;
    return batches;
  }

  #plan(epoch: number): readonly IndexBatch[] {
    const { batchSize, shuffle, seed } = this.options;
    const epochSeed = mixSeeds(mixSeeds(seed, SHUFFLE_SALT), epoch);
    return this.data.batches({ epoch, batchSize, shuffle, seed: epochSeed });
  }
}
