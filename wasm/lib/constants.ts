// The constant table: every vector constant the kernels use in a loop, stored as a splat of 16 bytes
// at an address the host owns. V8 rebuilds a v128 literal on each turn of a loop (three instructions);
// a load from memory is one. The module may have no data segment, so `initialize` writes the table.
//
// A kernel reads `const table = constantTable()` once and passes it on; the names below are offsets:
// `v128.load(table, ONE)`.

export const ONE: usize = 0;
export const HALF: usize = 16;
export const SIX: usize = 32;
export const INFINITE: usize = 48;
export const MINUS_INFINITE: usize = 64;
export const LOWEST: usize = 80; // the most negative finite float
export const LOG2_E: usize = 96;
export const ROUND: usize = 112; // 1.5 * 2^23: adding it rounds to an integer in the low mantissa bits
export const ROUND_BIASED: usize = 128; // the same + 127: those bits shifted by 23 are the float 2^n

export const EXP_LOW: usize = 144;
export const EXP_HIGH: usize = 160;
export const EXP_LN2_HIGH: usize = 176;
export const EXP_LN2_LOW: usize = 192;
export const EXP_5: usize = 208;
export const EXP_4: usize = 224;
export const EXP_3: usize = 240;
export const EXP_2: usize = 256;
export const EXP_1: usize = 272;

export const EXP2_LOW: usize = 288;
export const EXP2_5: usize = 304;
export const EXP2_4: usize = 320;
export const EXP2_3: usize = 336;
export const EXP2_2: usize = 352;
export const EXP2_1: usize = 368;

export const TANH_LIMIT: usize = 384;
export const TANH_MINUS_LIMIT: usize = 400;
export const TANH_P13: usize = 416;
export const TANH_P11: usize = 432;
export const TANH_P9: usize = 448;
export const TANH_P7: usize = 464;
export const TANH_P5: usize = 480;
export const TANH_P3: usize = 496;
export const TANH_P1: usize = 512;
export const TANH_Q6: usize = 528;
export const TANH_Q4: usize = 544;
export const TANH_Q2: usize = 560;
export const TANH_Q0: usize = 576;

export const ERF_LIMIT: usize = 592;
export const ERF_MINUS_LIMIT: usize = 608;
export const ERF_P13: usize = 624;
export const ERF_P11: usize = 640;
export const ERF_P9: usize = 656;
export const ERF_P7: usize = 672;
export const ERF_P5: usize = 688;
export const ERF_P3: usize = 704;
export const ERF_P1: usize = 720;
export const ERF_Q8: usize = 736;
export const ERF_Q6: usize = 752;
export const ERF_Q4: usize = 768;
export const ERF_Q2: usize = 784;
export const ERF_Q0: usize = 800;

export const SMALLEST_NORMAL: usize = 816;
export const TWO_POW_23: usize = 832;
export const SQRT_HALF: usize = 848;
export const MANTISSA_MASK: usize = 864;
export const LOG_8: usize = 880;
export const LOG_7: usize = 896;
export const LOG_6: usize = 912;
export const LOG_5: usize = 928;
export const LOG_4: usize = 944;
export const LOG_3: usize = 960;
export const LOG_2: usize = 976;
export const LOG_1: usize = 992;
export const LOG_0: usize = 1008;

export const GELU_TANH_SCALE: usize = 1024; // sqrt(2 / pi)
export const GELU_TANH_CUBE: usize = 1040;
export const GELU_DENSITY: usize = 1056; // 1 / sqrt(2 pi)
export const ABSOLUTE_MASK: usize = 1072;

export const HASH_FIRST: usize = 1088;
export const HASH_SECOND: usize = 1104;
export const HASH_STEP: usize = 1120;
const TABLE_BYTES: usize = 1136;

let tableAddress: usize = 0;

/** Bytes of memory that `initialize` fills; the caller keeps them for as long as the module lives. */
export function tableBytes(): usize {
  return TABLE_BYTES;
}

/** Where the constants stand. */
@inline
export function constantTable(): usize {
  return tableAddress;
}

/**
 * Writes the constant table to `address` (16-byte aligned is fastest). Call it once per instance,
 * before any other kernel; several threads may share one address, they write the same bytes.
 */
export function initialize(address: usize): void {
  tableAddress = address;
  writeBasics();
  writeExponentials();
  writeTanh();
  writeErf();
  writeLog();
  writeHash();
}

function put(offset: usize, value: f32): void {
  v128.store(tableAddress + offset, f32x4.splat(value));
}

function putBits(offset: usize, value: u32): void {
  v128.store(tableAddress + offset, i32x4.splat(value));
}

