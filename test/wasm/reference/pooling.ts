/** Scalar float64 pooling over time; `kept(b, t)` says which rows count. */

type Numbers = ArrayLike<number>;

export interface Sequences {
  readonly B: number;
  readonly T: number;
  readonly D: number;
  readonly kept: (b: number, t: number) => boolean;
}

function keptTimes({ T, kept }: Sequences, b: number): number[] {
  return Array.from({ length: T }, (_, t) => t).filter((t) => kept(b, t));
}

export function maskedMean(x: Numbers, sequences: Sequences): number[] {
  const { B, T, D } = sequences;
  return Array.from({ length: B * D }, (_, i) => {
    const [b, j] = [Math.floor(i / D), i % D];
    const times = keptTimes(sequences, b);
    const sum = times.reduce((total, t) => total + x[(b * T + t) * D + j]!, 0);
    return sum / Math.max(times.length, 1);
  });
}

export function maskedMeanGrad(dy: Numbers, sequences: Sequences): number[] {
  const { B, T, D, kept } = sequences;
  return Array.from({ length: B * T * D }, (_, i) => {
    const [b, t, j] = [Math.floor(i / D / T), Math.floor(i / D) % T, i % D];
    return kept(b, t) ? dy[b * D + j]! / keptTimes(sequences, b).length : 0;
  });
}

/** The time of the first NaN, or else of the first largest number; -1 where nothing is kept. */
export function maskedMaxPlaces(x: Numbers, sequences: Sequences): number[] {
  const { B, T, D } = sequences;
  return Array.from({ length: B * D }, (_, i) => {
    const [b, j] = [Math.floor(i / D), i % D];
    const times = keptTimes(sequences, b);
    const values = times.map((t) => x[(b * T + t) * D + j]!);
    const firstNaN = values.findIndex(Number.isNaN);
    return times[firstNaN >= 0 ? firstNaN : values.indexOf(Math.max(...values))] ?? -1;
  });
}

export function maskedMax(x: Numbers, sequences: Sequences): number[] {
  const { T, D } = sequences;
  return maskedMaxPlaces(x, sequences).map((t, i) =>
    t < 0 ? 0 : x[(Math.floor(i / D) * T + t) * D + (i % D)]!,
  );
}

export function maskedMaxGrad(dy: Numbers, places: Numbers, { B, T, D }: Sequences): number[] {
  const dx = new Array<number>(B * T * D).fill(0);
  for (let i = 0; i < B * D; i++) {
    const t = places[i]!;
    if (t >= 0) dx[(Math.floor(i / D) * T + t) * D + (i % D)] = dy[i]!;
  }
  return dx;
}
