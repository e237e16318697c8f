// Scaled dot-product attention, backward. Scores and probabilities are computed again, block by block
// (Dao et al., "FlashAttention", 2022, algorithm 4, with full rows instead of tiles): with
// P = softmax(S), W = dropout(P), delta = rowSum(output outputGrad),
//   dV = W^T dO,  dP = dropout(dO V^T),  dS = P (dP - delta) scale,  dQ = dS K,  dK = dS^T Q.

import { AttentionCall, CALL_BYTES } from './f32_attention_call';
import {
  clearRow,
  closeRow,
  dotRow,
  levelRow,
  softmaxDropoutGradRow,
  softmaxGradRow,
  STEEP,
  transformRow,
} from './f32_attention_row';
import { multiplyInPlace, TILE_BYTES } from './f32_gemm_block';
import { f32_gemm_packB, f32_gemm_packedBytes } from './f32_gemm_pack';
import { at, larger, roundUp, rowAt, smaller, zeroFill } from './lib/address';

/** Query rows per block: more than forward, because dK and dV are written once per block. */
const BLOCK_QUERY: i32 = 96;

/** Bytes of scratch for `f32_attentionGrad`, one per thread. */
export function f32_attentionGrad_scratchBytes(
  queryLength: i32,
  keyLength: i32,
  headDim: i32,
  valueDim: i32,
): usize {
  const rows = smaller(queryLength, BLOCK_QUERY);
  const width = roundUp(keyLength, 8);
  const packedKeys =
    f32_gemm_packedBytes(headDim, keyLength) +
    f32_gemm_packedBytes(valueDim, keyLength) +
    f32_gemm_packedBytes(keyLength, headDim);
  const packedRows = f32_gemm_packedBytes(rows, larger(headDim, valueDim));
  const floats = width + 2 * rows * width;
  return CALL_BYTES + TILE_BYTES + ((<usize>floats) << 2) + packedKeys + packedRows;
}

function placeBuffers(call: AttentionCall, scratch: usize): void {
  const rows = smaller(call.queryLength, BLOCK_QUERY);
  const keys = call.keyLength;
  call.width = roundUp(keys, 8);
  call.tile = scratch + CALL_BYTES;
  call.keyLimitBuffer = call.tile + TILE_BYTES;
  call.scores = at(call.keyLimitBuffer, call.width);
  call.gradients = at(call.scores, rows * call.width);
  call.packedKeyTransposed = at(call.gradients, rows * call.width);
  call.packedValue = call.packedKeyTransposed + f32_gemm_packedBytes(call.headDim, keys);
  call.packedKey = call.packedValue + f32_gemm_packedBytes(call.valueDim, keys);
  call.packedRows = call.packedKey + f32_gemm_packedBytes(keys, call.headDim);
  call.seenKeys = call.keyLength;
  call.keyLimit = 0;
}

/**
 * Gradients of `f32_attention`, for units from begin up to end, where
 * unit = batch * numKeyValueHeads + key head: all heads of a group belong to one unit.
 *
 * Arguments as in `f32_attention` and with the same values; `output` and `statistics` are its results.
 * Each gradient is laid out, with the same strides, as what it is the gradient of, and overwritten.
 * There is no gradient for `bias`, nor from `weights`.
 *
 * @param scratch `f32_attentionGrad_scratchBytes(Tq, Tk, headDim, valueDim)` bytes.
 */
export function f32_attentionGrad(
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
  outputGrad: usize,
  queryGrad: usize,
  keyGrad: usize,
  valueGrad: usize,
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

  let limitedBatch: i32 = -1;
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / numKeyValueHeads;
    const keyHead = unit % numKeyValueHeads;
    if (keyMask && batch != limitedBatch) call.readMask(batch);
    limitedBatch = batch;
    const dK = call.keyAt(keyGrad, batch, keyHead);
    const dV = call.valueAt(valueGrad, batch, keyHead);
    clearRows(dK, keyRow, keyLength, headDim);
    clearRows(dV, valueRow, keyLength, valueDim);
    packKeyAndValue(call, call.keyAt(key, batch, keyHead), call.valueAt(value, batch, keyHead));
    const group = numHeads / numKeyValueHeads;
    for (let head = keyHead * group; head < keyHead * group + group; head++) {
      const q = call.queryAt(query, batch, head);
      const dQ = call.queryAt(queryGrad, batch, head);
      const o = call.outputAt(output, batch, head);
      const dO = call.outputAt(outputGrad, batch, head);
      for (let i: i32 = 0; i < queryLength; i += BLOCK_QUERY) {
        const blockQ = rowAt(q, i, queryRow);
        const blockDO = rowAt(dO, i, outputRow);
        scoreGradients(call, batch, head, i, blockQ, rowAt(o, i, outputRow), blockDO);
        addGradients(call, i, blockQ, blockDO, rowAt(dQ, i, queryRow), dK, dV);
      }
    }
  }
}

