import * as tf from '@tensorflow/tfjs-core';
import type { OnProgress } from '../core/progress.ts';
import { bucketBatches } from '../data/bucketBatches.ts';
import type { TextPair } from '../data/pairs.ts';
import { IGNORED } from '../models/causalLanguageModelLoss.ts';
import { padSources } from '../models/padSources.ts';
import type { CollatedBatch, EpochPlan, IndexBatch, TrainingData } from '../train/trainable.ts';
import type { PairBatch } from './sequenceToSequence.ts';
import type { TranslatorParts } from './translatorFiles.ts';

/** A pair as token ids; the target ends with the end token. */
export interface EncodedPair {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

/** Encoded pairs, as the training loop takes them. */
export class PairDataset implements TrainingData<PairBatch> {
  /** Of both texts together: batches are of pairs alike in it. */
  readonly lengths: Int32Array;

  constructor(
    readonly pairs: readonly EncodedPair[],
    private readonly special: { readonly padTokenId: number; readonly decoderStartTokenId: number },
  ) {
    this.lengths = Int32Array.from(pairs, ({ source, target }) => source.length + target.length);
  }

  batches({ epoch, batchSize, shuffle, seed }: EpochPlan): readonly IndexBatch[] {
    if (shuffle) return bucketBatches({ lengths: this.lengths, batchSize, seed, epoch });
    const batches: IndexBatch[] = [];
    for (let start = 0; start < this.pairs.length; start += batchSize) {
      const size = Math.min(batchSize, this.pairs.length - start);
      batches.push(Int32Array.from({ length: size }, (_, i) => start + i));
    }
    return batches;
  }

  collate(indices: IndexBatch): CollatedBatch<PairBatch> {
    const rows = Array.from(indices, (index) => this.pairs[index]!);
    const { padTokenId, decoderStartTokenId } = this.special;
    const sources = rows.map(({ source }) => source);
    const steps = rows.reduce((most, { target }) => Math.max(most, target.length), 1);
    const targets = new Int32Array(rows.length * steps).fill(IGNORED);
    const inputs = new Int32Array(rows.length * steps).fill(padTokenId);
    rows.forEach(({ target }, row) => {
      targets.set(target, row * steps);
      inputs[row * steps] = decoderStartTokenId;
      inputs.set(target.slice(0, -1), row * steps + 1);
    });
    const tensor = (values: Int32Array) => tf.tensor2d(values, [rows.length, steps], 'int32');
    return {
      batch: {
        ...padSources(sources, padTokenId),
        decoderInputIds: tensor(inputs), // (B, T)
        targets: tensor(targets), // (B, T)
      },
      examples: rows.length,
      tokens: rows.reduce((sum, { source, target }) => sum + source.length + target.length, 0),
    };
  }
}

interface Slow {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Encodes pairs for a translator, each text cut to its `maxLength`. */
export async function encodePairs(
  pairs: readonly TextPair[],
  parts: Omit<TranslatorParts, 'model' | 'generation'>,
  special: { readonly padTokenId: number; readonly decoderStartTokenId: number },
  slow: Slow,
): Promise<PairDataset> {
  const sources = await encodeTexts(
    pairs.map(({ source }) => source),
    parts,
    'source',
    slow,
  );
  const targets = await encodeTexts(
    pairs.map(({ target }) => target),
    parts,
    'target',
    slow,
  );
  const encoded = sources.map((source, i) => ({ source, target: targets[i]! }));
  return new PairDataset(encoded, special);
}

/** The token ids of texts of one side, the end token last. */
export async function encodeTexts(
  texts: readonly string[],
  { tokenizers, maxLength }: Pick<TranslatorParts, 'tokenizers' | 'maxLength'>,
  side: 'source' | 'target',
  { signal, onProgress }: Slow,
): Promise<number[][]> {
  const tokenizer = tokenizers[side];
  const end = tokenizer.eosTokenId!;
  const encodings = await tokenizer.encodeAll(texts, {
    maxLength,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return encodings.map(({ ids }) => {
    if (ids.at(-1) === end) return [...ids];
    // A tokenizer of somebody else's, which adds none.
    return [...ids.slice(0, maxLength - 1), end];
  });
}
