import { optimizerNames } from '../train/optimizers/createOptimizer.ts';
import { lrSchedulerTypes } from '../train/schedules.ts';
import { boolean, number, object, text } from './options.ts';

/** The options of the training loop: what they mean is in train/trainingOptions.ts. */
export const trainingFlags = {
  epochs: number('Passes over the data. Default: 1'),
  maxSteps: number('Updates in all, in place of --epochs'),
  batchSize: number('Examples in a batch. Default: 32'),
  gradientAccumulationSteps: number('Batches that one update is made of. Default: 1'),
  shuffle: boolean('Every epoch in an order of its own; or --no-shuffle. Default: true'),
  seed: number('Of the first weights, shuffling, dropout and the split. Default: 42'),
  gradientCheckpointing: boolean('Less memory for about a third more time'),
  optimizer: text(`${optimizerNames.join(', ')}. Default: adamw`, 'NAME'),
  learningRate: number('The peak, which the schedule scales. Default: 0.001'),
  weightDecay: number('Not on biases and norms. Default: 0'),
  adamBeta1: number('Default: 0.9'),
  adamBeta2: number('Default: 0.999'),
  adamEpsilon: number('Default: 1e-8'),
  momentum: number('Of sgd. Default: 0'),
  nesterov: boolean('Of sgd'),
  maxGradNorm: number('The global norm that gradients are clipped at; 0 clips nothing. Default: 1'),
  lrSchedulerType: text(`${lrSchedulerTypes.join(', ')}. Default: linear`, 'NAME'),
  warmupSteps: number('Updates over which the learning rate rises from 0. Default: 0'),
  warmupRatio: number('The same as a share of all updates'),
  labelSmoothingFactor: number('Share of the target spread over all classes. Default: 0'),
  classWeight: object('Weight in the loss by label: \'{"spam": 2}\'. Default: 1 each'),
  evalStrategy: text('no, steps or epoch. Default: epoch with something to validate on', 'NAME'),
  evalSteps: number('Updates between evaluations'),
  metricForBestModel: text('The metric that tells the best weights. Default: loss', 'NAME'),
  greaterIsBetter: boolean('Whether more of it is better. Default: not for a loss'),
  loadBestModelAtEnd: boolean('Save the best weights. Default: true with early stopping'),
  earlyStoppingPatience: number(
    'Evaluations without a better metric before it stops. Default: never',
  ),
  saveStrategy: text('When to save a checkpoint: no, steps or epoch. Default: epoch', 'NAME'),
  saveSteps: number('Updates between checkpoints'),
  loggingSteps: number('Updates between entries of the log. Default: 500'),
};
