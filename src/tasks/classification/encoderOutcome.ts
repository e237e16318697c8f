import { throwIfAborted } from '../../core/errors.ts';
import { SequenceClassifier } from '../../models/sequenceClassifier.ts';
import { Tokenizer } from '../../tokenizers/index.ts';
import type { TrainingResult } from '../../train/trainer.ts';
import type { TrainingOptions } from '../../train/trainingOptions.ts';
import type { Slow } from '../taskLifecycle.ts';
import { type TransformerDefaults, transformerDefaults } from '../transformerDefaults.ts';
import { fitCalibration, mixLogits } from './calibrate.ts';
import { ClassifierModel, type EncoderPart } from './classifierModel.ts';
import {
  type EncoderShape,
  encoderLesson,
  heldLogits,
  makeEncoder,
  withDefaults,
} from './encoderTraining.ts';
import { type Division, rowsOf } from './heldOut.ts';
import { adopt, knownWords } from './linearTraining.ts';
import { measuredTargets, ngramsYardstick } from './ngramsTraining.ts';
import type { TrainingContext } from './trainingContext.ts';
import type { Outcome } from './trainingResult.ts';

const NO_ROWS = new Int32Array();

/** A new encoder's sizes, and the training that goes with them. */
export interface EncoderPlan {
  readonly shape: EncoderShape;
  readonly defaults: TransformerDefaults;
}

/**
 * An encoder alone, new or further.
 *
 * @param choice what the user says of a new one; undefined trains the one there is.
 */
export async function trainEncoder(
  context: TrainingContext,
  choice: EncoderShape['encoder'] | undefined,
): Promise<Outcome> {
  const { request, multiLabel } = context;
  const { life } = request;
  const division = context.division('slow');
  const isFolded = division?.method === 'cross-validation';
  const plan = choice && planOf(context, choice);
  const start = plan ?? (isFolded ? startOf(life.parts!.model.encoder!) : undefined);
  const evaluated = isFolded ? undefined : division;
  // What is kept comes first: a training that is stopped has its checkpoint, and can be resumed.
  const training = await trainKept(context, plan, evaluated);
  const part = life.parts!.model.encoder!;
  const outcome = {
    training,
    warnings: [],
    used: encoderUsed(part, optionsOf(context, plan?.defaults, evaluated)),
    choice: { encoder: part.model.config.type, reason: 'as asked' },
  };
  if (!division) {
    // Nothing new is measured: the calibration of a model that is trained further stays.
    adopt(context, new ClassifierModel(undefined, part, request.life.parts!.model.mixture));
    return { ...outcome, measured: undefined };
  }
  const rows = rowsOf(division);
  const { signal } = request.training;
  const logits = isFolded
    ? await crossValidate(context, start!, division)
    : await heldLogits(part, context, rows, signal, life.checkAlive);
  const { temperature } = fitCalibration(logits, measuredTargets(context, division), multiLabel);
  const mixture = { ngrams: 1, encoder: 1 / temperature };
  adopt(context, new ClassifierModel(undefined, part, mixture));
  return {
    ...outcome,
    measured: {
      division,
      rows,
      logits: mixLogits(undefined, logits, mixture),
      ngrams: await ngramsYardstick(context, division),
    },
  };
}

/** What a training begins with: the sizes of a new encoder, or a copy of one there is. */
type Start = EncoderPlan | { readonly copy: () => EncoderPart };

function startOf({ model, ...part }: EncoderPart): Start {
  const { config, numLabels, classifierDropout } = model;
  const tensors = model.toSafetensors();
  return {
    copy: () => ({
      ...part,
      model: new SequenceClassifier(
        { encoder: config, numLabels, classifierDropout },
        { tensors, file: 'the model' },
      ),
    }),
  };
}

/** Logits of every row by an encoder trained on the other folds. */
async function crossValidate(
  context: TrainingContext,
  start: Start,
  division: Division,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  for (let fold = 0; fold < division.foldCount; fold++) {
    const held = rowsOf(division, fold);
    const learn = rowsOf(division).filter((row) => division.folds[row] !== fold);
    const trial = await trainFold(context, start, learn, held);
    held.forEach((row, i) => {
      logits[row] = trial.logits[i]!;
    });
    trial.part.model.dispose();
  }
  return logits;
}

/** An encoder trained to be measured. It is the caller's to dispose of. */
async function trainFold(
  context: TrainingContext,
  start: Start,
  learn: Int32Array,
  held: Int32Array,
): Promise<{ part: EncoderPart; logits: Float32Array[] }> {
  const { request, texts, labels } = context;
  const { checkAlive } = request.life;
  const slow = asTrial(context.slow);
  const learnTexts = Array.from(learn, (row) => texts[row]!);
  const part =
    'copy' in start
      ? start.copy()
      : await makeEncoder(start.shape, learnTexts, labels.length, slow);
  const { training: defaults } = 'copy' in start ? defaultsOf(context) : start.defaults;
  try {
    const { model, data } = await encoderLesson(part, context, learn, NO_ROWS, slow, checkAlive);
    const {
      outputDir: _,
      resumeFromCheckpoint: __,
      saveStrategy: ___,
      saveSteps: ____,
      ...given
    } = request.training;
    const options = withDefaults(given, defaults, learn.length, false);
    const { onProgress, signal } = slow;
    const { train } = await import('../../train/trainer.ts');
    const whole = { ...options, onProgress, ...(signal && { signal }) };
    await train(model, data, whole, { name: 'TextClassifier.train' });
    const logits = await heldLogits(part, context, held, signal, checkAlive);
    throwIfAborted(signal, 'Training');
    return { part, logits };
  } catch (error) {
    part.model.dispose();
    throw error;
  }
}

