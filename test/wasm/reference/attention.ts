// Scaled dot-product attention and its gradient, in float64 and written out. All tensors are
// contiguous here; strides are the tests' business.

import { dropLimit, hash, rowKeys } from './hash.ts';

type Numbers = ArrayLike<number>;

export interface AttentionShape {
  readonly B: number;
  readonly Tq: number;
  readonly Tk: number;
  readonly H: number;
  readonly keyHeads: number;
  readonly d: number;
  readonly dv: number;
}

export interface Attention extends AttentionShape {
  /** (B, Tq, H * d), (B, Tk, keyHeads * d), (B, Tk, keyHeads * dv) */
  readonly query: Numbers;
  readonly key: Numbers;
  readonly value: Numbers;
  readonly scale: number;
  readonly causal: boolean;
  /** (B, Tk), zero = not seen. */
  readonly keyMask?: Numbers | undefined;
  /** Added to the score of a batch, head, query row and key. */
  readonly bias?: ((b: number, h: number, i: number, j: number) => number) | undefined;
  readonly dropoutRate: number;
  readonly seed: number;
}

/** The factor dropout gives one probability: 0 or 1 / (1 - rate). */
export function dropoutFactor(
  { H, dropoutRate, seed }: Attention,
  [b, h, i, j]: readonly [number, number, number, number],
): number {
  if (dropoutRate === 0) return 1;
  const rate = Math.fround(dropoutRate);
  const kept = hash(j, rowKeys(seed, b * H + h, i)) > dropLimit(rate);
  return kept ? 1 / (1 - rate) : 0;
}

/** Visits every query row of every head. */
function forEachRow(a: Attention, visit: (b: number, h: number, i: number) => void): void {
  for (let b = 0; b < a.B; b++) {
    for (let h = 0; h < a.H; h++) for (let i = 0; i < a.Tq; i++) visit(b, h, i);
  }
}

const keyHeadOf = (a: AttentionShape, h: number) => Math.floor(h / (a.H / a.keyHeads));
const queryPlace = (a: AttentionShape, b: number, h: number, i: number) =>
  ((b * a.Tq + i) * a.H + h) * a.d;
const outputPlace = (a: AttentionShape, b: number, h: number, i: number) =>
  ((b * a.Tq + i) * a.H + h) * a.dv;
const keyPlace = (a: AttentionShape, b: number, h: number, j: number) =>
  ((b * a.Tk + j) * a.keyHeads + keyHeadOf(a, h)) * a.d;
const valuePlace = (a: AttentionShape, b: number, h: number, j: number) =>
  ((b * a.Tk + j) * a.keyHeads + keyHeadOf(a, h)) * a.dv;

function dotAt(x: Numbers, atX: number, y: Numbers, atY: number, count: number): number {
  let sum = 0;
  for (let c = 0; c < count; c++) sum += x[atX + c]! * y[atY + c]!;
  return sum;
}

/** The softmax of one row over the keys it sees; zero elsewhere. */
function probabilities(a: Attention, b: number, h: number, i: number): number[] {
  const scores = Array.from({ length: a.Tk }, (_, j) => {
    const tooLate = a.causal && j > i + a.Tk - a.Tq;
    if (tooLate || a.keyMask?.[b * a.Tk + j] === 0) return Number.NEGATIVE_INFINITY;
    const dot = dotAt(a.query, queryPlace(a, b, h, i), a.key, keyPlace(a, b, h, j), a.d);
    return dot * a.scale + (a.bias?.(b, h, i, j) ?? 0);
  });
  const largest = Math.max(...scores);
  if (largest === Number.NEGATIVE_INFINITY) return scores.map(() => 0);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((x, y) => x + y, 0);
  return powers.map((power) => power / sum);
}

/** Output (B, Tq, H * dv) and the softmax before dropout (B, H, Tq, Tk). */
export function attention(a: Attention): { output: number[]; weights: number[] } {
  const output = new Array<number>(a.B * a.Tq * a.H * a.dv).fill(0);
  const weights: number[] = [];
  forEachRow(a, (b, h, i) => {
    const P = probabilities(a, b, h, i);
    weights.push(...P);
    const place = outputPlace(a, b, h, i);
    for (let j = 0; j < a.Tk; j++) {
      const w = P[j]! * dropoutFactor(a, [b, h, i, j]);
      for (let c = 0; c < a.dv; c++) output[place + c]! += w * a.value[valuePlace(a, b, h, j) + c]!;
    }
  });
  return { output, weights };
}

/** The gradients of sum(output * outputGrad). */
export function attentionGrad(a: Attention, outputGrad: Numbers) {
  const dquery = new Array<number>(a.query.length).fill(0);
  const dkey = new Array<number>(a.key.length).fill(0);
  const dvalue = new Array<number>(a.value.length).fill(0);
  forEachRow(a, (b, h, i) => {
    const P = probabilities(a, b, h, i);
    const [atQuery, atOutput] = [queryPlace(a, b, h, i), outputPlace(a, b, h, i)];
    const factors = P.map((_, j) => dropoutFactor(a, [b, h, i, j]));
    const dP = P.map((p, j) => {
      const atValue = valuePlace(a, b, h, j);
      for (let c = 0; c < a.dv; c++) {
        dvalue[atValue + c]! += p * factors[j]! * outputGrad[atOutput + c]!;
      }
      return dotAt(outputGrad, atOutput, a.value, atValue, a.dv) * factors[j]!;
    });
    const mean = dotAt(P, 0, dP, 0, a.Tk);
    for (let j = 0; j < a.Tk; j++) {
      const dScore = P[j]! * (dP[j]! - mean) * a.scale;
      const atKey = keyPlace(a, b, h, j);
      for (let c = 0; c < a.d; c++) {
        dquery[atQuery + c]! += dScore * a.key[atKey + c]!;
        dkey[atKey + c]! += dScore * a.query[atQuery + c]!;
      }
    }
  });
  return { dquery, dkey, dvalue };
}
