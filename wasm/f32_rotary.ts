// Rotary position embedding (Su et al. 2021): each pair of a head's columns is turned by an angle
// that grows with the position.
//
//   (a, b) -> (a cos - b sin, b cos + a sin)
//
// The pair is (i, i + rotaryDim / 2), Hugging Face's "rotate_half" (Llama, Qwen, GPT-NeoX), or with
// `interleaved` (2 i, 2 i + 1), the paper's own (GPT-J).

import { at, loadLanes, rowAt, storeLanes } from './lib/address';
import { fma, fnma } from './lib/math';

/**
 * Rows [begin, end) of y = rotate(x), each head alike. Heads lie side by side: no transposition.
 *
 * @param x (N, heads * headDim) in rows of xStride floats, such as the queries of a fused QKV
 * @param y likewise in rows of yStride floats; may be x with the same stride
 * @param cos (positions, rotaryDim / 2)
 * @param sin (positions, rotaryDim / 2)
 * @param positions (N) int32, the position of each row, or 0: row mod T
 * @param T rows per sequence; not used with positions
 * @param rotaryDim the first columns of each head that turn, even, at most headDim; the rest is copied
 * @param interleaved 0 or 1
 * @param inverse 1 turns back: the gradient of this kernel is itself on dy
 */
export function f32_rotary(
  x: usize,
  xStride: i32,
  y: usize,
  yStride: i32,
  cos: usize,
  sin: usize,
  positions: usize,
  T: i32,
  heads: i32,
  headDim: i32,
  rotaryDim: i32,
  interleaved: i32,
  inverse: i32,
  begin: i32,
  end: i32,
): void {
  const half = rotaryDim >> 1;
  const sign: f32 = inverse ? -1 : 1;
  for (let row = begin; row < end; row++) {
    const position = positions ? load<i32>(at(positions, row)) : row % T;
    const c = rowAt(cos, position, half);
    const s = rowAt(sin, position, half);
    let source = rowAt(x, row, xStride);
    let target = rowAt(y, row, yStride);
    for (let head = 0; head < heads; head++) {
      if (interleaved) rotateInterleaved(source, target, c, s, half, sign);
      else rotateHalves(source, target, c, s, half, sign);
      if (rotaryDim < headDim && source != target) {
        memory.copy(at(target, rotaryDim), at(source, rotaryDim), at(0, headDim - rotaryDim));
      }
      source = at(source, headDim);
      target = at(target, headDim);
    }
  }
}

function rotateHalves(x: usize, y: usize, cos: usize, sin: usize, half: i32, sign: f32): void {
  const other = at(0, half);
  const signs = f32x4.splat(sign);
  const last = at(cos, half);
  for (; cos + 16 <= last; cos += 16, sin += 16, x += 16, y += 16) {
    const a = v128.load(x);
    const b = v128.load(x + other);
    const c = v128.load(cos);
    const s = f32x4.mul(v128.load(sin), signs);
    v128.store(y, fnma(b, s, f32x4.mul(a, c)));
    v128.store(y + other, fma(a, s, f32x4.mul(b, c)));
  }
  const rest = half & 3;
  if (rest) {
    const a = loadLanes(x, rest);
    const b = loadLanes(x + other, rest);
    const c = loadLanes(cos, rest);
    const s = f32x4.mul(loadLanes(sin, rest), signs);
    storeLanes(y, fnma(b, s, f32x4.mul(a, c)), rest);
    storeLanes(y + other, fma(a, s, f32x4.mul(b, c)), rest);
  }
}

function rotateInterleaved(x: usize, y: usize, cos: usize, sin: usize, half: i32, sign: f32): void {
  const signs = f32x4.splat(sign);
  const last = at(cos, half);
  for (; cos + 16 <= last; cos += 16, sin += 16, x += 32, y += 32) {
    const first = v128.load(x);
    const second = v128.load(x, 16);
    const a = v128.shuffle<i32>(first, second, 0, 2, 4, 6);
    const b = v128.shuffle<i32>(first, second, 1, 3, 5, 7);
    const c = v128.load(cos);
    const s = f32x4.mul(v128.load(sin), signs);
    const turnedA = fnma(b, s, f32x4.mul(a, c));
    const turnedB = fma(a, s, f32x4.mul(b, c));
    v128.store(y, v128.shuffle<i32>(turnedA, turnedB, 0, 4, 1, 5));
    v128.store(y, v128.shuffle<i32>(turnedA, turnedB, 2, 6, 3, 7), 16);
  }
  for (; cos < last; cos += 4, sin += 4, x += 8, y += 8) {
    const a = load<f32>(x);
    const b = load<f32>(x, 4);
    const c = load<f32>(cos);
    const s = load<f32>(sin) * sign;
    store<f32>(y, a * c - b * s);
    store<f32>(y, b * c + a * s, 4);
  }
}
