// A decoder in float64 and written out: the whole sequence anew, without a cache.

import { attention } from './attention.ts';
import { matrixProduct } from './matrixProduct.ts';
import { layerNorm, rmsNorm } from './normalization.ts';
import { rotary } from './rotary.ts';

type Numbers = ArrayLike<number>;

export interface DecoderShape {
  readonly layerCount: number;
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly epsilon: number;
  readonly activate: (x: number) => number;
}

/** By the names of LAYER_FIELDS in src/kernels/decodeRecords.ts; what is missing the model has not. */
export type LayerNumbers = Readonly<Partial<Record<string, Numbers>>>;

export interface DecoderNumbers {
  readonly words: Numbers;
  readonly positions?: Numbers | undefined;
  readonly cos?: Numbers | undefined;
  readonly sin?: Numbers | undefined;
  readonly finalGamma: Numbers;
  readonly finalBeta?: Numbers | undefined;
  readonly head?: Numbers | undefined;
  readonly layers: readonly LayerNumbers[];
}

/** (T, K) (K, N) -> (T, N) */
function linear(x: Numbers, B: Numbers, bias: Numbers | undefined, K: number, transB = false) {
  const [M, N] = [x.length / K, B.length / K];
  return matrixProduct({
    ...{ M, N, K, A: x, lda: K, transA: false, B, ldb: transB ? K : N, transB, bias },
    ...{ C: new Float64Array(M * N), ldc: N, accumulate: false },
  }).C;
}

const add = (a: Numbers, b: Numbers) => Array.from(a, (value, i) => value + b[i]!);

/** The columns [from, to) of rows of `width`. */
const columns = (x: Numbers, width: number, from: number, to: number) =>
  Array.from(x).filter((_, i) => i % width >= from && i % width < to);

/** The logits of the token after `ids`. */
export function decoder(shape: DecoderShape, weights: DecoderNumbers, ids: Numbers): number[] {
  const { width: D, epsilon } = shape;
  const T = ids.length;
  const norm = (x: Numbers, gamma: Numbers, beta: Numbers | undefined) =>
    beta
      ? layerNorm(x, gamma, beta, x.length / D, D, epsilon)
      : rmsNorm(x, gamma, x.length / D, D, epsilon);
  let x = Array.from({ length: T * D }, (_, i) => {
    const [t, j] = [Math.floor(i / D), i % D];
    return weights.words[ids[t]! * D + j]! + (weights.positions?.[t * D + j] ?? 0);
  });
  for (const layer of weights.layers) {
    const normal = norm(x, layer.attentionGamma!, layer.attentionBeta);
    const mixed = attend(shape, weights, layer, normal);
    const H = shape.heads * shape.headDim;
    x = add(x, linear(mixed, layer.output!, layer.outputBias, H));
    const input = norm(x, layer.feedForwardGamma!, layer.feedForwardBeta);
    const up = linear(input, layer.up!, layer.upBias, D);
    const gate = layer.gate && linear(input, layer.gate, layer.gateBias, D).map(shape.activate);
    const inner = gate ? up.map((value, i) => value * gate[i]!) : up.map(shape.activate);
    x = add(x, linear(inner, layer.down!, layer.downBias, shape.intermediate));
  }
  const last = norm(x.slice(-D), weights.finalGamma, weights.finalBeta);
  return linear(last, weights.head ?? weights.words, undefined, D, weights.head === undefined);
}

function attend(
  { width: D, heads, keyValueHeads, headDim: d }: DecoderShape,
  { cos, sin }: DecoderNumbers,
  layer: LayerNumbers,
  x: Numbers,
): number[] {
  const T = x.length / D;
  const [queryWidth, keyWidth] = [heads * d, keyValueHeads * d];
  const fusedWidth = queryWidth + 2 * keyWidth;
  const fused = linear(x, layer.query!, layer.queryBias, D);
  const part = (from: number, to: number) => columns(fused, fusedWidth, from, to);
  let query = layer.key ? fused : part(0, queryWidth);
  let key = layer.key
    ? linear(x, layer.key, layer.keyBias, D)
    : part(queryWidth, queryWidth + keyWidth);
  const value = layer.key
    ? linear(x, layer.value!, layer.valueBias, D)
    : part(queryWidth + keyWidth, fusedWidth);
  if (cos && sin) {
    const common = { headDim: d, rotaryDim: d, interleaved: false, inverse: false, cos, sin };
    const position = (row: number) => row;
    query = rotary(query, { ...common, heads, position });
    key = rotary(key, { ...common, heads: keyValueHeads, position });
  }
  return attention({
    ...{ B: 1, Tq: T, Tk: T, H: heads, keyHeads: keyValueHeads, d, dv: d, query, key, value },
    ...{ scale: 1 / Math.sqrt(d), causal: true, dropoutRate: 0, seed: 0 },
  }).output;
}
