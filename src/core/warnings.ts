/** What a warning is about, for programs. Its text is for people and may change. */
export type WarningCode =
  | 'ROWS_LEFT_OUT' // rows of the file that hold no example
  | 'FEW_EXAMPLES' // a label with too few examples to learn or to measure
  | 'CONFLICTING_LABELS' // the same text under different labels
  | 'HELD_OUT_REPEATS' // validation data that repeats training texts
  | 'NO_BETTER_THAN_GUESSING' // held-out accuracy that a constant answer reaches, too
  | 'DIVERGED' // a loss that rose instead of falling
  | 'UNUSED_OPTIONS'; // options of a model that was not trained

/** What comes with warnings: the result of a training, the report of an evaluation. */
export interface Warned {
  /** What a person should know of the data, such as rows that were left out. Empty where all is well. */
  readonly warnings: readonly TrainingWarning[];
}

/**
 * Something about the data or the training that a person should know. `train` returns them, the
 * command line prints them.
 */
export interface TrainingWarning {
  readonly code: WarningCode;
  /** A plain sentence with the numbers, and what to do. */
  readonly message: string;
}