function clearRows(base: usize, stride: i32, rows: i32, width: i32): void {
  for (let i: i32 = 0; i < rows; i++) zeroFill(rowAt(base, i, stride), width);
}

function packKeyAndValue(call: AttentionCall, key: usize, value: usize): void {
  const all = i32.MAX_VALUE;
  const keys = call.keyLength;
  f32_gemm_packB(key, call.keyRow, true, call.headDim, keys, call.packedKeyTransposed, 0, all);
  f32_gemm_packB(value, call.valueRow, true, call.valueDim, keys, call.packedValue, 0, all);
  f32_gemm_packB(key, call.keyRow, false, keys, call.headDim, call.packedKey, 0, all);
}

/** call.scores = W and call.gradients = dS of the block of query rows that begins with `row`. */
function scoreGradients(
  call: AttentionCall,
  batch: i32,
  head: i32,
  row: i32,
  query: usize,
  output: usize,
  outputGrad: usize,
): void {
  const rows = smaller(BLOCK_QUERY, call.queryLength - row);
  const keys = call.visibleKeys(row + rows - 1);
  const width = call.width;
  const columns = roundUp(keys, 8);
  // (rows, d) (d, keys) -> (rows, keys)
  multiplyInPlace(
    rows, columns, call.headDim,
    query, (<usize>call.queryRow) << 2, 4,
    call.packedKeyTransposed, call.headDim,
    call.scores, width, false, call.tile,
  );
  // (rows, dv) (dv, keys) -> (rows, keys)
  multiplyInPlace(
    rows, columns, call.valueDim,
    outputGrad, (<usize>call.outputRow) << 2, 4,
    call.packedValue, call.valueDim,
    call.gradients, width, false, call.tile,
  );
  for (let i: i32 = 0; i < rows; i++) {
    const scores = rowAt(call.scores, i, width);
    const gradients = rowAt(call.gradients, i, width);
    const seen = call.visibleKeys(row + i);
    const stride = call.outputRow;
    const delta = dotRow(rowAt(output, i, stride), rowAt(outputGrad, i, stride), call.valueDim);
    softmaxGrad(call, batch, head, row + i, scores, gradients, seen, delta);
    clearRow(scores, seen, keys);
    clearRow(gradients, seen, keys);
  }
}

function softmaxGrad(
  call: AttentionCall,
  batch: i32,
  head: i32,
  row: i32,
  scores: usize,
  gradients: usize,
  seen: i32,
  delta: f32,
): void {
  const unit = batch * call.numHeads + head;
  const statistics = call.statisticsAt(unit, row);
  let shift = load<f32>(statistics);
  const inverse = load<f32>(statistics, 4);
  const scale = call.scale;
  const factor = call.exponentFactor;
  const bias = call.biasAt(batch, head, row);
  if (call.hasTransform) transformRow(scores, seen, scale, bias, call.keyLimit);
  closeRow(scores, seen);
  if (shift == STEEP) {
    levelRow(scores, seen, bias, call.keyLimit);
    shift = 0;
  }
  if (call.dropoutRate > 0) {
    softmaxDropoutGradRow(
      scores, gradients, seen, factor, shift, inverse, delta, scale,
      call.dropoutRate, call.dropoutSeed, unit, row,
    );
  } else {
    softmaxGradRow(scores, gradients, seen, factor, shift, inverse, delta, scale);
  }
}

/** dQ = dS K, dV += W^T dO, dK += dS^T Q of one block; the blocks come in a fixed order. */
function addGradients(
  call: AttentionCall,
  row: i32,
  query: usize,
  outputGrad: usize,
  queryGrad: usize,
  keyGrad: usize,
  valueGrad: usize,
): void {
  const all = i32.MAX_VALUE;
  const rows = smaller(BLOCK_QUERY, call.queryLength - row);
  const keys = call.visibleKeys(row + rows - 1);
  const stride = (<usize>call.width) << 2;
  // (rows, keys) (keys, d) -> (rows, d)
  multiplyInPlace(
    rows, call.headDim, keys,
    call.gradients, stride, 4,
    call.packedKey, call.keyLength,
    queryGrad, call.queryRow, false, call.tile,
  );
  // (keys, rows) (rows, dv) -> (keys, dv)
  f32_gemm_packB(outputGrad, call.outputRow, false, rows, call.valueDim, call.packedRows, 0, all);
  multiplyInPlace(
    keys, call.valueDim, rows,
    call.scores, 4, stride,
    call.packedRows, rows,
    valueGrad, call.valueRow, true, call.tile,
  );
  // (keys, rows) (rows, d) -> (keys, d)
  f32_gemm_packB(query, call.queryRow, false, rows, call.headDim, call.packedRows, 0, all);
  multiplyInPlace(
    keys, call.headDim, rows,
    call.gradients, 4, stride,
    call.packedRows, rows,
    keyGrad, call.keyRow, true, call.tile,
  );
}
