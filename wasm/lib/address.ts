// Addresses of 4-byte elements, and the first 1 to 3 lanes of a vector at the end of a row.

/** The address of element `index` of the 4-byte array at `base`. */
@inline
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** The address of row `row` in a matrix of 4-byte elements with `stride` elements from row to row. */
@inline
export function rowAt(base: usize, row: i32, stride: i32): usize {
  return base + (<usize>row) * ((<usize>stride) << 2);
}

@inline
export function smaller(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

@inline
export function larger(a: i32, b: i32): i32 {
  return a > b ? a : b;
}

/** `n` rounded up to a multiple of `step`, a power of two. */
@inline
export function roundUp(n: i32, step: i32): i32 {
  return (n + step - 1) & -step;
}

/** Loads `count` (1 to 3) floats into the first lanes, zero in the others; reads nothing beyond. */
export function loadLanes(address: usize, count: i32): v128 {
  let lanes = count >= 2 ? v128.load64_zero(address) : v128.load32_zero(address);
  if (count == 3) lanes = v128.load32_lane(address, lanes, 2, 8);
  return lanes;
}

/** Stores the first `count` (1 to 3) lanes; writes nothing beyond. */
export function storeLanes(address: usize, lanes: v128, count: i32): void {
  if (count == 1) {
    v128.store32_lane(address, lanes, 0);
    return;
  }
  v128.store64_lane(address, lanes, 0);
  if (count == 3) v128.store32_lane(address, lanes, 2, 8);
}

/** All bits set in the first `count` (0 to 4) lanes, none in the others. */
@inline
export function laneMask(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Sets `count` floats to zero. */
@inline
export function zeroFill(address: usize, count: i32): void {
  memory.fill(address, 0, (<usize>count) << 2);
}
