/** The kind of a warning. Use it in programs: the text of a warning may change, its code does not. */
export type WarningCode =
  | 'ROWS_LEFT_OUT' // rows of the file that hold no example
  | 'FEW_EXAMPLES' // a label with too few examples to learn or to measure
  | 'CONFLICTING_LABELS' // the same text under different labels
  | 'HELD_OUT_REPEATS' // validation data that repeats training texts
  | 'NO_BETTER_THAN_GUESSING' // held-out accuracy that a constant answer reaches, too
  | 'DIVERGED' // a loss that rose instead of falling
  | 'UNUSED_OPTIONS'; // options of a model that was not trained

/** A result with warnings: that of a training or an evaluation. */
export interface Warned {
  /** Warnings about the data or the training, such as rows that were left out; empty if there are none. */
  readonly warnings: readonly TrainingWarning[];
}

/**
 * A warning about the data or the training. `train` and `evaluate` return them; the command line
 * prints them.
 */
export interface TrainingWarning {
  /** The kind of the warning. */
  readonly code: WarningCode;
  /** The warning as a sentence, with the numbers and what to do. */
  readonly message: string;
}
