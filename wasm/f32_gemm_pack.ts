// Packing: copies of A and B in the order in which the micro-kernel reads them.

import { LOW_ROWS, PANEL, tallRows, TILE_ROWS } from './f32_gemm_block';
import { at, rowAt, smaller, zeroFill } from './lib/address';

/** Bytes of `packed` for a B of K rows and N columns. */
export function f32_gemm_packedBytes(K: i32, N: i32): usize {
  return (<usize>((N + PANEL - 1) / PANEL)) * ((<usize>K) << 5);
}

/** Columns of a row-major B, eight of them: every row of the panel is 32 contiguous bytes. */
function packColumns(B: usize, ldb: i32, K: i32, panel: usize): void {
  const stride = (<usize>ldb) << 2;
  for (let k: i32 = 0; k < K; k++, B += stride, panel += 32) {
    v128.store(panel, v128.load(B));
    v128.store(panel, v128.load(B, 16), 16);
  }
}

/** Four panels at once: whole cache lines of B are read, once. */
function packFourColumns(B: usize, ldb: i32, K: i32, panel: usize): void {
  const stride = (<usize>ldb) << 2;
  const panelStep = (<usize>K) << 5;
  let p1 = panel + panelStep;
  let p2 = p1 + panelStep;
  let p3 = p2 + panelStep;
  for (let k: i32 = 0; k < K; k++, B += stride) {
    v128.store(panel, v128.load(B));
    v128.store(panel, v128.load(B, 16), 16);
    v128.store(p1, v128.load(B, 32));
    v128.store(p1, v128.load(B, 48), 16);
    v128.store(p2, v128.load(B, 64));
    v128.store(p2, v128.load(B, 80), 16);
    v128.store(p3, v128.load(B, 96));
    v128.store(p3, v128.load(B, 112), 16);
    panel += 32;
    p1 += 32;
    p2 += 32;
    p3 += 32;
  }
}

/** Four rows of a row-major matrix become four columns, `step` bytes from row to row of the copy. */
function transposeFour(source: usize, ld: i32, K: i32, target: usize, step: usize): void {
  const stride = (<usize>ld) << 2;
  let r0 = source;
  let r1 = r0 + stride;
  let r2 = r1 + stride;
  let r3 = r2 + stride;
  let k: i32 = 0;
  for (; k + 4 <= K; k += 4) {
    const x0 = v128.load(r0);
    const x1 = v128.load(r1);
    const x2 = v128.load(r2);
    const x3 = v128.load(r3);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(target, v128.shuffle<i64>(low01, low23, 0, 2));
    target += step;
    v128.store(target, v128.shuffle<i64>(low01, low23, 1, 3));
    target += step;
    v128.store(target, v128.shuffle<i64>(high01, high23, 0, 2));
    target += step;
    v128.store(target, v128.shuffle<i64>(high01, high23, 1, 3));
    target += step;
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
  }
  for (; k < K; k++, target += step) {
    store<f32>(target, load<f32>(r0));
    store<f32>(target, load<f32>(r1), 4);
    store<f32>(target, load<f32>(r2), 8);
    store<f32>(target, load<f32>(r3), 12);
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
  }
}

/**
 * The last panel of B, `width` columns wide, element by element. The missing columns are zero: what
 * scratch holds could be denormal, and multiply slowly.
 */
function packEdge(B: usize, rowStep: usize, columnStep: usize, K: i32, width: i32, panel: usize): void {
  zeroFill(panel, K * PANEL);
  for (let j: i32 = 0; j < width; j++) {
    let source = B + columnStep * (<usize>j);
    let target = at(panel, j);
    for (let k: i32 = 0; k < K; k++, source += rowStep, target += 32) {
      store<f32>(target, load<f32>(source));
    }
  }
}

/**
 * Packs op(B)[K, N] into panels of 8 columns: panel p holds [K, 8], row after row, the last one padded
 * with zeros. A packed B can be kept for as long as B does not change.
 *
 * @param B [K, N] with ldb elements from row to row, or [N, K] when transB.
 * @param packed `f32_gemm_packedBytes(K, N)` bytes.
 * @param panelBegin first panel to pack, @param panelEnd one past the last; ceil(N / 8) in all.
 */
export function f32_gemm_packB(
  B: usize,
  ldb: i32,
  transB: bool,
  K: i32,
  N: i32,
  packed: usize,
  panelBegin: i32,
  panelEnd: i32,
): void {
  const rowStep: usize = transB ? 4 : (<usize>ldb) << 2;
  const columnStep: usize = transB ? (<usize>ldb) << 2 : 4;
  const last = smaller(panelEnd, (N + PANEL - 1) / PANEL);
  let p = panelBegin;
  if (!transB) {
    for (; p + 4 <= last && (p + 4) * PANEL <= N; p += 4) {
      packFourColumns(at(B, p * PANEL), ldb, K, packed + ((<usize>K) << 5) * (<usize>p));
    }
  }
  for (; p < last; p++) {
    const source = B + columnStep * (<usize>(p * PANEL));
    const panel = packed + ((<usize>K) << 5) * (<usize>p);
    const width = N - p * PANEL;
    if (width < PANEL) {
      packEdge(source, rowStep, columnStep, K, width, panel);
    } else if (transB) {
      transposeFour(source, ldb, K, panel, 32);
      transposeFour(rowAt(source, 4, ldb), ldb, K, panel + 16, 32);
    } else {
      packColumns(source, ldb, K, panel);
    }
  }
}

/** One k of the tiles of `height` rows; of the last one only the rows there are. */
@inline
function packTiles(source: usize, rows: i32, height: i32, target: usize, tileStep: usize): void {
  let left = rows;
  for (; left >= height; left -= height, target += tileStep) {
    v128.store(target, v128.load(source));
    if (height == 6) store<u64>(target, load<u64>(source, 16), 16);
    source += <usize>(height << 2);
  }
  for (; left > 0; left--, source += 4, target += 4) store<f32>(target, load<f32>(source));
}

/**
 * Packs a block of a transposed A: op(A)[rows, K] from A [K, ...], tile after tile, each [K, its rows].
 * The missing rows of the last tile are left as they are: the micro-kernel does not read them.
 */
export function packTransposedA(A: usize, lda: i32, rows: i32, K: i32, packed: usize): void {
  const stride = (<usize>lda) << 2;
  const tall = tallRows(rows);
  const tallStep = <usize>(TILE_ROWS << 2);
  const lowStep = <usize>(LOW_ROWS << 2);
  let low = at(packed, tall * K);
  // All tiles of a k together, because they are neighbours in A.
  for (let k: i32 = 0; k < K; k++) {
    packTiles(A, tall, TILE_ROWS, packed, tallStep * (<usize>K));
    if (tall < rows) packTiles(at(A, tall), rows - tall, LOW_ROWS, low, lowStep * (<usize>K));
    A += stride;
    packed += tallStep;
    low += lowStep;
  }
}
