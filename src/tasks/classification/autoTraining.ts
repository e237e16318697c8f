import { AnyformerError } from '../../core/errors.ts';
import type { TrainingWarning } from '../../core/warnings.ts';
import type { NgramsClassifier } from '../../models/ngrams/ngramsClassifier.ts';
import { parseNgramsConfig } from '../../models/ngrams/ngramsConfig.ts';
import type { TrainingResult } from '../../train/trainer.ts';
import {
  chooseMixture,
  fitCalibration,
  type Mixture,
  type MixtureFound,
  mixLogits,
} from './calibrate.ts';
import { ClassifierModel, type EncoderPart } from './classifierModel.ts';
import { type EncoderPlan, encoderUsed, optionsOf, planOf, trainKept } from './encoderOutcome.ts';
import { heldLogits } from './encoderTraining.ts';
import { type Division, rowsOf, shareIfAny } from './heldOut.ts';
import { adopt, linearOutcome, loopOptions, ngramsUsed } from './linearTraining.ts';
import { measuredTargets, type NgramsTrained, trainNgrams } from './ngramsTraining.ts';
import type { TrainingContext } from './trainingContext.ts';
import type { Outcome } from './trainingResult.ts';

/**
 * Fewer examples than this are not worth a trial: a Transformer from scratch learns little from them,
 * and the rows held out are too few to tell (60 questions: chosen on 15, and 1 point less was right).
 */
const FEWEST_FOR_TRIAL = 150;
/** While the encoder is tried, and after an abort in the middle, the n-gram model answers alone. */
const UNDECIDED: Mixture = { ngrams: 2, encoder: 0 };

/** Whether a training was stopped before it could compare its models: it begins anew. */
export const isUndecided = ({ ngrams, encoder, mixture }: ClassifierModel): boolean =>
  ngrams !== undefined && encoder !== undefined && mixture.encoder === 0;

interface Trial {
  readonly part: EncoderPart;
  readonly training: TrainingResult;
  readonly logits: readonly Float32Array[];
}

/**
 * Trains an n-gram model and a small Transformer, and keeps what is best on held-out rows: the
 * n-gram model, or both together. The last step of `'auto'`.
 */
export async function trainAuto(context: TrainingContext): Promise<Outcome> {
  const ngrams = await trainNgrams(context, parseNgramsConfig({ type: 'ngrams' }));
  const division = trialDivision(context, ngrams);
  if (!division) {
    const outcome = linearOutcome(context, ngrams, { encoder: 'ngrams', reason: tooFew(context) });
    return { ...outcome, warnings: unusedOptions(context) };
  }
  const plan = planOf(context, undefined);
  let trial: Trial;
  try {
    trial = await tryEncoder(context, plan, division, ngrams);
  } catch (error) {
    if (!(error instanceof AnyformerError) || error.code !== 'NON_FINITE_LOSS') throw error;
    const left = context.request.life.parts?.model;
    const outcome = linearOutcome(context, ngrams, {
      encoder: 'ngrams',
      reason: 'the training of the Transformer diverged',
    });
    left?.dispose();
    return { ...outcome, warnings: [diverged(error)] };
  }
  const rows = rowsOf(division);
  // By a model of the same rows as the Transformer's: one of a fold less would be at a disadvantage.
  const heldOut = await ngrams.logitsHeldOut(division);
  const fromNgrams = Array.from(rows, (row) => heldOut[row]!);
  const targets = measuredTargets(context, division);
  const found = chooseMixture(fromNgrams, trial.logits, targets, context.multiLabel);
  const choice = { encoder: nameOf(found), reason: reasonOf(found, rows.length) };
  if (found.share === 0) {
    const outcome = linearOutcome(context, ngrams, choice);
    trial.part.model.dispose();
    return outcome;
  }
  const model = found.share === 1 ? undefined : ngrams.model;
  adopt(context, new ClassifierModel(model, trial.part, found.mixture));
  const { temperature } = fitCalibration(fromNgrams, targets, context.multiLabel);
  return {
    training: trial.training,
    measured: {
      division,
      rows,
      logits: mixLogits(fromNgrams, trial.logits, found.mixture),
      ngrams: mixLogits(fromNgrams, undefined, { ngrams: 1 / temperature, encoder: 0 }),
    },
    choice,
    warnings: [],
    used: {
      ...(found.share < 1 && ngramsUsed(ngrams)),
      ...encoderUsed(trial.part, optionsOf(context, plan.defaults, division)),
    },
  };
}

/** Rows for the trial; undefined where there are too few examples. */
function trialDivision(context: TrainingContext, ngrams: NgramsTrained): Division | undefined {
  if (!ngrams.division || context.distinct < FEWEST_FOR_TRIAL) return undefined;
  if (ngrams.division.method !== 'cross-validation') return ngrams.division;
  const division = context.division('slow')!;
  // With few examples a share is enough to see whether an encoder is worth it.
  return division.method === 'cross-validation'
    ? shareIfAny(context.request.examples, 0.25, context.request.seed)
    : division;
}

