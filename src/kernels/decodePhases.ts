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
  /**
   * Whether matrices are packed, which pays for many tokens. The bits of a token's results depend on
   * it, but never on what other tokens there are.
   */
  readonly isPrompt: boolean;
}

/** The phases of a step in their order. */
export function decodePhases(
  sizes: DecoderSizes,
  { rows, outputs, longest, isPrompt }: StepSize,
  scratchBytes: number,
): DecodePhase[] {
  const { width, heads, keyValueHeads, headDim, intermediate, vocabulary } = sizes;
  const byRow = (code: number, layer = 0): DecodePhase => ({
    code,
    layer,
    units: rows,
    options: { unitWork: width, scratchBytes },
  });
  const byHead = (code: number, layer: number): DecodePhase => ({
    code,
    layer,
    units: rows * keyValueHeads,
    options: { unitWork: (longest * headDim * heads) / keyValueHeads / 2, scratchBytes },
  });
  const byColumn = (code: number, layer: number, N: number, K: number, M = rows): DecodePhase => ({
    code,
    layer,
    units: N,
    options: { unitWork: (K * M) / 4, multiple: isPrompt ? STRIP : LINE, scratchBytes },
  });
  const queryWidth = heads * headDim;
  const fusedWidth = queryWidth + 2 * keyValueHeads * headDim;
  const layers = Array.from({ length: sizes.layerCount }, (_, layer) => [
    byRow(1, layer), // normalize
    byColumn(2, layer, fusedWidth, width), // project
    byRow(3, layer), // append
    byHead(4, layer), // attend
    byColumn(5, layer, width, queryWidth), // mix
    byRow(6, layer), // normalize again
    byColumn(7, layer, intermediate, width), // expand
    byColumn(8, layer, width, intermediate), // contract
  ]);
  const finish = byRow(9);
  const score = byColumn(10, 0, vocabulary, width, outputs);
  return [byRow(0), ...layers.flat(), finish, score]; // embed first
}
