/** How far a float32 result may be from the float64 one: |actual - expected| <= absolute + relative |expected|. */
export interface Tolerance {
  readonly relative?: number;
  readonly absolute?: number;
}

/**
 * Compares number by number; NaN and the infinities must stand at the same places.
 * @throws Error naming the first place that differs.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 2e-6, absolute = 1e-6 }: Tolerance = {},
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${actual.length} numbers came out, expected ${expected.length}`);
  }
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    const same = Object.is(a, e) || a === e;
    if (!same && !(Math.abs(a - e) <= absolute + relative * Math.abs(e))) {
      throw new Error(`number ${i} of ${expected.length} is ${a}, expected ${e}`);
    }
  }
}

/** The gradient of a scalar function by central differences, in float64. */
export function numericGradient(f: (x: number[]) => number, x: ArrayLike<number>): number[] {
  const step = 1e-5;
  const point = Array.from(x);
  return point.map((value, i) => {
    point[i] = value + step;
    const above = f(point);
    point[i] = value - step;
    const below = f(point);
    point[i] = value;
    return (above - below) / (2 * step);
  });
}

/** The sum of a b, what turns a kernel with many outputs into a scalar function. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
