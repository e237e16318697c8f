import * as fc from 'fast-check';
import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';
import type { Attention, AttentionShape } from './reference/attention.ts';

/** Which of the bias's dimensions are of full size; the others are repeated. */
export type BiasShape = readonly [batch: boolean, head: boolean, row: boolean];

export interface AttentionCase extends AttentionShape {
  readonly causal?: boolean;
  readonly scale?: number;
  /** Share of keys that are seen; undefined = no mask. */
  readonly seen?: number;
  readonly biasShape?: BiasShape | undefined;
  readonly dropoutRate?: number;
  /** What the rows of query, key, value and output are longer than they need to be. */
  readonly gap?: number;
}

export interface AttentionProblem extends Attention {
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
  readonly outputGrad: Float32Array;
  readonly keyMask: Uint8Array | undefined;
  readonly biasNumbers: Float32Array | undefined;
  readonly biasStrides: readonly [row: number, batch: number, head: number];
  readonly gap: number;
}

/** The tensors of a case, contiguous. */
export function problem(shape: AttentionCase): AttentionProblem {
  const { B, Tq, Tk, H, keyHeads, d, dv, seen, biasShape } = shape;
  const [batches, heads, rows] = [
    biasShape?.[0] ? B : 1,
    biasShape?.[1] ? H : 1,
    biasShape?.[2] ? Tq : 1,
  ];
  const biasNumbers = biasShape ? randomNumbers(batches * heads * rows * Tk, 6) : undefined;
  const biasRow = rows === 1 ? 0 : Tk;
  const biasHead = heads === 1 ? 0 : rows * Tk;
  const biasBatch = batches === 1 ? 0 : heads * rows * Tk;
  const chance = randomNumbers(B * Tk, 5, 1);
  return {
    ...{ B, Tq, Tk, H, keyHeads, d, dv, biasNumbers },
    query: randomNumbers(B * Tq * H * d, 1),
    key: randomNumbers(B * Tk * keyHeads * d, 2),
    value: randomNumbers(B * Tk * keyHeads * dv, 3),
    outputGrad: randomNumbers(B * Tq * H * dv, 4),
    keyMask:
      seen === undefined ? undefined : Uint8Array.from(chance, (x) => Number((x + 1) / 2 < seen)),
    bias: biasNumbers
      ? (b, h, i, j) => biasNumbers[b * biasBatch + h * biasHead + i * biasRow + j]!
      : undefined,
    biasStrides: [biasRow, biasBatch, biasHead],
    causal: shape.causal ?? false,
    scale: Math.fround(shape.scale ?? 1 / Math.sqrt(d)),
    dropoutRate: shape.dropoutRate ?? 0,
    seed: -123456789,
    gap: shape.gap ?? 0,
  };
}

/** Spreads contiguous rows out; what lies between them is NaN. */
function spread(rows: Float32Array, width: number, gap: number): Float32Array {
  const count = rows.length / width;
  const result = new Float32Array(count * (width + gap)).fill(Number.NaN);
  for (let i = 0; i < count; i++) {
    result.set(rows.subarray(i * width, (i + 1) * width), i * (width + gap));
  }
  return result;
}

/** Takes the rows out again; what lies between them must still be NaN. */
function gather(spreadRows: Float32Array, width: number, gap: number): Float32Array {
  const count = spreadRows.length / (width + gap);
  const result = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const row = spreadRows.subarray(i * (width + gap), (i + 1) * (width + gap));
    result.set(row.subarray(0, width), i * width);
    if (!row.subarray(width).every(Number.isNaN)) throw new Error(`row ${i} was left`);
  }
  return result;
}

const widthsOf = (p: AttentionShape) => ({
  query: p.H * p.d,
  key: p.keyHeads * p.d,
  value: p.keyHeads * p.dv,
  output: p.H * p.dv,
});

/** Row and batch strides of a tensor of `T` rows. */
const strides = (width: number, gap: number, T: number) => [width + gap, T * (width + gap)];

function optionsOf(p: AttentionProblem): number[] {
  return [
    ...[...p.biasStrides, p.H, p.keyHeads, p.Tq, p.Tk, p.d, p.dv],
    ...[Number(p.causal), p.scale, p.dropoutRate, p.seed],
  ];
}

/** Puts query, key and value into memory; the first parameters of both kernels. */
function placeInputs(memory: GuardedMemory, p: AttentionProblem): number[] {
  const width = widthsOf(p);
  const place = (numbers: Float32Array, w: number, T: number) => [
    memory.f32(spread(numbers, w, p.gap)),
    ...strides(w, p.gap, T),
  ];
  return [
    ...place(p.query, width.query, p.Tq),
    ...place(p.key, width.key, p.Tk),
    ...place(p.value, width.value, p.Tk),
  ];
}

/** Runs `f32_attention` whole and split. */
export function runAttention(
  guarded: GuardedMemory,
  fractions: readonly number[],
  p: AttentionProblem,
) {
  const { B, H, Tq, Tk, gap } = p;
  const width = widthsOf(p).output;
  const [output, weights, statistics] = runSplit(guarded, fractions, (memory, parts) => {
    const inputs = placeInputs(memory, p);
    const o = memory.f32(B * Tq * (width + gap));
    const [s, w] = [memory.f32(B * H * Tq * 2), memory.f32(B * H * Tq * Tk)];
    const mask = p.keyMask ? memory.u8(p.keyMask) : 0;
    const bias = p.biasNumbers ? memory.f32(p.biasNumbers) : 0;
    const scratch = memory.allocate(memory.kernels.f32_attention_scratchBytes!(Tq, Tk, p.d, p.dv));
    for (const [begin, end] of parts(B * H)) {
      memory.kernels.f32_attention!(
        ...[...inputs, o, ...strides(width, gap, Tq), s, w, mask, bias],
        ...[...optionsOf(p), scratch, begin, end],
      );
    }
    const spreadOutput = memory.readF32(o, B * Tq * (width + gap));
    return [
      gather(spreadOutput, width, gap),
      memory.readF32(w, B * H * Tq * Tk),
      memory.readF32(s, B * H * Tq * 2),
    ];
  });
  return { output: output!, weights: weights!, statistics: statistics! };
}

