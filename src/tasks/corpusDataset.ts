import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { IGNORED } from '../models/causalLanguageModelLoss.ts';
import type { CollatedBatch, EpochPlan, IndexBatch, TrainingData } from '../train/trainable.ts';
import type { NextTokenBatch } from './causalLanguageModeling.ts';

/**
 * A text as one row of tokens, cut into blocks of the context's length with nothing padded. Each
 * shuffled epoch begins at another token, so that blocks are cut in other places.
 */
export class CorpusDataset implements TrainingData<NextTokenBatch> {
  /** @param blockLength the tokens of a block, T. */
  constructor(
    readonly tokens: Int32Array,
    readonly blockLength: number,
  ) {
    if (tokens.length >= 2) return;
    throw new AnyformerError(
      'INVALID_DATA',
      `The text has ${tokens.length} tokens; there have to be at least two, one to follow the other.`,
    );
  }

  /** Batches hold the first tokens of their blocks. */
  batches({ batchSize, shuffle, seed }: EpochPlan): readonly IndexBatch[] {
    const { blockLength: T } = this;
    const places = this.tokens.length - 1;
    const random = new Random(seed);
    // Less than two blocks are one. Otherwise every epoch leaves out less than two, at its two ends.
    const moves = shuffle && places >= 2 * T;
    const offset = moves ? random.below(T) : 0;
    const blocks = moves ? Math.floor((places - T + 1) / T) : Math.ceil(places / T);
    const starts = Int32Array.from({ length: blocks }, (_, i) => offset + i * T);
    if (shuffle) random.shuffle(starts);
    const batches: IndexBatch[] = [];
    for (let i = 0; i < starts.length; i += batchSize)
      batches.push(starts.subarray(i, i + batchSize));
    return batches;
  }

  collate(starts: IndexBatch): CollatedBatch<NextTokenBatch> {
    const places = this.tokens.length - 1;
    const rows = Array.from(starts);
    const lengths = rows.map((start) => Math.min(this.blockLength, places - start));
    const T = Math.max(...lengths);
    const inputs = new Int32Array(rows.length * T);
    const targets = new Int32Array(rows.length * T).fill(IGNORED);
    rows.forEach((start, row) => {
      const end = start + lengths[row]!;
      inputs.set(this.tokens.subarray(start, end), row * T);
      targets.set(this.tokens.subarray(start + 1, end + 1), row * T);
    });
    const tensor = (values: Int32Array) => tf.tensor2d(values, [rows.length, T], 'int32');
    return {
      batch: { inputIds: tensor(inputs), targets: tensor(targets) }, // (B, T) each
      examples: rows.length,
      tokens: lengths.reduce((sum, length) => sum + length, 0),
    };
  }
}
