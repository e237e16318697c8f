/** Scalar float64 layer and root-mean-square normalization over the last axis. */

type Numbers = ArrayLike<number>;

function rows<T>(N: number, each: (row: number) => T): T[] {
  return Array.from({ length: N }, (_, row) => each(row));
}

export function layerNormStats(x: Numbers, N: number, D: number, epsilon: number): number[] {
  return rows(N, (row) => {
    let mean = 0;
    for (let j = 0; j < D; j++) mean += x[row * D + j]! / D;
    let variance = 0;
    for (let j = 0; j < D; j++) variance += (x[row * D + j]! - mean) ** 2 / D;
    return [mean, 1 / Math.sqrt(variance + epsilon)];
  }).flat();
}

export function layerNorm(
  x: Numbers,
  gamma: Numbers,
  beta: Numbers,
  N: number,
  D: number,
  epsilon: number,
): number[] {
  const stats = layerNormStats(x, N, D, epsilon);
  return Array.from({ length: N * D }, (_, i) => {
    const row = Math.floor(i / D);
    return (x[i]! - stats[2 * row]!) * stats[2 * row + 1]! * gamma[i % D]! + beta[i % D]!;
  });
}

export function layerNormGrad(
  x: Numbers,
  dy: Numbers,
  gamma: Numbers,
  N: number,
  D: number,
  epsilon: number,
): { dx: number[]; dgamma: number[]; dbeta: number[] } {
  const stats = layerNormStats(x, N, D, epsilon);
  const [dx, dgamma, dbeta] = [N * D, D, D].map((n) => new Array<number>(n).fill(0)) as [
    number[],
    number[],
    number[],
  ];
  for (let row = 0; row < N; row++) {
    const [mean, inverse] = [stats[2 * row]!, stats[2 * row + 1]!];
    let [sum, dot] = [0, 0];
    for (let j = 0; j < D; j++) {
      const hat = (x[row * D + j]! - mean) * inverse;
      const d = dy[row * D + j]!;
      sum += d * gamma[j]!;
      dot += d * gamma[j]! * hat;
      dgamma[j]! += d * hat;
      dbeta[j]! += d;
    }
    for (let j = 0; j < D; j++) {
      const hat = (x[row * D + j]! - mean) * inverse;
      dx[row * D + j] = inverse * (dy[row * D + j]! * gamma[j]! - sum / D - (hat * dot) / D);
    }
  }
  return { dx, dgamma, dbeta };
}

export function rmsNormInverses(x: Numbers, N: number, D: number, epsilon: number): number[] {
  return rows(N, (row) => {
    let square = 0;
    for (let j = 0; j < D; j++) square += x[row * D + j]! ** 2 / D;
    return 1 / Math.sqrt(square + epsilon);
  });
}

export function rmsNorm(
  x: Numbers,
  gamma: Numbers,
  N: number,
  D: number,
  epsilon: number,
): number[] {
  const inverses = rmsNormInverses(x, N, D, epsilon);
  return Array.from(
    { length: N * D },
    (_, i) => x[i]! * inverses[Math.floor(i / D)]! * gamma[i % D]!,
  );
}

export function rmsNormGrad(
  x: Numbers,
  dy: Numbers,
  gamma: Numbers,
  N: number,
  D: number,
  epsilon: number,
): { dx: number[]; dgamma: number[] } {
  const inverses = rmsNormInverses(x, N, D, epsilon);
  const dx = new Array<number>(N * D).fill(0);
  const dgamma = new Array<number>(D).fill(0);
  for (let row = 0; row < N; row++) {
    const inverse = inverses[row]!;
    let dot = 0;
    for (let j = 0; j < D; j++) {
      const hat = x[row * D + j]! * inverse;
      dot += dy[row * D + j]! * gamma[j]! * hat;
      dgamma[j]! += dy[row * D + j]! * hat;
    }
    for (let j = 0; j < D; j++) {
      const hat = x[row * D + j]! * inverse;
      dx[row * D + j] = inverse * (dy[row * D + j]! * gamma[j]! - (hat * dot) / D);
    }
  }
  return { dx, dgamma };
}
