import { AnyformerError } from '../../core/errors.ts';
import { KnownWords } from '../../models/knownWords.ts';
import type { NgramsClassifier } from '../../models/ngrams/ngramsClassifier.ts';
import type { NgramsConfig } from '../../models/ngrams/ngramsConfig.ts';
import type { TrainingResult } from '../../train/trainer.ts';
import type { TrainingOptions } from '../../train/trainingOptions.ts';
import { meanLoss } from '../classificationReport.ts';
import { fitCalibration, mixLogits } from './calibrate.ts';
import { ClassifierModel } from './classifierModel.ts';
import { rowsOf } from './heldOut.ts';
import { measuredTargets, type NgramsTrained, trainNgrams } from './ngramsTraining.ts';
import type { TrainingContext } from './trainingContext.ts';
import type { Outcome } from './trainingResult.ts';

/** What logits are multiplied with that nothing could calibrate: margins of a support vector machine are small. */
const UNCALIBRATED = 2;

/** An n-gram model alone, new or further. */
export async function trainLinear(
  context: TrainingContext,
  config: NgramsConfig,
  previous?: NgramsClassifier,
): Promise<Outcome> {
  refuseLoopOptions(context.request.training);
  return linearOutcome(context, await trainNgrams(context, config, previous));
}

/** The options of the loop that mean something to a linear model, too. */
const LINEAR_OPTIONS = [
  'seed',
  'classWeight',
  'onProgress',
  'signal',
  'outputDir',
  'resumeFromCheckpoint',
];

/** Names of the options that were given and mean nothing to a linear model. */
export const loopOptions = (training: TrainingOptions): string[] =>
  Object.entries(training).flatMap(([name, value]) =>
    value === undefined || LINEAR_OPTIONS.includes(name) ? [] : [name],
  );

function refuseLoopOptions(training: TrainingOptions): void {
  const [stray] = loopOptions(training);
  if (stray) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `TextClassifier.train: ${stray} has no effect on an n-gram model, which is solved in one go; leave it out, or create the classifier with encoder: 'transformer'.`,
    );
  }
  if (training.resumeFromCheckpoint) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      'TextClassifier.train: an n-gram model is trained in seconds and writes no checkpoint to resume from; leave resumeFromCheckpoint out.',
    );
  }
}

/** Makes the n-gram model the whole classifier. */
export function linearOutcome(
  context: TrainingContext,
  trained: NgramsTrained,
  choice?: Outcome['choice'],
): Outcome {
  const { model, division, logits, fitted, passes } = trained;
  const { multiLabel, request } = context;
  const rows = division ? rowsOf(division) : new Int32Array();
  const found = Array.from(rows, (row) => logits[row]!);
  const scale = division
    ? 1 / fitCalibration(found, measuredTargets(context, division), multiLabel).temperature
    : (request.life.parts?.model.mixture.ngrams ?? UNCALIBRATED);
  const mixture = { ngrams: scale, encoder: 1 };
  const mixed = mixLogits(found, undefined, mixture);
  adopt(context, new ClassifierModel(model, undefined, mixture));
  const learned = request.targets;
  const trainLoss = meanLoss(mixLogits(fitted, undefined, mixture), learned, multiLabel);
  const training: TrainingResult = {
    globalStep: passes,
    epoch: passes,
    trainLoss,
    logHistory: [],
    bestMetric: undefined,
    bestStep: undefined,
    stoppedEarly: false,
    peakHeapBytes: undefined,
    warnings: [],
  };
  return {
    training,
    measured: division && { division, rows, logits: mixed, ngrams: mixed },
    choice: choice ?? { encoder: 'ngrams', reason: 'as asked' },
    warnings: [],
    used: ngramsUsed(trained),
  };
}

export function adopt(context: TrainingContext, model: ClassifierModel): void {
  const { life } = context.request;
  life.checkAlive();
  life.adopt({
    model,
    labels: context.labels,
    multiLabel: context.multiLabel,
    knownWords: knownWords(context),
  });
}

export function knownWords({ request, texts, count }: TrainingContext): KnownWords | undefined {
  const previous = request.life.parts;
  // The texts that a model from elsewhere was trained on are not known.
  if (previous && !previous.knownWords) return undefined;
  const words = new KnownWords(previous?.knownWords?.hashes ?? []);
  for (const text of texts.slice(0, count)) words.add(text);
  return words;
}

/** What a training of n-grams used. */
export function ngramsUsed({ model, C }: NgramsTrained): Record<string, unknown> {
  const { wordNgrams, characterNgrams, lowercase } = model.config;
  return { wordNgrams, characterNgrams, lowercase, features: model.vocabulary.size, C };
}
