import type { LogitsProcessor } from '../logitsProcessor.ts';

/** scores / temperature: below 1 the likely become likelier, above 1 less so. */
export function temperature(value: number): LogitsProcessor {
  return (_, scores) => {
    for (let i = 0; i < scores.length; i++) scores[i]! /= value;
  };
}
