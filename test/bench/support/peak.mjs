import asc from 'assemblyscript/asc';
import { time } from './measure.mjs';
import { relaxed } from './settings.mjs';

/** Enough chains to hide the latency of multiply and add, few enough to stay in registers. */
const CHAINS = 12;
const FLOPS_PER_STEP = CHAINS * 4 * 2;
const STEPS = 2_000_000;
const ROUNDS = 5;

let loop;

/**
 * Measures the practical peak of one core beside something else: before it, after it, and whenever
 * it calls the function that it is given, since a machine's clock does not stand still.
 *
 * @returns what `measure` gives, and the largest peak in GFLOP/s as `peak`.
 */
export async function besidePeak(measure) {
  loop ??= await compileLoop();
  let peak = 0;
  const probe = () => {
    peak = Math.max(peak, measurePeak());
  };
  probe();
  const measured = await measure(probe);
  probe();
  return { ...measured, peak };
}

/**
 * Multiplications and additions of vectors that never leave the registers, fused where relaxed SIMD
 * has that. The fastest of several turns: a peak is not what it is on average.
 */
function measurePeak() {
  const run = () => loop(STEPS, 0.999, 0.001);
  const milliseconds = Math.min(...Array.from({ length: ROUNDS }, () => time(run)));
  return (FLOPS_PER_STEP * STEPS) / (milliseconds * 1e6);
}

async function compileLoop() {
  const { binary, error, stderr } = await asc.compileString(source(), {
    optimizeLevel: 3,
    noAssert: true,
    runtime: 'stub',
    enable: ['simd', ...(relaxed ? ['relaxed-simd'] : [])],
  });
  if (error) throw new Error(`The peak kernel did not compile:\n${stderr}`);
  const { instance } = await WebAssembly.instantiate(binary, { env: { abort() {} } });
  // It is compiled again, optimized, while the first calls run.
  for (let i = 0; i < ROUNDS; i++) instance.exports.run(STEPS, 0.999, 0.001);
  return instance.exports.run;
}

function source() {
  const chains = Array.from({ length: CHAINS }, (_, i) => `c${i}`);
  const step = (c) =>
    relaxed ? `f32x4.relaxed_madd(${c}, a, b)` : `f32x4.add(f32x4.mul(${c}, a), b)`;
  return `
export function run(steps: i32, factor: f32, summand: f32): f32 {
  const a = f32x4.splat(factor);
  const b = f32x4.splat(summand);
  ${chains.map((c, i) => `let ${c} = f32x4.splat(${i}.0);`).join('\n  ')}
  for (let i = 0; i < steps; i++) {
    ${chains.map((c) => `${c} = ${step(c)};`).join('\n    ')}
  }
  return f32x4.extract_lane(${chains.reduce((sum, c) => `f32x4.add(${sum}, ${c})`)}, 0);
}`;
}
