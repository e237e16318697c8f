/** Scalar float64 softmax, its logarithm and its losses, one row at a time. */

type Numbers = ArrayLike<number>;

export function softmax(x: Numbers): number[] {
  const values = Array.from(x);
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export function logSoftmax(x: Numbers): number[] {
  const values = Array.from(x);
  const largest = Math.max(...values);
  const logOfSum = Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return values.map((value) => value - largest - logOfSum);
}

export function softmaxGrad(y: Numbers, dy: Numbers): number[] {
  let dot = 0;
  for (let j = 0; j < y.length; j++) dot += y[j]! * dy[j]!;
  return Array.from(y, (p, j) => p * (dy[j]! - dot));
}

export function logSoftmaxGrad(y: Numbers, dy: Numbers): number[] {
  const sum = Array.from(dy).reduce((a, b) => a + b, 0);
  return Array.from(y, (log, j) => dy[j]! - Math.exp(log) * sum);
}

/** Targets moved towards the uniform distribution. */
export function smooth(targets: Numbers, smoothing: number): number[] {
  return Array.from(targets, (t) => t * (1 - smoothing) + smoothing / targets.length);
}

export function crossEntropy(logits: Numbers, targets: Numbers): number {
  return logSoftmax(logits).reduce((sum, log, j) => sum - log * targets[j]!, 0);
}

export function crossEntropyGrad(logits: Numbers, targets: Numbers): number[] {
  const total = Array.from(targets).reduce((a, b) => a + b, 0);
  return softmax(logits).map((p, j) => p * total - targets[j]!);
}

export function sigmoidCrossEntropy(x: number, target: number): number {
  return Math.max(x, 0) - x * target + Math.log1p(Math.exp(-Math.abs(x)));
}

export function sigmoidCrossEntropyGrad(x: number, target: number): number {
  return 1 / (1 + Math.exp(-x)) - target;
}

/** The numbers of each row of a matrix with D columns. */
export function rowsOf(x: Float32Array, D: number): Float32Array[] {
  return Array.from({ length: x.length / D }, (_, row) => x.subarray(row * D, (row + 1) * D));
}
