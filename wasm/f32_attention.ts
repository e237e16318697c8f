// Scaled dot-product attention, forward: softmax(q k^T scale + bias, masked) v, without a matrix of
// all scores. A block of query rows has its scores against all keys in scratch; keys and values are
// packed once per head. Heads stay interleaved in their rows and are reached by strides.

import { AttentionCall, CALL_BYTES } from './f32_attention_call';
import {
  clearRow,
  closeRow,
  dropRow,
  exponentiateRow,
  levelRow,
  rowShift,
  scaleRow,
  STEEP,
  transformRow,
} from './f32_attention_row';
import { multiplyInPlace, TILE_BYTES } from './f32_gemm_block';
import { f32_gemm_packB, f32_gemm_packedBytes } from './f32_gemm_pack';
import { addRows, dotRows } from './f32_gemv';
import { at, roundUp, rowAt, smaller, zeroFill } from './lib/address';

/** Query rows per block: with 128 keys their scores (24 KB) stay in the L1 cache. */
const BLOCK_QUERY: i32 = 48;
/** Up to this many query rows are computed one by one, without packing keys and values. */
const THIN: i32 = 3;

/** Bytes of scratch for `f32_attention`, one per thread. */
export function f32_attention_scratchBytes(
  queryLength: i32,
  keyLength: i32,
  headDim: i32,
  valueDim: i32,
): usize {
  const rows = smaller(queryLength, BLOCK_QUERY);
  const width = roundUp(keyLength, 8);
  const bytes = CALL_BYTES + TILE_BYTES + ((<usize>(BLOCK_QUERY + width + rows * width)) << 2);
  if (queryLength <= THIN) return bytes;
  return (
    bytes + f32_gemm_packedBytes(headDim, keyLength) + f32_gemm_packedBytes(keyLength, valueDim)
  );
}

function placeBuffers(call: AttentionCall, scratch: usize): void {
  const rows = smaller(call.queryLength, BLOCK_QUERY);
  call.width = roundUp(call.keyLength, 8);
  call.tile = scratch + CALL_BYTES;
  call.rowFactors = call.tile + TILE_BYTES;
  call.keyLimitBuffer = at(call.rowFactors, BLOCK_QUERY);
  call.scores = at(call.keyLimitBuffer, call.width);
  call.packedKeyTransposed = at(call.scores, rows * call.width);
  call.packedValue =
    call.packedKeyTransposed + f32_gemm_packedBytes(call.headDim, call.keyLength);
  call.seenKeys = call.keyLength;
  call.keyLimit = 0;
}

/**
 * output = dropout(softmax(query key^T scale + bias)) value, for units from begin up to end, where
 * unit = batch * numHeads + head. A query row that sees no key gives zeros.
 *
 * @param query [B, Tq, numHeads * headDim] with strides in elements from row to row and from batch to
 *   batch, as the others.
 * @param key [B, Tk, numKeyValueHeads * headDim]; head h reads key head
 *   floor(h numKeyValueHeads / numHeads).
 * @param value [B, Tk, numKeyValueHeads * valueDim].
 * @param output [B, Tq, numHeads * valueDim].
 * @param statistics [B, numHeads, Tq, 2] for `f32_attentionGrad`: the largest exponent of 2 of each
 *   row, or STEEP, and 1 / the sum of its powers (0 where it sees no key); 0 = not stored.
 * @param weights [B, numHeads, Tq, Tk]: the softmax, before dropout; 0 = not stored.
 * @param keyMask [B, Tk] bytes, zero = the key is not seen; 0 = every key is.
 * @param bias a row of Tk floats per query row, added to the scaled scores; 0 = none. A stride of 0
 *   repeats it over batches, heads or query rows.
 * @param causal query row i sees keys up to i + Tk - Tq.
 * @param dropoutRate in [0, 1). The mask is a hash of seed, unit, query row and key: lib/hash.ts.
 * @param scratch `f32_attention_scratchBytes(Tq, Tk, headDim, valueDim)` bytes.
 */
export function f32_attention(
  query: usize,
  queryRow: i32,
  queryBatch: i32,
  key: usize,
  keyRow: i32,
  keyBatch: i32,
  value: usize,
  valueRow: i32,
  valueBatch: i32,
  output: usize,
  outputRow: i32,
  outputBatch: i32,
  statistics: usize,
  weights: usize,
  keyMask: usize,
  bias: usize,
  biasRow: i32,
  biasBatch: i32,
  biasHead: i32,
  numHeads: i32,
  numKeyValueHeads: i32,
  queryLength: i32,
  keyLength: i32,
  headDim: i32,
  valueDim: i32,
  causal: bool,
  scale: f32,
  dropoutRate: f32,
  dropoutSeed: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const call = changetype<AttentionCall>(scratch);
  call.numHeads = numHeads;
  call.numKeyValueHeads = numKeyValueHeads;
  call.queryLength = queryLength;
  call.keyLength = keyLength;
  call.headDim = headDim;
  call.valueDim = valueDim;
  call.queryRow = queryRow;
  call.queryBatch = queryBatch;
  call.keyRow = keyRow;
  call.keyBatch = keyBatch;
  call.valueRow = valueRow;
  call.valueBatch = valueBatch;
  call.outputRow = outputRow;
  call.outputBatch = outputBatch;
  call.statistics = statistics;
  call.weights = weights;
  call.keyMask = keyMask;
  call.bias = bias;
  call.biasRow = biasRow;
  call.biasBatch = biasBatch;
  call.biasHead = biasHead;
  call.causal = causal;
  call.scale = scale;
  call.dropoutRate = dropoutRate;
  call.dropoutSeed = dropoutSeed;
  placeBuffers(call, scratch);
  attendUnits(call, query, key, value, output, begin, end);
}

