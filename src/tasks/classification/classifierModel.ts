import * as tf from '@tensorflow/tfjs-core';
import { throwIfAborted } from '../../core/errors.ts';
import { SeedStream } from '../../core/random.ts';
import { lengthSortedBatches } from '../../data/bucketBatches.ts';
import type { KnownWords } from '../../models/knownWords.ts';
import type { NgramsClassifier } from '../../models/ngrams/ngramsClassifier.ts';
import type { SequenceClassifier } from '../../models/sequenceClassifier.ts';
import type { Encoding, Side, Tokenizer } from '../../tokenizers/index.ts';
import { type BatchesOptions, eachBatch } from '../eachBatch.ts';
import { toTensors } from '../textDataset.ts';
import { type Mixture, mixLogits } from './calibrate.ts';

/** An encoder with its head, and how its texts are made token ids. */
export interface EncoderPart {
  readonly model: SequenceClassifier;
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  readonly truncationSide: Side;
}

/**
 * What gives texts their logits: an n-gram model, an encoder, or both together,
 *
 *     z = mixture.ngrams · z_ngrams + mixture.encoder · z_encoder
 *
 * where the mixture holds the calibration, too.
 */
export class ClassifierModel {
  constructor(
    readonly ngrams: NgramsClassifier | undefined,
    readonly encoder: EncoderPart | undefined,
    readonly mixture: Mixture = { ngrams: 1, encoder: 1 },
  ) {}

  /** Of the encoder; an n-gram model has none. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.encoder?.model.variables ?? new Map();
  }

  /** (C) for each text. */
  async logits(
    texts: readonly string[],
    phase: 'predict' | 'evaluate',
    options: BatchesOptions,
  ): Promise<Float32Array[]> {
    const { ngrams, encoder } = this;
    const fromNgrams = ngrams && (await ngramsLogits(ngrams, texts, phase, options, !encoder));
    const fromEncoder = encoder && (await encoderLogits(encoder, texts, phase, options));
    return mixLogits(fromNgrams, fromEncoder, this.mixture);
  }

  dispose(): void {
    this.encoder?.model.dispose();
  }
}

/** All that a trained text classifier is. */
export interface ClassifierParts {
  readonly model: ClassifierModel;
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  /** Undefined where the training texts are not known: of a model from elsewhere. */
  readonly knownWords: KnownWords | undefined;
}

async function ngramsLogits(
  model: NgramsClassifier,
  texts: readonly string[],
  phase: 'predict' | 'evaluate',
  options: BatchesOptions,
  reports: boolean,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  const { onProgress: _, ...silent } = options;
  const size = options.batchSize;
  const batches = Array.from({ length: Math.ceil(texts.length / size) }, (_, i) =>
    texts.slice(i * size, (i + 1) * size),
  );
  await eachBatch(batches, phase, reports ? options : silent, (batch) => {
    for (const text of batch) logits.push(model.logits(text));
  });
  return logits;
}

/** Texts as token ids, cut to the encoder's length. */
export function encodeTexts(
  { tokenizer, maxLength, truncationSide }: Omit<EncoderPart, 'model'>,
  texts: readonly string[],
  { signal, onProgress }: Pick<BatchesOptions, 'signal' | 'onProgress'>,
): Promise<Encoding[]> {
  return tokenizer.encodeAll(texts, {
    maxLength,
    truncationSide,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
}

async function encoderLogits(
  part: EncoderPart,
  texts: readonly string[],
  phase: 'predict' | 'evaluate',
  options: BatchesOptions,
): Promise<Float32Array[]> {
  const { signal, onProgress } = options;
  // A prediction is of few texts, whose encoding is not worth a phase of its own.
  const encodings = await encodeTexts(part, texts, {
    signal,
    ...(phase === 'evaluate' && { onProgress }),
  });
  throwIfAborted(options.signal, phase === 'predict' ? 'Prediction' : 'Evaluation');
  options.checkAlive();
  return encodedLogits(part, encodings, phase, options);
}

/** The encoder's outputs, [C] each, computed in batches of like lengths. */
export async function encodedLogits(
  part: EncoderPart,
  encodings: readonly Encoding[],
  phase: 'predict' | 'evaluate',
  options: BatchesOptions,
): Promise<Float32Array[]> {
  const lengths = encodings.map(({ ids }) => ids.length);
  const logits = new Array<Float32Array>(encodings.length);
  const batches = lengthSortedBatches(lengths, options.batchSize);
  await eachBatch(batches, phase, options, (indices) => {
    const rows = forwardBatch(
      part,
      Array.from(indices, (index) => encodings[index]!),
    );
    indices.forEach((index, i) => {
      logits[index] = rows[i]!;
    });
  });
  return logits;
}

function forwardBatch(part: EncoderPart, encodings: readonly Encoding[]): Float32Array[] {
  const C = part.model.numLabels;
  const values = tf.tidy(() => {
    const batch = toTensors(part.tokenizer, encodings);
    const context = { training: false, seeds: new SeedStream(0) };
    return part.model.forward(batch, context).logits.dataSync(); // (B, C)
  }) as Float32Array;
  return encodings.map((_, row) => values.slice(row * C, (row + 1) * C));
}
