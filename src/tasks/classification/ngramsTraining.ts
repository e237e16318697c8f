import type { NgramsClassifier } from '../../models/ngrams/ngramsClassifier.ts';
import { type NgramsConfig, parseNgramsConfig } from '../../models/ngrams/ngramsConfig.ts';
import { classWeightVector } from '../../train/classWeights.ts';
import { type Division, rowsOf } from './heldOut.ts';
import { NgramsLearner } from './learnNgrams.ts';
import { targetsAt } from './targets.ts';
import type { TrainingContext } from './trainingContext.ts';

/** Where there is nothing to compare the candidates on. */
const USUAL_C = 0.3;

/** A trained n-gram model, and what it says of the rows that are measured. */
export interface NgramsTrained {
  readonly model: NgramsClassifier;
  readonly division: Division | undefined;
  /** (rows) by models that have not learned from them; by row number, empty elsewhere. */
  readonly logits: readonly Float32Array[];
  readonly C: number;
  readonly passes: number;
  /** Logits of the rows it has learned from. */
  readonly fitted: readonly Float32Array[];
  /** Logits of the rows that a division holds out, by a model of all the others; by row number. */
  readonly logitsHeldOut: (division: Division) => Promise<readonly Float32Array[]>;
}

/**
 * Trains an n-gram model. Where the user names no rows to hold out, it is measured by
 * cross-validation, and learns from all examples in the end.
 *
 * @param previous a model to train further.
 */
export async function trainNgrams(
  context: TrainingContext,
  config: NgramsConfig,
  previous?: NgramsClassifier,
): Promise<NgramsTrained> {
  const { request, labels, multiLabel, count, slow } = context;
  const { classWeight } = request.training;
  const learner = await NgramsLearner.read(
    {
      texts: context.texts.slice(0, count),
      targets: request.targets,
      labels,
      multiLabel,
      ...(classWeight && { classWeights: classWeightVector(classWeight, labels) }),
    },
    config,
    request.seed,
    slow,
    previous,
  );
  const wanted = config.C ?? previous?.config.C;
  const division = context.division('quick');
  const isGiven = division?.method === 'validationData';
  const inner = isGiven ? context.innerFolds() : division;
  const found = inner && (await learner.crossValidate(inner.folds.subarray(0, count), wanted));
  const C = found?.C ?? wanted ?? USUAL_C;
  // A share that the user holds out is not learned from; what is chosen here is, in the end.
  const learn = division?.method === 'split' ? rowsOf(division, -1) : undefined;
  const model = await learner.fit(C, learn);
  const logits: Float32Array[] = isGiven ? [] : (found?.logits ?? []);
  if (isGiven) {
    for (const row of rowsOf(division)) logits[row] = model.logits(context.texts[row]!);
  }
  return {
    ...{ model, division, logits, C, passes: learner.passes, fitted: learner.logits(model) },
    logitsHeldOut: async (other) =>
      other === division ? logits : (await learner.crossValidate(other.folds, C)).logits,
  };
}

/** The n-gram model of default options as a yardstick: its logits of the rows that are measured. */
export async function ngramsYardstick(
  context: TrainingContext,
  division: Division,
): Promise<Float32Array[]> {
  const { request, labels, multiLabel, count, slow, texts } = context;
  const learner = await NgramsLearner.read(
    { texts: texts.slice(0, count), targets: request.targets, labels, multiLabel },
    parseNgramsConfig({ type: 'ngrams' }),
    request.seed,
    slow,
  );
  if (division.method === 'validationData') {
    const model = await learner.fit(USUAL_C);
    return Array.from(rowsOf(division), (row) => model.logits(texts[row]!));
  }
  const { logits } = await learner.crossValidate(division.folds, USUAL_C);
  return Array.from(rowsOf(division), (row) => logits[row]!);
}

/** The targets of the rows that are measured. */
export const measuredTargets = ({ targets, labels }: TrainingContext, division: Division) =>
  targetsAt(targets, rowsOf(division), labels.length);
