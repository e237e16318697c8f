import * as fc from 'fast-check';
import { LAYER_FIELDS, MODEL_FIELDS, STEP_FIELDS } from '../../src/kernels/decodeRecords.ts';
import type { GuardedMemory } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';
import { activations } from './reference/activation.ts';
import type { DecoderNumbers, DecoderShape } from './reference/decoder.ts';

/** A small decoder of any kind; its numbers follow from the sizes. */
export interface DecoderCase {
  readonly layerCount: number;
  readonly width: number;
  readonly keyValueHeads: number;
  /** Query heads of each key head. */
  readonly group: number;
  readonly headDim: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  /** An index of `activations`, which is also the code. */
  readonly activation: number;
  readonly isRotary: boolean;
  readonly isRms: boolean;
  readonly isFused: boolean;
  readonly isGated: boolean;
  readonly isTied: boolean;
  readonly hasBias: boolean;
  /** Norms whose results take the place of what they were made from, and no first one. */
  readonly isNormLast: boolean;
  /** Tokens of each source; undefined: there are none. */
  readonly sourceLengths: readonly number[] | undefined;
}

export const anyDecoderCase: fc.Arbitrary<DecoderCase> = fc.record({
  layerCount: fc.integer({ min: 1, max: 2 }),
  width: fc.integer({ min: 1, max: 19 }),
  keyValueHeads: fc.integer({ min: 1, max: 3 }),
  group: fc.integer({ min: 1, max: 3 }),
  headDim: fc.integer({ min: 1, max: 9 }),
  intermediate: fc.integer({ min: 1, max: 21 }),
  vocabulary: fc.integer({ min: 1, max: 23 }),
  activation: fc.constantFrom(0, 1, 3, 6),
  isRotary: fc.boolean(),
  isRms: fc.boolean(),
  isFused: fc.boolean(),
  isGated: fc.boolean(),
  isTied: fc.boolean(),
  hasBias: fc.boolean(),
  isNormLast: fc.boolean(),
  sourceLengths: fc.option(
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 }),
    { nil: undefined },
  ),
});

/** Tokens that a source has room for. */
const SOURCE_CAPACITY = 9;

/** Positions that the tables have. */
export const POSITIONS = 12;

export function shapeOf(c: DecoderCase): DecoderShape {
  const { layerCount, width, keyValueHeads, group, headDim, intermediate, vocabulary } = c;
  const heads = keyValueHeads * group;
  const { value: activate } = activations[c.activation]!;
  const sizes = { layerCount, width, heads, keyValueHeads, intermediate, vocabulary };
  // Pairs of columns turn.
  const d = c.isRotary ? 2 * headDim : headDim;
  const choices = { normReplaces: c.isNormLast, wordScale: c.isNormLast ? 1.5 : 1 };
  return { ...sizes, headDim: d, epsilon: 1e-3, activate, ...choices };
}

/** The weights of a case, in float32. */
export function numbersOf(c: DecoderCase): DecoderNumbers {
  const { width: D, heads, keyValueHeads, headDim: d, intermediate: F, vocabulary } = shapeOf(c);
  let seed = 0;
  const numbers = (count: number) => randomNumbers(count, ++seed, 1);
  const norm = () => ({ gamma: numbers(D), beta: c.isRms ? undefined : numbers(D) });
  const bias = (count: number) => (c.hasBias ? numbers(count) : undefined);
  const [queryWidth, keyWidth] = [heads * d, keyValueHeads * d];
  const layer = (index: number) => {
    const [first, second, third] = [norm(), norm(), norm()];
    const hasFirst = index > 0 || !c.isNormLast;
    const fusedWidth = queryWidth + 2 * keyWidth;
    return {
      ...(hasFirst && { attentionGamma: first.gamma, attentionBeta: first.beta }),
      ...{ feedForwardGamma: second.gamma, feedForwardBeta: second.beta },
      query: numbers(D * (c.isFused ? fusedWidth : queryWidth)),
      queryBias: bias(c.isFused ? fusedWidth : queryWidth),
      ...(!c.isFused && {
        ...{ key: numbers(D * keyWidth), keyBias: bias(keyWidth) },
        ...{ value: numbers(D * keyWidth), valueBias: bias(keyWidth) },
      }),
      ...{ output: numbers(queryWidth * D), outputBias: bias(D) },
      ...(c.sourceLengths && {
        ...{ sourceGamma: third.gamma, sourceBeta: third.beta },
        ...{ sourceQuery: numbers(D * queryWidth), sourceQueryBias: bias(queryWidth) },
        ...{ sourceOutput: numbers(queryWidth * D), sourceOutputBias: bias(D) },
      }),
      ...(c.isGated && { gate: numbers(D * F), gateBias: bias(F) }),
      ...{ up: numbers(D * F), upBias: bias(F), down: numbers(F * D), downBias: bias(D) },
    };
  };
  const last = norm();
  const angles = numbers((POSITIONS * d) / 2);
  return {
    words: numbers(vocabulary * D),
    positions: c.isRotary ? undefined : numbers(POSITIONS * D),
    ...(c.isRotary && { cos: angles.map(Math.cos), sin: angles.map(Math.sin) }),
    ...{ finalGamma: last.gamma, finalBeta: last.beta },
    head: c.isTied ? undefined : numbers(D * vocabulary),
    headBias: bias(vocabulary),
    layers: Array.from({ length: c.layerCount }, (_, index) => layer(index)),
    sources: c.sourceLengths && {
      lengths: c.sourceLengths,
      capacity: SOURCE_CAPACITY,
      cache: numbers(c.sourceLengths.length * c.layerCount * 2 * queryWidth * SOURCE_CAPACITY),
    },
  };
}

