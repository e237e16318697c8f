import { sumOfSquares } from '../kernels/sumOfSquares.ts';
import type { Trainable } from './trainable.ts';

/** Whether a weight is NaN or Infinity, from where no training comes back. */
export function hasOverflowed({ variables }: Pick<Trainable<never>, 'variables'>): boolean {
  return [...variables.values()].some((weights) => !Number.isFinite(sumOfSquares(weights)));
}
