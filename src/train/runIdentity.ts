import type * as tf from '@tensorflow/tfjs-core';
import { mixSeeds } from '../core/random.ts';
import type { RunIdentity } from './checkpoint.ts';
import { dependsOnTotalSteps, type Schedule } from './schedules.ts';
import type { IndexBatch } from './trainable.ts';
import type { ResolvedTrainingOptions } from './trainingOptions.ts';

/** The options that change the course of a run. The others may differ when it is resumed. */
const OPTIONS = [
  'batchSize',
  'gradientAccumulationSteps',
  'shuffle',
  'seed',
  'optimizer',
  'learningRate',
  'weightDecay',
  'adamBeta1',
  'adamBeta2',
  'adamEpsilon',
  'momentum',
  'nesterov',
  'maxGradNorm',
  'lrSchedulerType',
  'labelSmoothingFactor',
  'classWeight',
  'metricForBestModel',
  'greaterIsBetter',
  'loadBestModelAtEnd',
] as const satisfies readonly (keyof ResolvedTrainingOptions)[];

/** The options, model and data of a run, as far as its course depends on them. */
export function runIdentity(
  options: ResolvedTrainingOptions,
  schedule: Schedule,
  variables: ReadonlyMap<string, tf.Variable>,
  firstEpoch: readonly IndexBatch[],
): RunIdentity {
  const identity: Record<string, unknown> = {};
  for (const name of OPTIONS) {
    if (options[name] !== undefined) identity[name] = options[name];
  }
  // A constant rate does not know how long the training is: it may be resumed for longer.
  if (dependsOnTotalSteps(schedule.type)) identity.totalSteps = schedule.totalSteps;
  identity.warmupSteps = schedule.warmupSteps;
  identity.numberOfParameters = countParameters(variables);
  identity.numberOfBatches = firstEpoch.length;
  identity.numberOfExamples = firstEpoch.reduce((sum, batch) => sum + batch.length, 0);
  identity.fingerprintOfBatches = fingerprint(firstEpoch);
  return identity;
}

function countParameters(variables: ReadonlyMap<string, tf.Variable>): number {
  return [...variables.values()].reduce((sum, variable) => sum + variable.size, 0);
}

/** One number for which examples stand in which batch, in which order. */
function fingerprint(batches: readonly IndexBatch[]): number {
  let hash = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch.length; i++) hash = mixSeeds(hash, batch[i]!);
    hash = mixSeeds(hash, batch.length);
  }
  return hash;
}
