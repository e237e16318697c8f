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
  /** Where the model is saved, and checkpoints on the way. */
  readonly folder: string;
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
  /** Those of `train` besides the loop's: the model's size, the columns. */
  readonly trainOptions: Readonly<Record<string, Options>>;
  readonly predictOptions: Options;
  readonly evaluateOptions: Options;
  train(run: TrainingRun): Promise<TrainingResult>;
  load(model: string, signal: AbortSignal, onProgress?: OnProgress): Promise<LoadedModel>;
}
