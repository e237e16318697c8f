// The phases of a decoder over a few tokens. Each has units that can be shared out; what a phase reads
// has been written by the one before.

import { scaleRow } from './f32_attention_row';
import { attendToken, attendTokenScratchBytes } from './f32_decode_attention';
import {
  contract,
  expand,
  mix,
  productScratchBytes,
  project,
  projectSource,
  score,
} from './f32_decode_products';
import { DecodeModel, DecodeStep } from './f32_decode_records';
import { f32_layerNorm } from './f32_layerNorm';
import { f32_rmsNorm } from './f32_rmsNorm';
import { f32_rotary } from './f32_rotary';
import { at, larger, rowAt, zeroFill } from './lib/address';
import { addRows } from './lib/rows';

// The codes, in the order in which the phases run; those from NORMALIZE to CONTRACT once a layer.
// src/kernels/decodePhases.ts must use the same numbers.
export const EMBED: i32 = 0; // units: rows
export const NORMALIZE: i32 = 1; // rows
export const PROJECT: i32 = 2; // columns of queries, keys and values
export const APPEND: i32 = 3; // rows
export const ATTEND: i32 = 4; // rows x key heads
export const MIX: i32 = 5; // columns of D
export const NORMALIZE_SOURCE: i32 = 6; // rows; this and the three below only where there is a source
export const PROJECT_SOURCE: i32 = 7; // columns of queries
export const ATTEND_SOURCE: i32 = 8; // rows x heads
export const MIX_SOURCE: i32 = 9; // columns of D
export const NORMALIZE_AGAIN: i32 = 10; // rows
export const EXPAND: i32 = 11; // columns of F
export const CONTRACT: i32 = 12; // columns of D
export const FINISH: i32 = 13; // rows
export const SCORE: i32 = 14; // columns of V

/** Bytes of scratch for `f32_decode` and `f32_decode_phase`, one per thread. */
export function f32_decode_scratchBytes(model: DecodeModel): usize {
  const attention = attendTokenScratchBytes(larger(model.capacity, model.sourceCapacity));
  const product = productScratchBytes(model);
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
  else if (phase == MIX) {
    mix(model, step, layer.output, layer.outputBias, scratch, begin, end);
  } else if (phase == PROJECT_SOURCE) projectSource(model, step, layer, scratch, begin, end);
  else if (phase == ATTEND_SOURCE) attendSource(model, step, index, scratch, begin, end);
  else if (phase == MIX_SOURCE) {
    mix(model, step, layer.sourceOutput, layer.sourceOutputBias, scratch, begin, end);
  } else if (phase == EXPAND) expand(model, step, layer, scratch, begin, end);
  else if (phase == CONTRACT) contract(model, step, layer, scratch, begin, end);
  else if (phase == SCORE) score(model, step, begin, end);
  else {
    for (let row = begin; row < end; row++) {
      if (phase == EMBED) embed(model, step, row);
      else if (phase == APPEND) append(model, step, index, row);
      else if (phase == FINISH) finish(model, step, row);
      else if (phase == NORMALIZE) {
        normalize(model, step, layer.attentionGamma, layer.attentionBeta, row, row);
      } else if (phase == NORMALIZE_SOURCE) {
        normalize(model, step, layer.sourceGamma, layer.sourceBeta, row, row);
      } else {
        normalize(model, step, layer.feedForwardGamma, layer.feedForwardBeta, row, row);
      }
    }
  }
}

/** x = words[id] wordScale + positions[place] */
function embed(model: DecodeModel, step: DecodeStep, row: i32): void {
  const D = model.width;
  let word = rowAt(model.words, load<i32>(at(step.ids, row)), D);
  const target = rowAt(step.x, row, D);
  if (model.wordScale != 1) {
    scaleRow(word, target, D, model.wordScale);
    word = target;
  }
  if (model.positions) {
    addRows(word, rowAt(model.positions, load<i32>(at(step.places, row)), D), target, D);
  } else {
    memory.copy(target, word, at(0, D));
  }
}

/** normal[target] = norm(x[row]), which may take the place of x[row] too */
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
  if (!gamma) memory.copy(y, x, at(0, D));
  else if (beta) f32_layerNorm(x, 0, 0, gamma, beta, y, left, D, model.epsilon, 0, 1);
  else f32_rmsNorm(x, 0, 0, gamma, y, left, D, model.epsilon, 0, 1);
  if (gamma && model.normReplaces) memory.copy(x, y, at(0, D));
}

/** The last norm, of the rows whose logits are asked for. */
function finish(model: DecodeModel, step: DecodeStep, row: i32): void {
  const target = load<i32>(at(step.targets, row));
  if (target >= 0) normalize(model, step, model.finalGamma, model.finalBeta, row, target);
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

/** One head's attention to the source, for one row: unit = row * H + head. */
function attendSource(
  model: DecodeModel,
  step: DecodeStep,
  index: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const d = model.headDim;
  const heads = model.heads;
  for (let unit = begin; unit < end; unit++) {
    const row = unit / heads;
    const head = unit % heads;
    const source = load<i32>(at(step.sources, row));
    const seen = load<i32>(at(step.sourceLengths, source));
    const query = at(rowAt(step.fused, row, model.fusedWidth), head * d);
    const output = at(rowAt(step.mixed, row, heads * d), head * d);
    if (seen == 0) {
      zeroFill(output, d);
      continue;
    }
    const key = model.cachedSource(source, index, 0, head);
    const value = model.cachedSource(source, index, 1, head);
    attendToken(query, key, value, output, 1, seen, d, scratch);
  }
}
