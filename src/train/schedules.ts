/** The names of the schedules, HF's `lr_scheduler_type`. */
export const lrSchedulerTypes = [
  'linear',
  'cosine',
  'constant',
  'constant_with_warmup',
  'inverse_sqrt',
] as const;

/** How the learning rate changes during the training. */
export type LrSchedulerType = (typeof lrSchedulerTypes)[number];

export interface Schedule {
  readonly type: LrSchedulerType;
  /** Steps over which the factor rises from 0 to 1. */
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/** HF's, for inverse_sqrt without warm-up. */
const DEFAULT_TIMESCALE = 10_000;

/**
 * The factor on the learning rate at `step`, counted from 0 before the update:
 * - warm-up, all but `constant`: `step / warmupSteps` while `step < warmupSteps`;
 * - `constant`, `constant_with_warmup`: 1;
 * - `linear`: `(total - step) / (total - warmup)`, down to 0;
 * - `cosine`: `(1 + cos(pi (step - warmup) / (total - warmup))) / 2`, down to 0;
 * - `inverse_sqrt`: `sqrt(t / (step - warmup + t))` with `t = warmup`, or 10,000 without warm-up.
 *
 * A pure function of the step: a resumed run needs no other state.
 *
 * @example
 * learningRateFactor({ type: 'linear', warmupSteps: 10, totalSteps: 110 }, 60); // 0.5
 *
 * @see https://huggingface.co/docs/transformers/main_classes/optimizer_schedules
 */
export function learningRateFactor(schedule: Schedule, step: number): number {
  const { type, warmupSteps, totalSteps } = schedule;
  if (type === 'constant') return 1;
  if (step < warmupSteps) return step / warmupSteps;
  const decaySteps = Math.max(1, totalSteps - warmupSteps);
  switch (type) {
    case 'constant_with_warmup':
      return 1;
    case 'linear':
      return Math.max(0, (totalSteps - step) / decaySteps);
    case 'cosine': {
      const progress = Math.min(1, (step - warmupSteps) / decaySteps);
      return 0.5 * (1 + Math.cos(Math.PI * progress));
    }
    case 'inverse_sqrt': {
      const timescale = warmupSteps || DEFAULT_TIMESCALE;
      return Math.sqrt(timescale / (step - warmupSteps + timescale));
    }
  }
}

/** Whether the factor at a step depends on how long the training is. */
export function dependsOnTotalSteps(type: LrSchedulerType): boolean {
  return type === 'linear' || type === 'cosine';
}
