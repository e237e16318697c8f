import { throwIfAborted } from '../../core/errors.ts';
import { SequenceClassifier } from '../../models/sequenceClassifier.ts';
import type { Side, Tokenizer } from '../../tokenizers/index.ts';
import type { TrainingOptions } from '../../train/trainingOptions.ts';
import {
  type ClassificationReport,
  classificationReport,
  numbersOf,
} from '../classificationReport.ts';
import type { EncoderChoice, TokenizerOptions } from '../classifierOptions.ts';
import { makeTokenizer } from '../classifierTokenizer.ts';
import type { LabelledBatch } from '../sequenceClassification.ts';
import { SequenceClassification } from '../sequenceClassification.ts';
import type { Lesson, Slow } from '../taskLifecycle.ts';
import { TextDataset } from '../textDataset.ts';
import { type EncoderPart, encodedLogits, encodeTexts } from './classifierModel.ts';
import { type Targets, targetsAt } from './targets.ts';

export interface EncoderShape {
  readonly tokenizer: Tokenizer | TokenizerOptions;
  readonly encoder: EncoderChoice;
  readonly maxLength: number;
  readonly truncationSide: Side;
  readonly seed: number;
}

/** A new encoder: a vocabulary of the texts, and weights from the seed. */
export async function makeEncoder(
  { tokenizer: wanted, encoder, maxLength, truncationSide, seed }: EncoderShape,
  texts: readonly string[],
  numLabels: number,
  slow: Slow,
): Promise<EncoderPart> {
  const tokenizer = await makeTokenizer(wanted, texts, slow);
  const { vocabSize, padTokenId } = tokenizer;
  const options = { maxPositionEmbeddings: maxLength, ...encoder };
  const model = new SequenceClassifier(
    { encoder: { ...options, vocabSize, padTokenId: padTokenId! }, numLabels },
    seed,
  );
  return { model, tokenizer, maxLength, truncationSide };
}

export interface EncoderData {
  readonly texts: readonly string[];
  readonly targets: Targets;
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
}

/** What the training loop works on: the rows to learn from, and those to measure on meanwhile. */
export async function encoderLesson(
  part: EncoderPart,
  { texts, targets, labels, multiLabel }: EncoderData,
  learn: Int32Array,
  held: Int32Array,
  slow: Slow,
  checkAlive: () => void,
): Promise<Lesson<LabelledBatch>> {
  const encodings = await encodeTexts(part, texts, slow);
  throwIfAborted(slow.signal, 'Training');
  const encodingsOf = (rows: Int32Array) => Array.from(rows, (row) => encodings[row]!);
  const truth = targetsAt(targets, held, labels.length);
  const measure = async (signal: AbortSignal | undefined): Promise<ClassificationReport> => {
    const options = { batchSize: 32, signal, checkAlive };
    const logits = await encodedLogits(part, encodingsOf(held), 'evaluate', options);
    return classificationReport(logits, truth, labels, multiLabel);
  };
  return {
    model: new SequenceClassification(part.model, labels, multiLabel),
    data: new TextDataset(
      encodingsOf(learn),
      targetsAt(targets, learn, labels.length),
      part.tokenizer,
    ),
    ...(held.length > 0 && {
      evaluate: async ({ signal }) => numbersOf(await measure(signal)),
    }),
  };
}

/** Evaluations over the length of a training that says how long it is. */
const EVALUATIONS = 10;
/** Evaluations without a lower loss after which it stops. */
const PATIENCE = 3;

/**
 * The options of a training: what the user says, and for the rest what follows from the data. The
 * best weights on held-out rows are kept; where the user does not set the length, it ends when they
 * no longer get better.
 */
export function withDefaults(
  given: TrainingOptions,
  { epochs, maxSteps, ...defaults }: TrainingOptions,
  examples: number,
  evaluates: boolean,
): TrainingOptions {
  const setsLength = given.epochs !== undefined || given.maxSteps !== undefined;
  const length = setsLength ? {} : maxSteps !== undefined ? { maxSteps } : { epochs: epochs ?? 1 };
  // What the user sets belongs together: defaults beside it would contradict it.
  const schedule = given.lrSchedulerType || given.warmupSteps || given.warmupRatio;
  const { warmupRatio, lrSchedulerType, ...others } = defaults;
  const merged = {
    ...others,
    ...(!schedule && { warmupRatio, lrSchedulerType }),
    ...length,
    ...withoutUndefined(given),
  };
  if (!evaluates || given.evalStrategy === 'no') return withoutUndefined(merged);
  const batches = Math.ceil(examples / (merged.batchSize ?? 32));
  const updates = merged.maxSteps ?? (merged.epochs ?? 1) * batches;
  return withoutUndefined({
    loadBestModelAtEnd: true,
    ...(!setsLength && { earlyStoppingPatience: PATIENCE }),
    ...(!setsLength &&
      given.evalStrategy === undefined && {
        evalSteps: Math.max(1, Math.ceil(updates / EVALUATIONS)),
      }),
    ...merged,
  });
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, x]) => x !== undefined)) as T;
}

/** Logits of the held rows by an encoder as it is now, in the order of `held`. */
export async function heldLogits(
  part: EncoderPart,
  { texts }: Pick<EncoderData, 'texts'>,
  held: Int32Array,
  signal: AbortSignal | undefined,
  checkAlive: () => void,
): Promise<Float32Array[]> {
  const encodings = await encodeTexts(
    part,
    Array.from(held, (row) => texts[row]!),
    { signal },
  );
  return encodedLogits(part, encodings, 'evaluate', { batchSize: 32, signal, checkAlive });
}
