/** Scalar float64 rotary position embedding of rows of heads. */

type Numbers = ArrayLike<number>;

export interface Rotation {
  readonly heads: number;
  readonly headDim: number;
  readonly rotaryDim: number;
  readonly interleaved: boolean;
  readonly inverse: boolean;
  /** Tables of rotaryDim / 2 columns. */
  readonly cos: Numbers;
  readonly sin: Numbers;
  readonly position: (row: number) => number;
}

export function rotary(x: Numbers, rotation: Rotation): number[] {
  const { heads, headDim, rotaryDim, interleaved, inverse, cos, sin, position } = rotation;
  const half = rotaryDim / 2;
  const y = Array.from(x);
  for (let start = 0; start < x.length; start += headDim) {
    const p = position(Math.floor(start / (heads * headDim)));
    for (let i = 0; i < half; i++) {
      const first = start + (interleaved ? 2 * i : i);
      const second = start + (interleaved ? 2 * i + 1 : i + half);
      const [a, b] = [x[first]!, x[second]!];
      const [c, s] = [cos[p * half + i]!, inverse ? -sin[p * half + i]! : sin[p * half + i]!];
      y[first] = a * c - b * s;
      y[second] = b * c + a * s;
    }
  }
  return y;
}
