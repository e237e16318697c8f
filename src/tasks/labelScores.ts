import * as tf from '@tensorflow/tfjs-core';
import { SeedStream } from '../core/random.ts';
import { lengthSortedBatches } from '../data/bucketBatches.ts';
import type { Encoding } from '../tokenizers/index.ts';
import type { ClassifierParts } from './classifierFiles.ts';
import { type BatchesOptions, eachBatch } from './eachBatch.ts';
import { toTensors } from './textDataset.ts';

/** A label, and the probability that it holds. */
export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** The model's outputs for encoded texts, [C] each, computed in batches of like lengths. */
export async function computeLogits(
  parts: ClassifierParts,
  encodings: readonly Encoding[],
  phase: 'predict' | 'evaluate',
  options: BatchesOptions,
): Promise<Float32Array[]> {
  const lengths = encodings.map(({ ids }) => ids.length);
  const logits = new Array<Float32Array>(encodings.length);
  const batches = lengthSortedBatches(lengths, options.batchSize);
  await eachBatch(batches, phase, options, (indices) => {
    const rows = forwardBatch(
      parts,
      Array.from(indices, (index) => encodings[index]!),
    );
    indices.forEach((index, i) => {
      logits[index] = rows[i]!;
    });
  });
  return logits;
}

function forwardBatch(parts: ClassifierParts, encodings: readonly Encoding[]): Float32Array[] {
  const C = parts.labels.length;
  const values = tf.tidy(() => {
    const batch = toTensors(parts.tokenizer, encodings);
    const context = { training: false, seeds: new SeedStream(0) };
    return parts.model.forward(batch, context).logits.dataSync(); // (B, C)
  }) as Float32Array;
  return encodings.map((_, row) => values.slice(row * C, (row + 1) * C));
}

/** Probabilities by label, best first; labels of equal score stay in their order. */
export function scoreLabels(
  logits: Float32Array,
  { labels, multiLabel }: Pick<ClassifierParts, 'labels' | 'multiLabel'>,
): LabelScore[] {
  const probabilities = multiLabel ? Array.from(logits, sigmoid) : softmax(logits);
  return labels
    .map((label, index) => ({ label, score: probabilities[index]! }))
    .sort((a, b) => b.score - a.score);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function softmax(logits: Float32Array): number[] {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Array.from(logits, (x) => Math.exp(x - highest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
}
