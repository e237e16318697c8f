// The matrix products of a decoder's phases, each for a range of its columns.

import { DecodeLayer, DecodeModel, DecodeStep } from './f32_decode_records';
import { f32_gemm_rows, f32_gemm_scratchBytes } from './f32_gemm';
import { f32_gemm_packB, f32_gemm_packedBytes } from './f32_gemm_pack';
import { f32_gemv_rows } from './f32_gemv_rows';
import { LINEAR } from './lib/activation';
import { at, larger, rowAt, smaller } from './lib/address';
import { multiplyRow } from './lib/rows';

/** Columns of a matrix that are packed at once. */
const STRIP: i32 = 64;

/** Bytes of scratch for any of these. */
export function productScratchBytes(model: DecodeModel): usize {
  const longest = larger(larger(model.width, model.intermediate), model.heads * model.headDim);
  return f32_gemm_scratchBytes() + f32_gemm_packedBytes(longest, STRIP);
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
export function project(
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

/** Columns [begin, end) of the queries to the source, which stand where those to itself stood. */
export function projectSource(
  model: DecodeModel,
  step: DecodeStep,
  layer: DecodeLayer,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  multiply(
    step, step.normal, model.width, layer.sourceQuery, layer.sourceQueryBias, LINEAR,
    step.fused, model.fusedWidth, model.heads * model.headDim, false, scratch, begin, end,
  );
}

/** Columns [begin, end) of x += mixed output + bias */
export function mix(
  model: DecodeModel,
  step: DecodeStep,
  output: usize,
  outputBias: usize,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  multiply(
    step, step.mixed, model.heads * model.headDim, output, outputBias, LINEAR,
    step.x, model.width, model.width, true, scratch, begin, end,
  );
}

/** Columns [begin, end) of inner = activation(normal up), or activation(normal gate) (normal up). */
export function expand(
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
export function contract(
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

/** Columns [begin, end) of logits = normal head + bias. Never packed: of a prompt it is the last row alone. */
export function score(model: DecodeModel, step: DecodeStep, begin: i32, end: i32): void {
  const D = model.width;
  const V = model.vocabulary;
  const isTied = model.head == 0;
  f32_gemv_rows(
    step.normal, D, step.outputs, isTied ? model.words : model.head, isTied ? D : V, isTied,
    step.logits, V, V, D, false, model.headBias, LINEAR, begin, end,
  );
}
