// The phases of a decoder over a few tokens. Each has units that can be shared out; what a phase reads
// has been written by the one before.

import { attendToken, attendTokenScratchBytes } from './f32_decode_attention';
import { DecodeLayer, DecodeModel, DecodeStep } from './f32_decode_records';
import { f32_gemm_rows, f32_gemm_scratchBytes } from './f32_gemm';
import { f32_gemm_packB, f32_gemm_packedBytes } from './f32_gemm_pack';
import { f32_gemv_rows } from './f32_gemv_rows';
import { f32_layerNorm } from './f32_layerNorm';
import { f32_rmsNorm } from './f32_rmsNorm';
import { f32_rotary } from './f32_rotary';
import { LINEAR } from './lib/activation';
import { at, larger, rowAt, smaller } from './lib/address';
import { addRows, multiplyRow } from './lib/rows';

// The codes, in the order in which the phases run; those from NORMALIZE to CONTRACT once a layer.
// src/kernels/decode.ts must use the same numbers.
export const EMBED: i32 = 0; // units: rows
export const NORMALIZE: i32 = 1; // rows
export const PROJECT: i32 = 2; // columns of queries, keys and values
export const APPEND: i32 = 3; // rows
export const ATTEND: i32 = 4; // rows x key heads
export const MIX: i32 = 5; // columns of D
export const NORMALIZE_AGAIN: i32 = 6; // rows
export const EXPAND: i32 = 7; // columns of F
export const CONTRACT: i32 = 8; // columns of D
export const FINISH: i32 = 9; // rows
export const SCORE: i32 = 10; // columns of V

/** Columns of a matrix that are packed at once. */
const STRIP: i32 = 64;

/** Bytes of scratch for `f32_decode` and `f32_decode_phase`, one per thread. */
export function f32_decode_scratchBytes(model: DecodeModel): usize {
  const d = model.headDim;
  const attention = attendTokenScratchBytes(model.capacity);
  const longest = larger(larger(model.width, model.intermediate), model.heads * d);
  const product = f32_gemm_scratchBytes() + f32_gemm_packedBytes(longest, STRIP);
  return attention > product ? attention : product;
}

/**
 * One phase of a step, for the units [begin, end) of the phase.
 *
 * @param model address of a DecodeModel, see f32_decode_records.ts.
 * @param step address of a DecodeStep.
 * @param phase one of the codes above.
 * @param index of the layer.
 * @param scratch `f32_decode_scratchBytes(model)` bytes.
 */
export function f32_decode_phase(
  model: DecodeModel,
  step: DecodeStep,
  phase: i32,
  index: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const layer = model.layer(index);
  if (phase == PROJECT) project(model, step, layer, scratch, begin, end);
  else if (phase == ATTEND) attend(model, step, index, scratch, begin, end);
  else if (phase == MIX) mix(model, step, layer, scratch, begin, end);
  else if (phase == EXPAND) expand(model, step, layer, scratch, begin, end);
  else if (phase == CONTRACT) contract(model, step, layer, scratch, begin, end);
  else if (phase == SCORE) score(model, step, begin, end);
  else {
    for (let row = begin; row < end; row++) {
      if (phase == EMBED) embed(model, step, row);
      else if (phase == APPEND) append(model, step, index, row);
      else if (phase == FINISH) finish(model, step, row);
      else if (phase == NORMALIZE) {
        normalize(model, step, layer.attentionGamma, layer.attentionBeta, row, row);
      } else {
        normalize(model, step, layer.feedForwardGamma, layer.feedForwardBeta, row, row);
      }
    }
  }
}

/** x = words[id] + positions[place] */
function embed(model: DecodeModel, step: DecodeStep, row: i32): void {
  const D = model.width;
  const word = rowAt(model.words, load<i32>(at(step.ids, row)), D);
  const target = rowAt(step.x, row, D);
  if (model.positions) {
    addRows(word, rowAt(model.positions, load<i32>(at(step.places, row)), D), target, D);
  } else {
    memory.copy(target, word, at(0, D));
  }
}

/** normal[target] = norm(x[row]) */
function normalize(
  model: DecodeModel,
  step: DecodeStep,
  gamma: usize,
  beta: usize,
  row: i32,
  target: i32,
): void {
  const D = model.width;
  const x = rowAt(step.x, row, D);
  const y = rowAt(step.normal, target, D);
  const left = rowAt(step.statistics, row, 2);
  if (beta) f32_layerNorm(x, 0, 0, gamma, beta, y, left, D, model.epsilon, 0, 1);
  else f32_rmsNorm(x, 0, 0, gamma, y, left, D, model.epsilon, 0, 1);
}

/** The last norm, of the rows whose logits are asked for. */
function finish(model: DecodeModel, step: DecodeStep, row: i32): void {
  const target = load<i32>(at(step.targets, row));
  if (target >= 0) normalize(model, step, model.finalGamma, model.finalBeta, row, target);
}

/** Columns [begin, end) of y (+)= activation(x B + bias), B [K, N]. */
function multiply(
  step: DecodeStep,
  x: usize,
  K: i32,
  B: usize,
  bias: usize,
  activation: i32,
  y: usize,
  yWidth: i32,
  N: i32,
  accumulate: bool,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const rows = step.rows;
  if (!step.isPrompt) {
    f32_gemv_rows(
      x, K, rows, B, N, false, y, yWidth, N, K, accumulate, bias, activation, begin, end,
    );
    return;
  }
  const packed = scratch + f32_gemm_scratchBytes();
  for (let j = begin; j < end; j += STRIP) {
    const columns = smaller(STRIP, end - j);
    f32_gemm_packB(at(B, j), N, false, K, columns, packed, 0, i32.MAX_VALUE);
    f32_gemm_rows(
      x, K, false, packed, at(y, j), yWidth, rows, columns, K, accumulate,
      bias ? at(bias, j) : 0, activation, 0, scratch, 0, rows,
    );
  }
}

