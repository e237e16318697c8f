// What forward and backward attention know about one call: a record at the head of the scratch.

import { at, larger, rowAt, smaller } from './lib/address';
import { constantTable, LOG2_E } from './lib/constants';

/** Bytes the record takes. */
export const CALL_BYTES: usize = 256;

/**
 * Sizes, strides (in elements), options and the parts of the scratch.
 * Row t of head h in batch b stands at b * batchStride + t * rowStride + h * (width of a head).
 */
@unmanaged
export class AttentionCall {
  numHeads: i32;
  numKeyValueHeads: i32;
  queryLength: i32;
  keyLength: i32;
  headDim: i32;
  valueDim: i32;

  queryRow: i32;
  queryBatch: i32;
  keyRow: i32;
  keyBatch: i32;
  valueRow: i32;
  valueBatch: i32;
  outputRow: i32;
  outputBatch: i32;

  statistics: usize;
  weights: usize;
  keyMask: usize;
  bias: usize;
  biasRow: i32;
  biasBatch: i32;
  biasHead: i32;
  causal: bool;
  scale: f32;
  dropoutRate: f32;
  dropoutSeed: i32;

  /** Floats from row to row of the scores. */
  width: i32;
  tile: usize;
  /** Keys up to the last one that the mask of the batch element lets be seen. */
  seenKeys: i32;
  /** [width] floats for `keyLimit`. */
  keyLimitBuffer: usize;
  /** Infinity where a key may be seen and -Infinity where not; 0 = all `seenKeys` may. */
  keyLimit: usize;
  /** [block, width]. */
  scores: usize;
  /** [block]: forward, what a row of the output is multiplied by. */
  rowFactors: usize;
  /** [block, width]: backward. */
  gradients: usize;
  /** [d, Tk]. */
  packedKeyTransposed: usize;
  /** Forward [Tk, dv], backward its transpose. */
  packedValue: usize;
  /** [Tk, d]: backward. */
  packedKey: usize;
  /** [block, d], then [block, dv]: backward. */
  packedRows: usize;

  /** Row 0 of one head in a tensor laid out as the queries are; the others below alike. */
  @inline
  queryAt(base: usize, batch: i32, head: i32): usize {
    return at(rowAt(base, batch, this.queryBatch), head * this.headDim);
  }

  @inline
  keyAt(base: usize, batch: i32, keyHead: i32): usize {
    return at(rowAt(base, batch, this.keyBatch), keyHead * this.headDim);
  }

  @inline
  valueAt(base: usize, batch: i32, keyHead: i32): usize {
    return at(rowAt(base, batch, this.valueBatch), keyHead * this.valueDim);
  }

  @inline
  outputAt(base: usize, batch: i32, head: i32): usize {
    return at(rowAt(base, batch, this.outputBatch), head * this.valueDim);
  }

  /** The two statistics of one query row. */
  @inline
  statisticsAt(unit: i32, row: i32): usize {
    return rowAt(this.statistics, unit, this.queryLength * 2) + ((<usize>row) << 3);
  }

  /** The bias of one query row; 0 without a bias. */
  @inline
  biasAt(batch: i32, head: i32, row: i32): usize {
    if (!this.bias) return 0;
    const matrix = rowAt(rowAt(this.bias, batch, this.biasBatch), head, this.biasHead);
    return rowAt(matrix, row, this.biasRow);
  }

  /** How many keys, from the first on, a query row may see. */
  @inline
  visibleKeys(row: i32): i32 {
    if (!this.causal) return this.seenKeys;
    const count = row + 1 + this.keyLength - this.queryLength;
    return smaller(larger(count, 0), this.seenKeys);
  }

  /** Whether the scores are more than a positive factor away from the exponents. */
  @inline
  get hasTransform(): bool {
    return this.bias != 0 || this.keyLimit != 0 || !(this.scale > 0);
  }

  /** From a score to an exponent of 2; `transformRow` has applied the scale already. */
  @inline
  get exponentFactor(): f32 {
    const log2e = f32x4.extract_lane(v128.load(constantTable(), LOG2_E), 0);
    return this.hasTransform ? log2e : this.scale * log2e;
  }

  /**
   * Reads the mask of one batch element, a byte per key: keys behind the last one to be seen are as
   * if they were not there, which is all there is to padding; only holes need limits.
   */
  readMask(batch: i32): void {
    const mask = this.keyMask + (<usize>batch) * (<usize>this.keyLength);
    let seen = this.keyLength;
    while (seen > 0 && load<u8>(mask + <usize>(seen - 1)) == 0) seen--;
    this.seenKeys = seen;
    this.keyLimit = 0;
    for (let j: i32 = 0; j < seen; j++) {
      const isSeen = load<u8>(mask + <usize>j) != 0;
      if (!isSeen) this.keyLimit = this.keyLimitBuffer;
      const limit = isSeen ? f32.POSITIVE_INFINITY : f32.NEGATIVE_INFINITY;
      store<f32>(at(this.keyLimitBuffer, j), limit);
    }
  }
}
