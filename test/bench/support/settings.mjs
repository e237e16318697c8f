/** What run.mjs was asked for, handed to a row's process, and to those it starts, as variables. */

/** The threads that ours runs with, and every peer that has threads. */
export const threads = Number(process.env.BENCH_THREADS ?? 1);

/** Whether ours uses relaxed SIMD; the Node that runs the row then has it. */
export const relaxed = process.env.BENCH_RELAXED === '1';

/** The options of our engine. */
export const engineOptions = { threads, relaxed };
