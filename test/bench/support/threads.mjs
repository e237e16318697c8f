/** The threads that ours runs with: one, which is what the peers have, unless `--threads` says more. */
export const threads = Number(process.env.BENCH_THREADS ?? 1);
