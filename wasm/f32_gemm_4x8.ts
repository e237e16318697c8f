// The micro-kernel for plain SIMD: 4 rows x 8 columns in 8 accumulators. V8 has 15 usable vector
// registers; 6 rows would spill here, because multiply and add need a register between them.
// The loop over k is not unrolled: V8 would hoist all loads of the longer body, and spill. It is
// inlined: a call with so many parameters costs as much as a tenth of a short sum.

import { fma } from './lib/math';

/**
 * C[4,8] (+)= A[4,K] B[K,8]. Row r of A starts at `ar` and has `step` bytes from k to k + 1, so that A
 * may be row-major, transposed or packed. B is one packed panel. All sums run from k = 0 upwards.
 */
@inline
export function multiply4x8(
  K: i32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
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
  }
  const stride = (<usize>ldc) << 2;
  if (accumulate) {
    addRow(C, c00, c01);
    addRow(C + stride, c10, c11);
    addRow(C + stride * 2, c20, c21);
    addRow(C + stride * 3, c30, c31);
  } else {
    storeRow(C, c00, c01);
    storeRow(C + stride, c10, c11);
    storeRow(C + stride * 2, c20, c21);
    storeRow(C + stride * 3, c30, c31);
  }
}

@inline
export function storeRow(C: usize, left: v128, right: v128): void {
  v128.store(C, left);
  v128.store(C, right, 16);
}

@inline
export function addRow(C: usize, left: v128, right: v128): void {
  storeRow(C, f32x4.add(v128.load(C), left), f32x4.add(v128.load(C, 16), right));
}
