/** Scalar float64 embedding lookup and sum by segment. */

type Numbers = ArrayLike<number>;

export function embedding(
  embeddings: Numbers,
  ids: Numbers,
  positions: Numbers | undefined,
  D: number,
): number[] {
  return Array.from({ length: ids.length * D }, (_, i) => {
    const row = Math.floor(i / D);
    return embeddings[ids[row]! * D + (i % D)]! + (positions?.[i % positions.length] ?? 0);
  });
}

export function segmentSum(x: Numbers, ids: Numbers, segments: number, D: number): number[] {
  const y = new Array<number>(segments * D).fill(0);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= segments) continue;
    for (let j = 0; j < D; j++) y[id * D + j]! += x[row * D + j]!;
  }
  return y;
}
