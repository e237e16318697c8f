import type { OnProgress } from '../../core/progress.ts';
import type { TrainingResult } from '../../train/trainer.ts';
import type { Options, Values } from '../options.ts';
import type { Output } from '../output.ts';

/** What a run of `anyformer train` hands to its task. */
export interface TrainingRun {
  readonly values: Values<Options>;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress | undefined;
  /** The table to learn from, and the one to validate on. */
  readonly data: string;
  readonly validationData: string | undefined;
  /** A saved model to train further, in place of a new one. */
  readonly from: string | undefined;
  /** Where the model is saved. */
  readonly folder: string;
  /** Where checkpoints go on the way. */
  readonly checkpoints: string;
  readonly resume: boolean;
}

/** How a command asks a model. */
export interface Asked {
  readonly values: Values<Options>;
  readonly output: Output;
  readonly signal: AbortSignal;
}

export interface Prediction {
  /** What `--json` prints of it. */
  readonly json: object;
  /** What a person reads before the text. */
  readonly plain: string;
}

/** A model to ask. */
export interface LoadedModel {
  /** One answer for each text. */
  predict(texts: readonly string[], asked: Asked): Promise<readonly Prediction[]>;
  /** Measures it on a table; `plain` is the report for people. */
  evaluate(data: string, asked: Asked): Promise<Prediction>;
  dispose(): void;
}

/** What the commands need of a task: one file and one row in the registry. */
export interface Task {
  /** Hugging Face's name of it. */
  readonly name: string;
  /** Which models are of it, by `architectures` in their config.json. */
  readonly architecture: RegExp;
  /** How its table is read. */
  readonly dataOptions: Options;
  /** What a new model is made of, by the headings of the help; a saved one has it already. */
  readonly createOptions: Readonly<Record<string, Options>>;
  readonly predictOptions: Options;
  /** Those of `evaluate` besides `dataOptions`. */
  readonly evaluateOptions: Options;
  train(run: TrainingRun): Promise<TrainingResult>;
  load(model: string, signal: AbortSignal, onProgress?: OnProgress): Promise<LoadedModel>;
}
