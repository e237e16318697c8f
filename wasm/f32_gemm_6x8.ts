// The micro-kernel for relaxed SIMD: 6 rows x 8 columns in 12 accumulators, since a fused
// multiply-add needs no register between its two halves.

import { addRow, storeRow } from './f32_gemm_4x8';
import { fma } from './lib/math';

/** C[6,8] (+)= A[6,K] B[K,8]: as `multiply4x8`, with six rows. */
@inline
export function multiply6x8(
  K: i32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  a4: usize,
  a5: usize,
  step: usize,
  panel: usize,
  C: usize,
  ldc: i32,
  accumulate: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  let a = c00;
  const end = panel + ((<usize>K) << 5);
  for (let offset: usize = 0; panel < end; panel += 32, offset += step) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    a = v128.load32_splat(a0 + offset);
    c00 = fma(a, b0, c00);
    c01 = fma(a, b1, c01);
    a = v128.load32_splat(a1 + offset);
    c10 = fma(a, b0, c10);
    c11 = fma(a, b1, c11);
    a = v128.load32_splat(a2 + offset);
    c20 = fma(a, b0, c20);
    c21 = fma(a, b1, c21);
    a = v128.load32_splat(a3 + offset);
    c30 = fma(a, b0, c30);
    c31 = fma(a, b1, c31);
    a = v128.load32_splat(a4 + offset);
    c40 = fma(a, b0, c40);
    c41 = fma(a, b1, c41);
    a = v128.load32_splat(a5 + offset);
    c50 = fma(a, b0, c50);
    c51 = fma(a, b1, c51);
  }
  const stride = (<usize>ldc) << 2;
  if (accumulate) {
    addRow(C, c00, c01);
    addRow(C + stride, c10, c11);
    addRow(C + stride * 2, c20, c21);
    addRow(C + stride * 3, c30, c31);
    addRow(C + stride * 4, c40, c41);
    addRow(C + stride * 5, c50, c51);
  } else {
    storeRow(C, c00, c01);
    storeRow(C + stride, c10, c11);
    storeRow(C + stride * 2, c20, c21);
    storeRow(C + stride * 3, c30, c31);
    storeRow(C + stride * 4, c40, c41);
    storeRow(C + stride * 5, c50, c51);
  }
}
