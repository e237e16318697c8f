import asc from 'assemblyscript/asc';
import { time } from './measure.mjs';

/** Places that are read from by turns: the processor fetches ahead for each. */
const STREAMS = 8;
const VECTOR_BYTES = 16;
const STEP_BYTES = STREAMS * VECTOR_BYTES;
const PAGE_BYTES = 65_536;
const ROUNDS = 7;
const MINIMUM_MS = 5;

/**
 * A note for a row bound by memory.
 *
 * @param bytes that a call has to read or write at the least.
 */
export async function bandwidthNote(bytes, milliseconds) {
  const bandwidth = await measureBandwidth(bytes);
  const speed = bytes / (milliseconds * 1e6);
  const share = `${((100 * speed) / bandwidth).toFixed(0)} %`;
  return `moves ${(bytes / 1e6).toFixed(0)} MB at ${speed.toFixed(1)} GB/s, ${share} of the ${bandwidth.toFixed(1)} GB/s at which one core reads so many`;
}

/**
 * The practical read bandwidth of one core in GB/s, over so many bytes: vectors that are only read
 * and added up, from one place on or from eight, the fastest of several turns.
 */
export async function measureBandwidth(bytes) {
  const { binary, error, stderr } = await asc.compileString(source(), {
    optimizeLevel: 3,
    noAssert: true,
    runtime: 'stub',
    importMemory: true,
    enable: ['simd'],
  });
  if (error) throw new Error(`The bandwidth kernel did not compile:\n${stderr}`);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) + 1 });
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory, abort() {} } });
  // Pages that were never written to are all one and the same page of zeros.
  new Uint8Array(memory.buffer).fill(1);
  const steps = Math.floor(bytes / STEP_BYTES);
  const speeds = ['oneStream', 'manyStreams'].map((name) => {
    const run = () => instance.exports[name](steps);
    const repeats = Math.ceil(MINIMUM_MS / Math.max(time(run, 3), 1e-4));
    time(run, repeats);
    const times = Array.from({ length: ROUNDS }, () => time(run, repeats));
    return (steps * STEP_BYTES) / (Math.min(...times) * 1e6);
  });
  return Math.max(...speeds);
}

function source() {
  const streams = Array.from({ length: STREAMS }, (_, i) => i);
  const sum = (place) =>
    streams.map((i) => `s${i} = f32x4.add(s${i}, ${place(i)});`).join('\n    ');
  const loop = (name, before, place) => `
export function ${name}(steps: usize): f32 {
  ${streams.map((i) => `let s${i} = f32x4.splat(0);`).join('\n  ')}
  ${before}
  for (let at: usize = 0; at < end; at += step) {
    ${sum(place)}
  }
  return f32x4.extract_lane(${streams.map((i) => `s${i}`).reduce((a, b) => `f32x4.add(${a}, ${b})`)}, 0);
}`;
  return [
    loop(
      'oneStream',
      `const end = steps * ${STEP_BYTES}; const step: usize = ${STEP_BYTES};`,
      (i) => `v128.load(at, ${i * VECTOR_BYTES})`,
    ),
    loop(
      'manyStreams',
      `const end = steps * ${VECTOR_BYTES}; const step: usize = ${VECTOR_BYTES};`,
      (i) => `v128.load(at + ${i} * end)`,
    ),
  ].join('\n');
}