function writeBasics(): void {
  put(ONE, 1);
  put(HALF, 0.5);
  put(SIX, 6);
  put(INFINITE, f32.POSITIVE_INFINITY);
  put(MINUS_INFINITE, f32.NEGATIVE_INFINITY);
  put(LOWEST, -f32.MAX_VALUE);
  put(LOG2_E, 1.4426950408889634);
  put(ROUND, 12582912);
  put(ROUND_BIASED, 12582912 + 127);
  put(SQRT_HALF, 0.70710678118654752);
  put(GELU_TANH_SCALE, 0.79788456080286536);
  put(GELU_TANH_CUBE, 0.044715);
  put(GELU_DENSITY, 0.39894228040143268);
  putBits(ABSOLUTE_MASK, 0x7fffffff);
}

function writeExponentials(): void {
  put(EXP_LOW, -87.33);
  put(EXP_HIGH, 88.722839);
  // ln 2 in two parts, the first with so few bits that n * part is exact (Cody and Waite).
  put(EXP_LN2_HIGH, 0.693359375);
  put(EXP_LN2_LOW, -2.12194440e-4);
  // exp(r) = 1 + r + r^2 * P(r) on [-ln2/2, ln2/2]: Cephes, expf.c.
  put(EXP_5, 1.9875691500e-4);
  put(EXP_4, 1.3981999507e-3);
  put(EXP_3, 8.3334519073e-3);
  put(EXP_2, 4.1665795894e-2);
  put(EXP_1, 1.6666665459e-1);
  // 2^f on [-1/2, 1/2], minimax of degree 5 with the constant held at 1.
  put(EXP2_LOW, -126);
  put(EXP2_5, 1.33908634e-3);
  put(EXP2_4, 9.67603192e-3);
  put(EXP2_3, 5.55035711e-2);
  put(EXP2_2, 2.40221075e-1);
  put(EXP2_1, 6.93147188e-1);
}

function writeTanh(): void {
  // Beyond the limit tanh is 1, but for 3e-7.
  put(TANH_LIMIT, 7.90531110763549805);
  put(TANH_MINUS_LIMIT, -7.90531110763549805);
  // tanh x = x P(x^2) / Q(x^2): the coefficients of Eigen (MathFunctionsImpl.h).
  put(TANH_P13, -2.76076847742355e-16);
  put(TANH_P11, 2.00018790482477e-13);
  put(TANH_P9, -8.60467152213735e-11);
  put(TANH_P7, 5.12229709037114e-8);
  put(TANH_P5, 1.48572235717979e-5);
  put(TANH_P3, 6.37261928875436e-4);
  put(TANH_P1, 4.89352455891786e-3);
  put(TANH_Q6, 1.19825839466702e-6);
  put(TANH_Q4, 1.18534705686654e-4);
  put(TANH_Q2, 2.26843463243900e-3);
  put(TANH_Q0, 4.89352518554385e-3);
}

function writeErf(): void {
  put(ERF_LIMIT, 4);
  put(ERF_MINUS_LIMIT, -4);
  // erf x = x P(x^2) / Q(x^2) on [-4, 4]: the coefficients of Eigen and XLA.
  put(ERF_P13, -2.72614225801306e-10);
  put(ERF_P11, 2.77068142495902e-8);
  put(ERF_P9, -2.10102402082508e-6);
  put(ERF_P7, -5.69250639462346e-5);
  put(ERF_P5, -7.34990630326855e-4);
  put(ERF_P3, -2.95459980854025e-3);
  put(ERF_P1, -1.60960333262415e-2);
  put(ERF_Q8, -1.45660718464996e-5);
  put(ERF_Q6, -2.13374055278905e-4);
  put(ERF_Q4, -1.68282697438203e-3);
  put(ERF_Q2, -7.37332916720468e-3);
  put(ERF_Q0, -1.42647390514189e-2);
}

function writeLog(): void {
  put(SMALLEST_NORMAL, 1.17549435e-38);
  put(TWO_POW_23, 8388608);
  putBits(MANTISSA_MASK, 0x007fffff);
  // log(1 + f) = f - f^2 / 2 + f^3 P(f) on [sqrt(1/2) - 1, sqrt(2) - 1]: Cephes, logf.c.
  put(LOG_8, 7.0376836292e-2);
  put(LOG_7, -1.1514610310e-1);
  put(LOG_6, 1.1676998740e-1);
  put(LOG_5, -1.2420140846e-1);
  put(LOG_4, 1.4249322787e-1);
  put(LOG_3, -1.6668057665e-1);
  put(LOG_2, 2.0000714765e-1);
  put(LOG_1, -2.4999993993e-1);
  put(LOG_0, 3.3333331174e-1);
}

function writeHash(): void {
  // The multipliers of lib/hash.ts; the step moves four columns on.
  putBits(HASH_FIRST, 0x7feb352d);
  putBits(HASH_SECOND, 0x846ca68b);
  putBits(HASH_STEP, 4 * 0x9e3779b9);
}
