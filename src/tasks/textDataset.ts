import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { bucketBatches } from '../data/bucketBatches.ts';
import {
  checkExamples,
  collectLabels,
  encodeLabels,
  encodeMultiLabels,
  isMultiLabel,
  requireSeveralLabels,
  type TextExample,
} from '../data/labels.ts';
import type { EncoderBatch } from '../models/encoder.ts';
import type { Encoding, Tokenizer } from '../tokenizers/index.ts';
import type { CollatedBatch, EpochPlan, IndexBatch, TrainingData } from '../train/trainable.ts';
import type { LabelledBatch } from './sequenceClassification.ts';

/** Encoded texts with their targets, as the training loop takes them. */
export class TextDataset implements TrainingData<LabelledBatch> {
  readonly #lengths: Int32Array;

  /**
   * @param encodings N texts.
   * @param targets (N) class numbers, or (N, C) zeros and ones.
   */
  constructor(
    readonly encodings: readonly Encoding[],
    readonly targets: Int32Array | Float32Array,
    private readonly tokenizer: Tokenizer,
  ) {
    this.#lengths = Int32Array.from(encodings, ({ ids }) => ids.length);
  }

  batches({ epoch, batchSize, shuffle, seed }: EpochPlan): readonly IndexBatch[] {
    if (shuffle) return bucketBatches({ lengths: this.#lengths, batchSize, seed, epoch });
    const batches: IndexBatch[] = [];
    for (let start = 0; start < this.encodings.length; start += batchSize) {
      const size = Math.min(batchSize, this.encodings.length - start);
      batches.push(Int32Array.from({ length: size }, (_, i) => start + i));
    }
    return batches;
  }

  collate(indices: IndexBatch): CollatedBatch<LabelledBatch> {
    const rows = Array.from(indices);
    const encodings = rows.map((index) => this.encodings[index]!);
    return {
      batch: { ...toTensors(this.tokenizer, encodings), labels: this.#targetsOf(rows) },
      examples: rows.length,
      tokens: encodings.reduce((sum, { ids }) => sum + ids.length, 0),
    };
  }

  #targetsOf(rows: readonly number[]): tf.Tensor1D | tf.Tensor2D {
    const { targets } = this;
    if (targets instanceof Int32Array) {
      return tf.tensor1d(
        Int32Array.from(rows, (row) => targets[row]!),
        'int32',
      ); // (B)
    }
    const C = targets.length / this.encodings.length;
    const values = new Float32Array(rows.length * C);
    rows.forEach((row, i) => {
      values.set(targets.subarray(row * C, (row + 1) * C), i * C);
    });
    return tf.tensor2d(values, [rows.length, C]); // (B, C)
  }
}

/** Encoded texts as tensors (B, T), padded to the longest of them; without a mask where none is shorter. */
export function toTensors(tokenizer: Tokenizer, encodings: readonly Encoding[]): EncoderBatch {
  // At least one place: texts without a token are all padding, not a tensor without elements.
  const maxLength = encodings.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const { inputIds, attentionMask, tokenTypeIds, shape } = tokenizer.pad(encodings, {
    padding: 'maxLength',
    maxLength,
  });
  const [B, T] = shape;
  const tensor = (values: Int32Array) => tf.tensor2d(values, [B, T], 'int32');
  return {
    inputIds: tensor(inputIds),
    ...(attentionMask.includes(0) && { attentionMask: tensor(attentionMask) }),
    // All 0 for single texts, which is what the model assumes without them.
    ...(tokenTypeIds.some((id) => id !== 0) && { tokenTypeIds: tensor(tokenTypeIds) }),
  };
}

const TRAIN = 'TextClassifier.train';

/** Checks the examples of `train` before anything is computed, and finds their labels. */
export function checkTrainingExamples(
  examples: unknown,
  validationData: unknown,
  { labels: known, multiLabel }: { labels: readonly string[] | undefined; multiLabel: boolean },
) {
  checkExamples(examples, TRAIN);
  checkKind(examples, multiLabel, TRAIN);
  // Labels that are known already need not all be in one call's examples.
  if (known === undefined) requireSeveralLabels(examples, TRAIN);
  const labels = known ?? collectLabels(examples);
  const targets = targetsOf(examples, labels, multiLabel, TRAIN);
  if (validationData === undefined) return { labels, examples, targets, validation: undefined };
  const where = `${TRAIN}: validationData`;
  checkExamples(validationData, where);
  checkKind(validationData, multiLabel, where);
  const validationTargets = targetsOf(validationData, labels, multiLabel, where);
  return {
    labels,
    examples,
    targets,
    validation: { examples: validationData, targets: validationTargets },
  };
}

/** Checks labelled texts for a classifier that is there already, and encodes their labels. */
export function checkLabelled(
  examples: unknown,
  { labels, multiLabel }: { labels: readonly string[]; multiLabel: boolean },
  where: string,
): { examples: readonly TextExample[]; targets: Int32Array | Float32Array } {
  checkExamples(examples, where);
  checkKind(examples, multiLabel, where);
  return { examples, targets: targetsOf(examples, labels, multiLabel, where) };
}

function targetsOf(
  examples: readonly TextExample[],
  labels: readonly string[],
  multiLabel: boolean,
  where: string,
): Int32Array | Float32Array {
  const encode = multiLabel ? encodeMultiLabels : encodeLabels;
  return encode(examples, labels, where);
}

function checkKind(examples: readonly TextExample[], multiLabel: boolean, where: string): void {
  if (isMultiLabel(examples) === multiLabel) return;
  throw new AnyformerError(
    'INVALID_DATA',
    multiLabel
      ? `${where}: a classifier with multiLabel: true takes lists of labels, received one label each; write label: ['a'].`
      : `${where}: the examples have lists of labels; create the classifier with multiLabel: true.`,
  );
}
