import { optimizerNames } from '../train/optimizers/createOptimizer.ts';
import { lrSchedulerTypes } from '../train/schedules.ts';
import { boolean, number, object, text } from './options.ts';

/** A default that text-classification chooses by the data, and the other tasks do not. */
export const followsData = (others: number) =>
  `Default: text-classification follows the data; else ${others}`;

/** The options of the training loop: what they mean is in train/trainingOptions.ts. */
export const trainingFlags = {
  epochs: number(`Passes over the data. ${followsData(1)}`),
  maxSteps: number('Train for this many steps, instead of --epochs'),
  batchSize: number(`Examples in a batch. ${followsData(32)}`),
  gradientAccumulationSteps: number('Batches in one step. Default: 1'),
  shuffle: boolean(
    'A new order of the data in every epoch; --no-shuffle turns it off. Default: true',
  ),
  seed: number('Seed of the initial weights, shuffling, dropout and the split. Default: 42'),
  gradientCheckpointing: boolean('Use less memory for about a third more time. Default: false'),
  optimizer: text(`The optimizer: ${optimizerNames.join(', ')}. Default: adamw`, 'NAME'),
  learningRate: number(`The highest learning rate; the schedule scales it. ${followsData(0.001)}`),
  weightDecay: number('Weight decay; biases and norms have none. Default: 0'),
  adamBeta1: number('adamw and adam only: decay of the mean of the gradients. Default: 0.9'),
  adamBeta2: number('adamw and adam only: decay of the mean of their squares. Default: 0.999'),
  adamEpsilon: number('adamw and adam only: avoids a division by 0. Default: 1e-8'),
  momentum: number('sgd only: momentum. Default: 0'),
  nesterov: boolean('sgd only: Nesterov momentum. Default: false'),
  maxGradNorm: number('Clip the global norm of the gradients; 0 turns it off. Default: 1'),
  lrSchedulerType: text(
    `How the learning rate changes: ${lrSchedulerTypes.join(', ')}. Default: linear`,
    'NAME',
  ),
  warmupSteps: number('Steps in which the learning rate rises from 0. Default: 0'),
  warmupRatio: number('The same as a share of all steps, instead of --warmup-steps'),
  labelSmoothingFactor: number(
    'Share of the target probability that is spread over all classes. Default: 0',
  ),
  classWeight: object('Weights of the labels in the loss: \'{"spam": 2}\'. Default: 1 each'),
  evalStrategy: text(
    'When to evaluate: no, steps or epoch. Default: epoch with validation data, else no',
    'NAME',
  ),
  evalSteps: number('Steps between evaluations. Default: --logging-steps'),
  metricForBestModel: text('The metric that tells which weights are best. Default: loss', 'NAME'),
  greaterIsBetter: boolean(
    'Whether a higher metric is better. Default: false for a loss, else true',
  ),
  loadBestModelAtEnd: boolean(
    'Save the best weights, not the last. Default: true with --early-stopping-patience',
  ),
  earlyStoppingPatience: number(
    'Stop after this many evaluations without a better metric. Default: never',
  ),
  saveStrategy: text('When to save a checkpoint: no, steps or epoch. Default: epoch', 'NAME'),
  saveSteps: number('Steps between checkpoints. Default: 500'),
  loggingSteps: number('Steps between entries of the log. Default: 500'),
};
