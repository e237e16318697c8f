export function loadWords(): { source: string; target: string }[];

export function editDistance(from: readonly string[], to: readonly string[]): number;

export function errorRates(
  predictions: readonly string[],
  targets: readonly string[],
): { phonemeErrorRate: number; wordErrorRate: number };