/** The progress of a training that is only for comparing. */
const asTrial = ({ signal, onProgress }: Slow): Slow => ({
  signal,
  onProgress: (progress) =>
    onProgress({ ...progress, phase: 'compare', message: `comparing: ${progress.message}` }),
});

/**
 * Trains the encoder that the classifier keeps, with its checkpoints.
 *
 * @param plan of a new one; undefined trains the one there is.
 * @param division rows to evaluate on, which are not learned from; undefined learns from all.
 */
export function trainKept(
  context: TrainingContext,
  plan: EncoderPlan | undefined,
  division: Division | undefined,
  around: (part: EncoderPart) => ClassifierModel = (part) => new ClassifierModel(undefined, part),
): Promise<TrainingResult> {
  const { request, labels, multiLabel, count, texts } = context;
  const { life } = request;
  const all = Int32Array.from({ length: count }, (_, row) => row);
  const learn = division ? all.filter((row) => division.folds[row]! < 0) : all;
  const held = division ? rowsOf(division) : NO_ROWS;
  return life.learn(
    optionsOf(context, plan?.defaults, division),
    async (slow) => {
      const learnTexts = Array.from(learn, (row) => texts[row]!);
      const part = await makeEncoder(plan!.shape, learnTexts, labels.length, slow);
      return { model: around(part), labels, multiLabel, knownWords: knownWords(context) };
    },
    (parts, slow) =>
      encoderLesson(parts.model.encoder!, context, learn, held, slow, life.checkAlive),
  );
}

/** The options of the training of the encoder that is kept: see {@link trainKept}. */
export function optionsOf(
  context: TrainingContext,
  defaults: TransformerDefaults | undefined,
  division: Division | undefined,
): TrainingOptions {
  const { request, count } = context;
  const { training } = defaults ?? defaultsOf(context);
  const learned = division
    ? division.folds.subarray(0, count).filter((fold) => fold < 0).length
    : count;
  return withDefaults(request.training, training, learned, division !== undefined);
}

/** What a training of an encoder used. */
export function encoderUsed(
  { model, tokenizer, maxLength }: EncoderPart,
  options: TrainingOptions,
): Record<string, unknown> {
  const { hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, hiddenDropoutProb } =
    model.config;
  const {
    signal: _,
    onProgress: __,
    outputDir: ___,
    resumeFromCheckpoint: ____,
    ...training
  } = options;
  return {
    vocabSize: tokenizer.vocabSize,
    maxLength,
    hiddenSize,
    numHiddenLayers,
    numAttentionHeads,
    intermediateSize,
    hiddenDropoutProb,
    ...training,
  };
}

/** The sizes of a new encoder: what the user says, and for the rest what follows from the data. */
export function planOf(
  context: TrainingContext,
  encoder: EncoderShape['encoder'] | undefined,
): EncoderPlan {
  const { tokenizer, maxLength, truncationSide = 'right', seed } = context.request.options;
  const defaults = defaultsOf(context);
  const isOwn = encoder?.type !== 'bert';
  const positions = encoder?.maxPositionEmbeddings;
  const shape = {
    tokenizer: tokenizerFor(tokenizer, defaults),
    encoder: isOwn ? { ...fitting(defaults.encoder, encoder), ...encoder } : encoder!,
    maxLength: maxLength ?? Math.min(defaults.maxLength, positions ?? Infinity),
    truncationSide,
    seed,
  };
  return { shape, defaults };
}

/** Defaults beside what the user sets: a width of one's own comes with the usual number of heads. */
function fitting(
  defaults: EncoderShape['encoder'],
  given: EncoderShape['encoder'] | undefined,
): EncoderShape['encoder'] {
  const { numAttentionHeads, dropout, ...rest } = defaults;
  const rates = given?.hiddenDropoutProb ?? given?.attentionProbsDropoutProb;
  return {
    ...rest,
    ...(given?.hiddenSize === undefined && { numAttentionHeads }),
    ...(rates === undefined && { dropout }),
  };
}

function defaultsOf({ request, labels, count, texts }: TrainingContext): TransformerDefaults {
  const characters = texts.slice(0, count).reduce((sum, text) => sum + text.length, 0);
  return transformerDefaults({
    examples: count,
    labels: labels.length,
    meanLength: characters / count,
    maxLength: request.options.maxLength,
  });
}

/** A tokenizer that is trained has the vocabulary that fits the data where the user gives no size. */
function tokenizerFor(
  given: EncoderShape['tokenizer'] | undefined,
  { tokenizer }: TransformerDefaults,
): EncoderShape['tokenizer'] {
  if (given === undefined) return tokenizer;
  return given instanceof Tokenizer ? given : { vocabSize: tokenizer.vocabSize!, ...given };
}
