/** One entry of the training log: the state of the training, or the result of an evaluation. */
export interface LogEntry {
  /** The number of updates done. */
  readonly step: number;
  /** The number of epochs done, with a fraction. */
  readonly epoch: number;
  /** The mean loss of the updates since the previous entry. */
  readonly loss?: number;
  /** The learning rate of the last update. */
  readonly learningRate?: number;
  /** The global norm of the last update's gradients, before clipping. */
  readonly gradNorm?: number;
  /** The results of an evaluation, by the name of the metric; the three members above are then absent. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * Where a run stands: with the weights and the optimizer's moments all that a resumed run needs.
 * Shuffling and dropout have no state of their own, their seeds are made from the option `seed` and
 * the positions here.
 */
export interface TrainingState {
  /** Updates done. */
  globalStep: number;
  /** The next batch: its epoch, and its place in it. */
  epoch: number;
  batch: number;
  logHistory: LogEntry[];
  /** Sum of the losses of all updates, and of those that are not in the log yet. */
  lossSum: number;
  unloggedLossSum: number;
  loggedStep: number;
  /** The updates after which the latest evaluation and checkpoint were made. */
  evaluatedStep: number;
  savedStep: number;
  /** The best value of `metricForBestModel`, and after which update. */
  bestMetric: number | undefined;
  bestStep: number | undefined;
  /** Evaluations in a row that were no better. */
  evaluationsSinceBest: number;
  stoppedEarly: boolean;
}

export function initialState(): TrainingState {
  return {
    globalStep: 0,
    epoch: 0,
    batch: 0,
    logHistory: [],
    lossSum: 0,
    unloggedLossSum: 0,
    loggedStep: 0,
    evaluatedStep: 0,
    savedStep: 0,
    bestMetric: undefined,
    bestStep: undefined,
    evaluationsSinceBest: 0,
    stoppedEarly: false,
  };
}
