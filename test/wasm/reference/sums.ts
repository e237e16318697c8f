/** Scalar float64 sums. */

type Numbers = ArrayLike<number>;

export function columnSums(x: Numbers, D: number): number[] {
  const y = new Array<number>(D).fill(0);
  for (let i = 0; i < x.length; i++) y[i % D]! += x[i]!;
  return y;
}

export function rowSums(x: Numbers, D: number): number[] {
  const y = new Array<number>(x.length / D).fill(0);
  for (let i = 0; i < x.length; i++) y[Math.floor(i / D)]! += x[i]!;
  return y;
}

export function sumOfSquares(x: Numbers): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! ** 2;
  return sum;
}
