/** One entry of the log: of training, or of an evaluation. */
export interface LogEntry {
  /** Updates done. */
  readonly step: number;
  /** Epochs done, with a fraction. */
  readonly epoch: number;
  /** Mean loss of the updates since the entry before. */
  readonly loss?: number;
  /** Of the last update, as is the norm of its gradient before clipping. */
  readonly learningRate?: number;
  readonly gradNorm?: number;
  /** Results of an evaluation, in place of the three above. */
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
