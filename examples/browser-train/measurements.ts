import type { Progress } from 'anyformer';

/** What a training has shown so far, for its curves. */
export interface Measurements {
  readonly steps: number[];
  readonly losses: number[];
  readonly evaluatedSteps: number[];
  /** On the texts that are held out. */
  readonly accuracies: number[];
}

export const noMeasurements = (): Measurements => ({
  steps: [],
  losses: [],
  evaluatedSteps: [],
  accuracies: [],
});

/** Adds what a report of the training has new. A resumed training makes some updates again. */
export function measure(measurements: Measurements, { step, loss, metrics }: Progress): void {
  const { steps, losses, evaluatedSteps, accuracies } = measurements;
  // An evaluation is reported by its update once more, now with what it has found.
  const isEvaluation = steps.at(-1) === step && metrics !== undefined;
  dropFrom(step, steps, losses);
  steps.push(step);
  losses.push(loss!);
  if (!isEvaluation) return;
  dropFrom(step, evaluatedSteps, accuracies);
  evaluatedSteps.push(step);
  accuracies.push(metrics.accuracy!);
}

function dropFrom(step: number, steps: number[], values: number[]): void {
  while (steps.length > 0 && steps.at(-1)! >= step) {
    steps.pop();
    values.pop();
  }
}
