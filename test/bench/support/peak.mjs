import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import asc from 'assemblyscript/asc';
import { time } from './measure.mjs';
import { relaxed, threads } from './settings.mjs';

/** Enough chains to hide the latency of multiply and add, few enough to stay in registers. */
const CHAINS = 12;
const FLOPS_PER_STEP = CHAINS * 4 * 2;
/** A third of a millisecond: what else a machine does comes and goes within few. */
const STEPS = 200_000;
const ROUNDS = 3;
const WARM_UP_ROUNDS = 30;

let loop;

/**
 * The practical peak, to be measured beside something else since a machine's clock does not stand
 * still: multiplications and additions of vectors that never leave the registers, fused where relaxed
 * SIMD has that.
 *
 * @returns `measure()`, the peak in GFLOP/s of one core, of the slowest of as many as the bench was
 *   given threads; `stop()`.
 */
export async function startPeak() {
  loop ??= await compileLoop();
  const helpers = await Promise.all(Array.from({ length: threads - 1 }, startHelper));
  return {
    measure() {
      for (const { begin } of helpers) begin();
      const mine = measurePeak();
      return Math.min(mine, ...helpers.map(({ wait }) => wait()));
    },
    stop() {
      for (const { worker } of helpers) worker.terminate();
    },
  };
}

/** The fastest of several turns: a peak is not what it is on average. */
function measurePeak() {
  const run = () => loop(STEPS, 0.999, 0.001);
  const milliseconds = Math.min(...Array.from({ length: ROUNDS }, () => time(run)));
  return (FLOPS_PER_STEP * STEPS) / (milliseconds * 1e6);
}

const IDLE = 0;
const RUNNING = 1;

/** A thread that measures when it is woken; it sleeps meanwhile. */
async function startHelper() {
  const shared = new SharedArrayBuffer(16);
  const state = new Int32Array(shared, 0, 1);
  const worker = new Worker(new URL(import.meta.url), { workerData: { helper: shared } });
  await once(worker, 'message');
  worker.unref();
  return {
    worker,
    begin() {
      Atomics.store(state, 0, RUNNING);
      Atomics.notify(state, 0);
    },
    wait() {
      Atomics.wait(state, 0, RUNNING);
      return new Float64Array(shared, 8)[0];
    },
  };
}

/** What the thread does, until it is terminated. */
async function serve(shared) {
  loop = await compileLoop();
  const state = new Int32Array(shared, 0, 1);
  const result = new Float64Array(shared, 8);
  parentPort.postMessage('ready');
  for (;;) {
    Atomics.wait(state, 0, IDLE);
    result[0] = measurePeak();
    Atomics.store(state, 0, IDLE);
    Atomics.notify(state, 0);
  }
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
  for (let i = 0; i < WARM_UP_ROUNDS; i++) instance.exports.run(STEPS, 0.999, 0.001);
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

if (workerData?.helper) serve(workerData.helper);
