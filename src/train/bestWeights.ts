import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../core/errors.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { copyInto, copyVariables } from './tensorValues.ts';
import type { ResolvedTrainingOptions } from './trainingOptions.ts';
import type { TrainingState } from './trainingState.ts';

type Options = Pick<
  ResolvedTrainingOptions,
  'metricForBestModel' | 'greaterIsBetter' | 'loadBestModelAtEnd' | 'earlyStoppingPatience'
>;

/** Watches the metric: keeps a copy of the best weights and says when to stop early. */
export class BestWeights {
  constructor(
    private readonly variables: ReadonlyMap<string, tf.Variable>,
    private readonly options: Options,
    /** Outside of the WebAssembly heap. */
    public copy: ReadonlyMap<string, SafeTensor> | undefined = undefined,
  ) {}

  /** Takes in the results of an evaluation after `state.globalStep` updates. */
  evaluated(metrics: Readonly<Record<string, number>>, state: TrainingState): void {
    const { metricForBestModel, greaterIsBetter, loadBestModelAtEnd, earlyStoppingPatience } =
      this.options;
    const value = metrics[metricForBestModel];
    if (value === undefined) {
      const asked = loadBestModelAtEnd || earlyStoppingPatience || metricForBestModel !== 'loss';
      if (!asked) return;
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `metricForBestModel ${show(metricForBestModel)} is not among the metrics of the evaluation: ${Object.keys(metrics).join(', ')}.`,
      );
    }
    const best = state.bestMetric;
    // NaN is never better: both comparisons are false.
    const isFirst = best === undefined && !Number.isNaN(value);
    if (isFirst || (greaterIsBetter ? value > best! : value < best!)) {
      state.bestMetric = value;
      state.bestStep = state.globalStep;
      state.evaluationsSinceBest = 0;
      if (loadBestModelAtEnd) this.copy = copyVariables(this.variables);
      return;
    }
    state.evaluationsSinceBest++;
    state.stoppedEarly = state.evaluationsSinceBest >= (earlyStoppingPatience ?? Infinity);
  }

  /** Puts the best weights back into the variables. */
  restore(): void {
    for (const [name, tensor] of this.copy ?? []) {
      const variable = this.variables.get(name);
      if (variable) copyInto(variable, tensor);
    }
  }
}
