/** Scalar float64 activations and their derivatives; the codes are those of wasm/lib/activation.ts. */

/** The error function: its series near zero, a continued fraction of 1 - erf beyond. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 120; n >= 1; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (size + fraction));
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const SCALE = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;

/** sech^2 u = 1 - tanh^2 u, without its cancellation. */
const sechSquared = (u: number) => 1 / Math.cosh(u) ** 2;

function geluTanhSlope(x: number): number {
  const u = SCALE * (x + CUBE * x ** 3);
  const slopeOfU = SCALE * (1 + 3 * CUBE * x * x);
  const sech = sechSquared(u);
  return 0.5 * (1 + Math.tanh(u)) + (sech === 0 ? 0 * x : 0.5 * x * sech * slopeOfU);
}

export interface Activation {
  readonly name: string;
  readonly code: number;
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/** A slope of 1 or 0 that is NaN at NaN. */
const step = (x: number, condition: boolean) => (Number.isNaN(x) ? x : Number(condition));

export const activations: readonly Activation[] = [
  { name: 'linear', code: 0, value: (x) => x, slope: () => 1 },
  { name: 'relu', code: 1, value: (x) => Math.max(0, x), slope: (x) => step(x, x > 0) },
  {
    name: 'gelu',
    code: 2,
    value: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    slope: (x) => 0.5 * (1 + erf(x / Math.SQRT2)) + x * density(x),
  },
  {
    name: 'geluTanh',
    code: 3,
    value: (x) => 0.5 * x * (1 + Math.tanh(SCALE * (x + CUBE * x ** 3))),
    slope: geluTanhSlope,
  },
  { name: 'tanh', code: 4, value: Math.tanh, slope: sechSquared },
  { name: 'sigmoid', code: 5, value: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x) },
  {
    name: 'silu',
    code: 6,
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
  {
    name: 'relu6',
    code: 7,
    value: (x) => Math.min(Math.max(0, x), 6),
    slope: (x) => step(x, x > 0 && x < 6),
  },
  {
    name: 'elu',
    code: 8,
    value: (x) => (x > 0 ? x : Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : Math.exp(x)),
  },
];