/**
 * Trains the encoder on the rows that are not held out. It is the one that is kept if it wins: one
 * that learned from all rows in its place could not be measured.
 */
async function tryEncoder(
  context: TrainingContext,
  plan: EncoderPlan,
  division: Division,
  ngrams: NgramsTrained,
): Promise<Trial> {
  const { life, training } = context.request;
  const around = (part: EncoderPart) => new ClassifierModel(ngrams.model, part, UNDECIDED);
  const result = await trainKept(context, plan, division, around);
  const part = life.parts!.model.encoder!;
  const rows = rowsOf(division);
  const logits = await heldLogits(part, context, rows, training.signal, life.checkAlive);
  return { part, training: result, logits };
}

/** Trains both parts of a classifier further. How much each counts stays, and the sum is calibrated. */
export async function trainBoth(
  context: TrainingContext,
  previous: NgramsClassifier,
  encoder: EncoderPart,
  mixture: Mixture,
): Promise<Outcome> {
  const ngrams = await trainNgrams(context, previous.config, previous);
  const division = trialDivision(context, ngrams);
  const training = await trainKept(context, undefined, division);
  const outcome = {
    training,
    choice: { encoder: `ngrams and ${encoder.model.config.type}`, reason: 'as it was' },
    warnings: [],
    used: {
      ...ngramsUsed(ngrams),
      ...encoderUsed(encoder, optionsOf(context, undefined, division)),
    },
  };
  // At once: a training that is stopped below has its two parts together.
  adopt(context, new ClassifierModel(ngrams.model, encoder, mixture));
  if (!division) return { ...outcome, measured: undefined };
  const rows = rowsOf(division);
  const { life, training: given } = context.request;
  const fromEncoder = await heldLogits(encoder, context, rows, given.signal, life.checkAlive);
  const fromNgrams = Array.from(rows, (row) => ngrams.logits[row]!);
  const mixed = mixLogits(fromNgrams, fromEncoder, mixture);
  const targets = measuredTargets(context, division);
  const { temperature } = fitCalibration(mixed, targets, context.multiLabel);
  const calibrated = {
    ngrams: mixture.ngrams / temperature,
    encoder: mixture.encoder / temperature,
  };
  adopt(context, new ClassifierModel(ngrams.model, encoder, calibrated));
  return {
    ...outcome,
    measured: {
      division,
      rows,
      logits: mixLogits(fromNgrams, fromEncoder, calibrated),
      ngrams: fromNgrams,
    },
  };
}

function nameOf({ share }: MixtureFound): string {
  return share === 0 ? 'ngrams' : share === 1 ? 'transformer' : 'ngrams and transformer';
}

const tooFew = ({ distinct }: TrainingContext) =>
  `the data has ${distinct} different ${distinct === 1 ? 'text' : 'texts'}; a Transformer is tried from ${FEWEST_FOR_TRIAL} on, where some are held out`;

function reasonOf({ share, losses }: MixtureFound, rows: number): string {
  const [ngrams, encoder, chosen] = [losses.ngrams, losses.encoder, losses.chosen].map((loss) =>
    loss.toFixed(3),
  );
  const on = `on ${rows} held-out rows`;
  if (share === 0) {
    return `with a Transformer no more answers are right ${on}, or only by chance (loss of the n-gram model ${ngrams}, of the Transformer ${encoder})`;
  }
  if (share === 1)
    return `the Transformer has the lower loss ${on}: ${encoder}; n-gram model ${ngrams}`;
  return `their average has the lowest loss ${on}: ${chosen}; n-gram model ${ngrams}, Transformer ${encoder}`;
}

/** Options of the Transformer, where none is tried. */
function unusedOptions({ request, distinct }: TrainingContext): TrainingWarning[] {
  const { tokenizer, maxLength, truncationSide } = request.options;
  const ofEncoder = Object.entries({ tokenizer, maxLength, truncationSide });
  const names = [
    ...loopOptions(request.training),
    ...ofEncoder.flatMap(([name, value]) => (value === undefined ? [] : [name])),
  ];
  if (names.length === 0) return [];
  return [
    {
      code: 'UNUSED_OPTIONS',
      message: `Not used: ${names.join(', ')}. ${names.length === 1 ? 'It is' : 'They are'} for a Transformer, and none is tried with ${distinct} different texts. For one all the same, create the classifier with encoder: 'transformer'.`,
    },
  ];
}

const diverged = ({ message }: AnyformerError): TrainingWarning => ({
  code: 'DIVERGED',
  message: `The training of the Transformer diverged, and the n-gram model is kept. ${message}`,
});
