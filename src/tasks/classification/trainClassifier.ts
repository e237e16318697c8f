import { isUndecided, trainAuto, trainBoth } from './autoTraining.ts';
import { trainEncoder } from './encoderOutcome.ts';
import { trainLinear } from './linearTraining.ts';
import { TrainingContext, type TrainingRequest } from './trainingContext.ts';
import { type ClassifierTrainingResult, type Outcome, resultOf } from './trainingResult.ts';

/** Trains a classifier's model, new or further, and measures it on rows it has not learned from. */
export async function trainClassifier(request: TrainingRequest): Promise<ClassifierTrainingResult> {
  const context = new TrainingContext(request);
  return resultOf(context, await outcomeOf(context));
}

function outcomeOf(context: TrainingContext): Promise<Outcome> {
  const { life, options } = context.request;
  const { choice } = options;
  if (life.parts && isUndecided(life.parts.model)) life.forget();
  const previous = life.parts?.model;
  if (previous?.encoder && previous.ngrams) {
    return trainBoth(context, previous.ngrams, previous.encoder, previous.mixture);
  }
  if (previous?.encoder) return trainEncoder(context, undefined);
  if (previous?.ngrams) return trainLinear(context, previous.ngrams.config, previous.ngrams);
  if (choice.type === 'auto') return trainAuto(context);
  if (choice.type === 'ngrams') return trainLinear(context, choice.config);
  return trainEncoder(context, choice.encoder);
}