/** One token of a call, as DecodeStep has them. */
export interface Token {
  readonly id: number;
  readonly place: number;
  readonly slot: number;
  readonly target: number;
  readonly source: number;
}

/** A decoder in a memory, with room for `rows` tokens a call, `slots` sequences and their logits. */
export class DecoderInMemory {
  readonly model: number;
  readonly step: number;
  readonly logits: number;
  readonly scratch: number;
  /** Units of each phase. */
  readonly units: Readonly<
    Record<'fused' | 'width' | 'inner' | 'vocabulary' | 'heads' | 'queries', number>
  >;
  readonly hasSource: boolean;
  readonly #tokens: Readonly<Record<keyof Token, number>>;

  constructor(
    readonly memory: GuardedMemory,
    readonly shape: DecoderShape,
    weights: DecoderNumbers,
    code: number,
    rows: number,
    slots: number,
  ) {
    const { width, heads, keyValueHeads, headDim, intermediate, vocabulary, layerCount } = shape;
    const place = (numbers: ArrayLike<number> | undefined) => (numbers ? memory.f32(numbers) : 0);
    const record = (fields: readonly string[], values: Record<string, number>) =>
      memory.i32(fields.map((field) => values[field]!));
    const layers = weights.layers.flatMap((layer) => LAYER_FIELDS.map((f) => place(layer[f])));
    this.model = record(MODEL_FIELDS, {
      ...{ layerCount, width, heads, keyValueHeads, headDim, intermediate, vocabulary },
      ...{ activation: code, epsilon: floatBits(shape.epsilon) },
      ...{ normReplaces: Number(shape.normReplaces), wordScale: floatBits(shape.wordScale) },
      ...{ words: place(weights.words), positions: place(weights.positions) },
      ...{ cos: place(weights.cos), sin: place(weights.sin), head: place(weights.head) },
      ...{ finalGamma: place(weights.finalGamma), finalBeta: place(weights.finalBeta) },
      ...{ headBias: place(weights.headBias), layers: memory.i32(layers), capacity: POSITIONS },
      ...{ sourceCache: place(weights.sources?.cache), sourceCapacity: SOURCE_CAPACITY },
      cache: memory.f32(slots * layerCount * 2 * keyValueHeads * POSITIONS * headDim),
    });
    const fused = (heads + 2 * keyValueHeads) * headDim;
    const zeros = () => memory.i32(new Int32Array(rows));
    this.#tokens = { id: zeros(), place: zeros(), slot: zeros(), target: zeros(), source: zeros() };
    this.logits = memory.f32(slots * vocabulary);
    this.step = record(STEP_FIELDS, {
      ...{ rows: 0, isPrompt: 0, outputs: 0, ids: this.#tokens.id, places: this.#tokens.place },
      ...{ slots: this.#tokens.slot, targets: this.#tokens.target, logits: this.logits },
      ...{
        sources: this.#tokens.source,
        sourceLengths: memory.i32(weights.sources?.lengths ?? []),
      },
      ...{ x: memory.f32(rows * width), normal: memory.f32(rows * width) },
      ...{ fused: memory.f32(rows * fused), mixed: memory.f32(rows * heads * headDim) },
      ...{ inner: memory.f32(rows * intermediate), gated: memory.f32(rows * intermediate) },
      statistics: memory.f32(2 * rows),
    });
    this.scratch = memory.allocate(memory.kernels.f32_decode_scratchBytes!(this.model));
    this.units = {
      ...{ fused, width, inner: intermediate, vocabulary, heads: keyValueHeads },
      queries: heads,
    };
    this.hasSource = weights.sources !== undefined;
  }

  /** Says what the next call is to do. */
  prepare(tokens: readonly Token[], isPrompt: boolean): void {
    for (const [field, address] of Object.entries(this.#tokens)) {
      this.memory
        .readI32(address, tokens.length)
        .set(tokens.map((token) => token[field as keyof Token]));
    }
    const step = this.memory.readI32(this.step, STEP_FIELDS.length);
    step[STEP_FIELDS.indexOf('rows')] = tokens.length;
    step[STEP_FIELDS.indexOf('outputs')] = tokens.filter(({ target }) => target >= 0).length;
    step[STEP_FIELDS.indexOf('isPrompt')] = Number(isPrompt);
  }
}

function floatBits(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0]!;
}