/** Runs `f32_attentionGrad` whole and split, on what the forward kernel gave. */
export function runAttentionGrad(
  guarded: GuardedMemory,
  fractions: readonly number[],
  p: AttentionProblem,
) {
  const forward = runAttention(guarded, fractions, p);
  const { B, Tq, Tk, gap } = p;
  const width = widthsOf(p);
  const [dquery, dkey, dvalue] = runSplit(guarded, fractions, (memory, parts) => {
    const inputs = placeInputs(memory, p);
    const o = memory.f32(spread(forward.output, width.output, gap));
    const dO = memory.f32(spread(p.outputGrad, width.output, gap));
    const statistics = memory.f32(forward.statistics);
    const lengths = [
      B * Tq * (width.query + gap),
      B * Tk * (width.key + gap),
      B * Tk * (width.value + gap),
    ] as const;
    const [dq, dk, dv] = lengths.map((length) => memory.f32(length)) as [number, number, number];
    const mask = p.keyMask ? memory.u8(p.keyMask) : 0;
    const bias = p.biasNumbers ? memory.f32(p.biasNumbers) : 0;
    const scratch = memory.allocate(
      memory.kernels.f32_attentionGrad_scratchBytes!(Tq, Tk, p.d, p.dv),
    );
    for (const [begin, end] of parts(B * p.keyHeads)) {
      memory.kernels.f32_attentionGrad!(
        ...[...inputs, o, ...strides(width.output, gap, Tq), statistics, dO, dq, dk, dv],
        ...[mask, bias, ...optionsOf(p), scratch, begin, end],
      );
    }
    return [
      gather(memory.readF32(dq, lengths[0]), width.query, gap),
      gather(memory.readF32(dk, lengths[1]), width.key, gap),
      gather(memory.readF32(dv, lengths[2]), width.value, gap),
    ];
  });
  return { ...forward, dquery: dquery!, dkey: dkey!, dvalue: dvalue! };
}

const length = fc.integer({ min: 1, max: 20 });
const headWidth = fc.integer({ min: 1, max: 9 });

/** Any small attention with any options, for fast-check. */
export const anyAttentionCase: fc.Arbitrary<AttentionCase> = fc
  .record({
    ...{ B: fc.integer({ min: 1, max: 2 }), Tq: length, Tk: length, d: headWidth, dv: headWidth },
    keyHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 3 }),
    causal: fc.boolean(),
    scale: fc.constantFrom(0.3, 1, -0.5, 0),
    seen: fc.constantFrom(undefined, 0, 0.5, 0.9),
    biasShape: fc.option(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), { nil: undefined }),
    dropoutRate: fc.constantFrom(0, 0, 0.1, 0.5),
    gap: fc.nat(3),
  })
  .map(({ group, seen, ...rest }) => ({
    ...rest,
    H: group * rest.keyHeads,
    ...(seen === undefined ? {} : { seen }),
  }));

/** Sizes at which blocks, tiles and vectors end, each with another option. */
export const largerCases: (AttentionCase & { readonly title: string })[] = [
  { title: 'plain', B: 2, Tq: 13, Tk: 13, H: 2, keyHeads: 2, d: 8, dv: 8 },
  { title: 'one token', B: 2, Tq: 1, Tk: 97, H: 4, keyHeads: 2, d: 33, dv: 31, causal: true },
  { title: 'three tokens', B: 1, Tq: 3, Tk: 50, H: 2, keyHeads: 1, d: 7, dv: 9, seen: 0.7 },
  { title: 'blocks of rows', B: 1, Tq: 100, Tk: 100, H: 2, keyHeads: 2, d: 32, dv: 32, gap: 32 },
  { title: 'causal', B: 1, Tq: 131, Tk: 131, H: 2, keyHeads: 2, d: 16, dv: 16, causal: true },
  { title: 'cache', B: 1, Tq: 49, Tk: 140, H: 2, keyHeads: 2, d: 5, dv: 5, causal: true },
  {
    title: 'more rows than keys',
    B: 1,
    Tq: 60,
    Tk: 9,
    H: 2,
    keyHeads: 2,
    d: 4,
    dv: 4,
    causal: true,
  },
  { title: 'mask', B: 3, Tq: 33, Tk: 49, H: 2, keyHeads: 2, d: 31, dv: 33, seen: 0.6 },
  { title: 'dropout', B: 2, Tq: 97, Tk: 99, H: 2, keyHeads: 1, d: 8, dv: 8, dropoutRate: 0.1 },
  {
    title: 'bias',
    B: 2,
    Tq: 50,
    Tk: 51,
    H: 3,
    keyHeads: 3,
    d: 9,
    dv: 8,
    biasShape: [false, true, true],
  },
  { title: 'more keys than a sum', B: 1, Tq: 5, Tk: 401, H: 1, keyHeads: 1, d: 8, dv: 8 },
  { title: 'wide heads', B: 1, Tq: 9, Tk: 10, H: 1, keyHeads: 1, d: 400, dv: 390, scale: 0.02 },
];