/** Columns [begin, end) of `fused`, from one matrix or from three that stand side by side. */
function project(
  model: DecodeModel,
  step: DecodeStep,
  layer: DecodeLayer,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const keyWidth = model.keyValueHeads * model.headDim;
  const queryWidth = layer.key ? model.heads * model.headDim : model.fusedWidth;
  const q = layer.query;
  projectPart(model, step, q, layer.queryBias, 0, queryWidth, scratch, begin, end);
  if (!layer.key) return;
  const k = layer.key;
  projectPart(model, step, k, layer.keyBias, queryWidth, keyWidth, scratch, begin, end);
  const first = queryWidth + keyWidth;
  const v = layer.value;
  projectPart(model, step, v, layer.valueBias, first, keyWidth, scratch, begin, end);
}

/** What of a matrix's columns, which stand from `first` on in `fused`, lies in [begin, end). */
function projectPart(
  model: DecodeModel,
  step: DecodeStep,
  weight: usize,
  bias: usize,
  first: i32,
  N: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  multiply(
    step, step.normal, model.width, weight, bias, LINEAR,
    at(step.fused, first), model.fusedWidth, N, false, scratch,
    larger(begin - first, 0), smaller(end - first, N),
  );
}

/** Turns query and key by their position, and puts key and value into the cache. */
function append(model: DecodeModel, step: DecodeStep, index: i32, row: i32): void {
  const width = model.fusedWidth;
  const d = model.headDim;
  const heads = model.heads;
  const keyHeads = model.keyValueHeads;
  const fused = rowAt(step.fused, row, width);
  const place = load<i32>(at(step.places, row));
  const slot = load<i32>(at(step.slots, row));
  if (model.cos) {
    // The keys stand behind the queries, as more heads of the same width.
    f32_rotary(
      fused, width, fused, width, model.cos, model.sin, at(step.places, row), 0,
      heads + keyHeads, d, d, 0, 0, 0, 1,
    );
  }
  let source = at(fused, heads * d);
  for (let part: i32 = 0; part < 2; part++) {
    for (let head: i32 = 0; head < keyHeads; head++) {
      const target = rowAt(model.cached(slot, index, part, head), place, d);
      memory.copy(target, source, at(0, d));
      source = at(source, d);
    }
  }
}

/** The query heads of one key head, for one row: unit = row * Hkv + head. */
function attend(
  model: DecodeModel,
  step: DecodeStep,
  index: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const d = model.headDim;
  const keyHeads = model.keyValueHeads;
  const group = model.heads / keyHeads;
  for (let unit = begin; unit < end; unit++) {
    const row = unit / keyHeads;
    const head = unit % keyHeads;
    const slot = load<i32>(at(step.slots, row));
    const seen = load<i32>(at(step.places, row)) + 1;
    const query = at(rowAt(step.fused, row, model.fusedWidth), head * group * d);
    const key = model.cached(slot, index, 0, head);
    const value = model.cached(slot, index, 1, head);
    const output = at(rowAt(step.mixed, row, model.heads * d), head * group * d);
    attendToken(query, key, value, output, group, seen, d, scratch);
  }
}

/** Columns [begin, end) of x += mixed output + bias */
function mix(
  model: DecodeModel,
  step: DecodeStep,
  layer: DecodeLayer,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  multiply(
    step, step.mixed, model.heads * model.headDim, layer.output, layer.outputBias, LINEAR,
    step.x, model.width, model.width, true, scratch, begin, end,
  );
}

/** Columns [begin, end) of inner = activation(normal up), or activation(normal gate) (normal up). */
function expand(
  model: DecodeModel,
  step: DecodeStep,
  layer: DecodeLayer,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const F = model.intermediate;
  const activation = model.activation;
  multiply(
    step, step.normal, model.width, layer.up, layer.upBias, layer.gate ? LINEAR : activation,
    step.inner, F, F, false, scratch, begin, end,
  );
  if (!layer.gate) return;
  multiply(
    step, step.normal, model.width, layer.gate, layer.gateBias, activation,
    step.gated, F, F, false, scratch, begin, end,
  );
  for (let row: i32 = 0; row < step.rows; row++) {
    const inner = at(rowAt(step.inner, row, F), begin);
    multiplyRow(at(rowAt(step.gated, row, F), begin), inner, end - begin);
  }
}

/** Columns [begin, end) of x += inner down + bias */
function contract(
  model: DecodeModel,
  step: DecodeStep,
  layer: DecodeLayer,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  multiply(
    step, step.inner, model.intermediate, layer.down, layer.downBias, LINEAR,
    step.x, model.width, model.width, true, scratch, begin, end,
  );
}

/** Columns [begin, end) of logits = normal head. Never packed: of a prompt it is the last row alone. */
function score(model: DecodeModel, step: DecodeStep, begin: i32, end: i32): void {
  const D = model.width;
  const V = model.vocabulary;
  const isTied = model.head == 0;
  f32_gemv_rows(
    step.normal, D, step.outputs, isTied ? model.words : model.head, isTied ? D : V, isTied,
    step.logits, V, V, D, false, 0, LINEAR, begin, end,
  );
}
