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
  /** Whether what a norm gives takes the place of what it was made from. */
  readonly normReplaces: boolean;
  readonly wordScale: number;
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
  readonly headBias?: Numbers | undefined;
  readonly layers: readonly LayerNumbers[];
  readonly sources?: SourceNumbers | undefined;
}

/** What is attended to. */
export interface SourceNumbers {
  readonly lengths: readonly number[];
  /** Tokens that each has room for. */
  readonly capacity: number;
  /** [sources, layers, 2, H, capacity, d]: keys and values. */
  readonly cache: Numbers;
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

/** The logits of the token after `ids`, which attend to one of the sources where there are any. */
export function decoder(
  shape: DecoderShape,
  weights: DecoderNumbers,
  ids: Numbers,
  source = 0,
): number[] {
  const { width: D, epsilon } = shape;
  const T = ids.length;
  const norm = (x: Numbers, gamma: Numbers | undefined, beta: Numbers | undefined) => {
    if (!gamma) return Array.from(x);
    return beta
      ? layerNorm(x, gamma, beta, x.length / D, D, epsilon)
      : rmsNorm(x, gamma, x.length / D, D, epsilon);
  };
  const rest = (x: Numbers, normal: Numbers) => (shape.normReplaces ? normal : x);
  let x = Array.from({ length: T * D }, (_, i) => {
    const [t, j] = [Math.floor(i / D), i % D];
    const word = weights.words[ids[t]! * D + j]! * shape.wordScale;
    return word + (weights.positions?.[t * D + j] ?? 0);
  });
  for (const [index, layer] of weights.layers.entries()) {
    const normal = norm(x, layer.attentionGamma, layer.attentionBeta);
    const mixed = attend(shape, weights, layer, normal);
    const H = shape.heads * shape.headDim;
    x = add(rest(x, normal), linear(mixed, layer.output!, layer.outputBias, H));
    if (weights.sources) {
      const asking = norm(x, layer.sourceGamma, layer.sourceBeta);
      const query = linear(asking, layer.sourceQuery!, layer.sourceQueryBias, D);
      const seen = attendSource(shape, weights.sources, query, source, index);
      x = add(rest(x, asking), linear(seen, layer.sourceOutput!, layer.sourceOutputBias, H));
    }
    const input = norm(x, layer.feedForwardGamma, layer.feedForwardBeta);
    const up = linear(input, layer.up!, layer.upBias, D);
    const gate = layer.gate && linear(input, layer.gate, layer.gateBias, D).map(shape.activate);
    const inner = gate ? up.map((value, i) => value * gate[i]!) : up.map(shape.activate);
    x = add(rest(x, input), linear(inner, layer.down!, layer.downBias, shape.intermediate));
  }
  const last = norm(x.slice(-D), weights.finalGamma, weights.finalBeta);
  const { head, headBias, words } = weights;
  return Array.from(linear(last, head ?? words, headBias, D, head === undefined));
}

/** (T, H d) of queries -> (T, H d): zeros where the source is empty. */
function attendSource(
  { heads, headDim: d, layerCount }: DecoderShape,
  { lengths, capacity, cache }: SourceNumbers,
  query: Numbers,
  source: number,
  layer: number,
): number[] {
  const S = lengths[source]!;
  if (S === 0) return new Array<number>(query.length).fill(0);
  const rows = (part: number) =>
    Array.from({ length: S * heads * d }, (_, i) => {
      const [s, head, j] = [Math.floor(i / (heads * d)), Math.floor(i / d) % heads, i % d];
      const index = ((source * layerCount + layer) * 2 + part) * heads + head;
      return cache[(index * capacity + s) * d + j]!;
    });
  return attention({
    ...{ B: 1, Tq: query.length / (heads * d), Tk: S, H: heads, keyHeads: heads, d, dv: d, query },
    ...{ key: rows(0), value: rows(1), scale: 1 / Math.sqrt(d), causal: false },
    ...{ dropoutRate: 0, seed: 0 },
  }).output;
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
