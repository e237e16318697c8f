import { erf } from './activation.ts';

/** The x in (-6, 6) with erf(x) = y, by bisection in float64. */
export function inverseErf(y: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (erf(middle) < y) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