function attendUnits(
  call: AttentionCall,
  query: usize,
  key: usize,
  value: usize,
  output: usize,
  begin: i32,
  end: i32,
): void {
  let limitedBatch: i32 = -1;
  let packedUnit: i32 = -1;
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / call.numHeads;
    const head = unit % call.numHeads;
    const keyHead = head / (call.numHeads / call.numKeyValueHeads);
    if (call.keyMask && batch != limitedBatch) call.readMask(batch);
    limitedBatch = batch;
    const q = call.queryAt(query, batch, head);
    const k = call.keyAt(key, batch, keyHead);
    const v = call.valueAt(value, batch, keyHead);
    const o = call.outputAt(output, batch, head);
    if (call.queryLength <= THIN) {
      for (let i: i32 = 0; i < call.queryLength; i++) {
        attendRow(call, unit, i, rowAt(q, i, call.queryRow), k, v, rowAt(o, i, call.outputRow));
      }
      continue;
    }
    // The heads of a group share their keys and values.
    const keyUnit = batch * call.numKeyValueHeads + keyHead;
    if (keyUnit != packedUnit) packKeyAndValue(call, k, v);
    packedUnit = keyUnit;
    for (let i: i32 = 0; i < call.queryLength; i += BLOCK_QUERY) {
      attendBlock(call, unit, i, rowAt(q, i, call.queryRow), rowAt(o, i, call.outputRow));
    }
  }
}

function packKeyAndValue(call: AttentionCall, key: usize, value: usize): void {
  const keys = call.keyLength;
  f32_gemm_packB(
    key, call.keyRow, true, call.headDim, keys, call.packedKeyTransposed, 0, i32.MAX_VALUE,
  );
  f32_gemm_packB(
    value, call.valueRow, false, keys, call.valueDim, call.packedValue, 0, i32.MAX_VALUE,
  );
}

/** One query row straight from keys and values: (d) (d, Tk) -> (Tk), (Tk) (Tk, dv) -> (dv). */
function attendRow(
  call: AttentionCall,
  unit: i32,
  row: i32,
  query: usize,
  key: usize,
  value: usize,
  output: usize,
): void {
  const seen = call.visibleKeys(row);
  dotRows(query, key, call.keyRow, call.scores, seen, call.headDim, false);
  const factor = softmaxRow(call, unit, row, call.scores, seen);
  zeroFill(output, call.valueDim);
  addRows(call.scores, value, call.valueRow, output, call.valueDim, seen);
  scaleRow(output, output, call.valueDim, factor);
}

/** A block of query rows, the first being `row`. */
function attendBlock(call: AttentionCall, unit: i32, row: i32, query: usize, output: usize): void {
  const rows = smaller(BLOCK_QUERY, call.queryLength - row);
  const width = call.width;
  const keys = call.visibleKeys(row + rows - 1);
  // (rows, d) (d, keys) -> (rows, keys), in whole panels: their padding is zero.
  multiplyInPlace(
    rows, roundUp(keys, 8), call.headDim,
    query, (<usize>call.queryRow) << 2, 4,
    call.packedKeyTransposed, call.headDim,
    call.scores, width, false, call.tile,
  );
  for (let i: i32 = 0; i < rows; i++) {
    const scores = rowAt(call.scores, i, width);
    const seen = call.visibleKeys(row + i);
    store<f32>(at(call.rowFactors, i), softmaxRow(call, unit, row + i, scores, seen));
    clearRow(scores, seen, keys);
  }
  // (rows, keys) (keys, dv) -> (rows, dv)
  multiplyInPlace(
    rows, call.valueDim, keys,
    call.scores, (<usize>width) << 2, 4,
    call.packedValue, call.keyLength,
    output, call.outputRow, false, call.tile,
  );
  for (let i: i32 = 0; i < rows; i++) {
    const target = rowAt(output, i, call.outputRow);
    scaleRow(target, target, call.valueDim, load<f32>(at(call.rowFactors, i)));
  }
}

/** Raw scores become powers of 2, dropped where dropout says so; returns their missing factor. */
function softmaxRow(call: AttentionCall, unit: i32, row: i32, scores: usize, seen: i32): f32 {
  const bias = call.biasAt(unit / call.numHeads, unit % call.numHeads, row);
  if (call.hasTransform) transformRow(scores, seen, call.scale, bias, call.keyLimit);
  closeRow(scores, seen);
  const factor = call.exponentFactor;
  const shift = rowShift(scores, seen, factor);
  if (shift == STEEP) levelRow(scores, seen, bias, call.keyLimit);
  const sum = exponentiateRow(scores, seen, factor, shift == STEEP ? 0 : shift);
  const inverse = sum == 0 ? <f32>0 : <f32>1 / sum;
  if (call.statistics) {
    const statistics = call.statisticsAt(unit, row);
    store<f32>(statistics, shift);
    store<f32>(statistics, inverse, 4);
  }
  if (call.weights) {
    const weights = rowAt(call.weights, unit * call.queryLength + row, call.keyLength);
    scaleRow(scores, weights, seen, inverse);
    zeroFill(at(weights, seen), call.keyLength - seen);
  }
  if (!(call.dropoutRate > 0)) return inverse;
  dropRow(scores, seen, call.dropoutRate, call.dropoutSeed, unit, row);
  return inverse / (<f32>1 - call.dropoutRate);
}
