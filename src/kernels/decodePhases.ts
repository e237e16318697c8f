import type { RangeOptions } from '../engine/divideRange.ts';
import type { DecoderSizes } from './decodeRecords.ts';

/** One phase of `f32_decode`, which threads can share. */
export interface DecodePhase {
  /** Of wasm/f32_decode_phase.ts. */
  readonly code: number;
  readonly layer: number;
  readonly units: number;
  readonly options: RangeOptions;
}

/** Columns that fill a cache line. */
const LINE = 16;
/** Columns that are packed at once, of the matrices that a prompt meets. */
const STRIP = 64;

/** What the work of a step depends on. */
export interface StepSize {
  /** Tokens of the step. */
  readonly rows: number;
  /** Rows of logits that are asked for. */
  readonly outputs: number;
  /** One more than the largest place of a token: what attention looks back on. */
  readonly longest: number;
  /** Tokens of the longest source, where sequences have sources. */
  readonly longestSource?: number | undefined;
  /**
   * Whether matrices are packed, which pays for many tokens. The bits of a token's results depend on
   * it, but never on what other tokens there are.
   */
  readonly isPrompt: boolean;
}

/** The phases of a step in their order. */
export function decodePhases(
  sizes: DecoderSizes,
  { rows, outputs, longest, longestSource, isPrompt }: StepSize,
  scratchBytes: number,
): DecodePhase[] {
  const { width, heads, keyValueHeads, headDim, intermediate, vocabulary } = sizes;
  const byRow = (code: number, layer = 0): DecodePhase => ({
    code,
    layer,
    units: rows,
    options: { unitWork: width, scratchBytes },
  });
  const byHead = (code: number, layer: number, keyHeads: number, keys: number): DecodePhase => ({
    code,
    layer,
    units: rows * keyHeads,
    options: { unitWork: (keys * headDim * heads) / keyHeads / 2, scratchBytes },
  });
  const byColumn = (code: number, layer: number, N: number, K: number, M = rows): DecodePhase => ({
    code,
    layer,
    units: N,
    options: { unitWork: (K * M) / 4, multiple: isPrompt ? STRIP : LINE, scratchBytes },
  });
  const queryWidth = heads * headDim;
  const fusedWidth = queryWidth + 2 * keyValueHeads * headDim;
  const toSource = (layer: number, keys: number) => [
    byRow(6, layer), // normalize for the source
    byColumn(7, layer, queryWidth, width), // project
    byHead(8, layer, heads, keys), // attend
    byColumn(9, layer, width, queryWidth), // mix
  ];
  const layers = Array.from({ length: sizes.layerCount }, (_, layer) => [
    byRow(1, layer), // normalize
    byColumn(2, layer, fusedWidth, width), // project
    byRow(3, layer), // append
    byHead(4, layer, keyValueHeads, longest), // attend
    byColumn(5, layer, width, queryWidth), // mix
    ...(longestSource === undefined ? [] : toSource(layer, longestSource)),
    byRow(10, layer), // normalize again
    byColumn(11, layer, intermediate, width), // expand
    byColumn(12, layer, width, intermediate), // contract
  ]);
  const finish = byRow(13);
  const score = byColumn(14, 0, vocabulary, width, outputs);
  return [byRow(0), ...layers.flat(), finish, score]; // embed first
}
