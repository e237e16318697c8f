import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { toMeasured } from './alternate.mjs';
import { takeRounds } from './rounds.mjs';
import { relaxed, threads } from './settings.mjs';

const script = fileURLToPath(new URL('job.mjs', import.meta.url));

/** What is compared with one thread: as many as the bench was given, and two where it was not. */
export const manyThreads = Math.max(2, threads);

const TURNS = {
  'train-step': { count: 2, rounds: 10, seconds: 120 },
  gemm: { count: 3, rounds: 25, seconds: 60 },
};

/**
 * Times a job of job.mjs on one thread and on many, by turns, each in a process of its own. Both have
 * to give the same numbers, bit for bit.
 *
 * @param options.isWatched see `takeRounds`.
 * @returns what `report` takes, besides `name`.
 */
export async function compareThreads(job, { isWatched } = {}) {
  const sides = await Promise.all([startJob(job, manyThreads), startJob(job, 1)]);
  try {
    const [many, one] = sides.map(({ result }) => JSON.stringify(result));
    if (many !== one) {
      throw new Error(`${job}: ${manyThreads} threads give other numbers than one.`);
    }
    const { count, ...turns } = TURNS[job];
    for (const side of sides) await side.run(2 * count);
    const takes = sides.map(({ run }) => ({ take: () => run(count) }));
    const { medians, note } = await takeRounds(takes, { ...turns, isWatched });
    return {
      ...toMeasured(medians, [{ peerName: 'ours, 1 thread' }]),
      unit: 'ms',
      threads: manyThreads,
      relaxed,
      note,
    };
  } finally {
    for (const side of sides) side.child.kill();
  }
}

async function startJob(job, count) {
  const child = fork(script, [job], {
    env: { ...process.env, BENCH_THREADS: String(count) },
    stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const end = (code) => {
        child.off('message', take);
        reject(
          new Error(`The process of ${job} on ${count} threads ended with exit code ${code}.`),
        );
      };
      const take = (message) => {
        child.off('exit', end);
        resolve(message);
      };
      child.once('exit', end);
      child.once('message', take);
    });
  const { threads: running, relaxed: isRelaxed, result } = await answer();
  if (running !== count || isRelaxed !== relaxed) {
    child.kill();
    throw new Error(
      `${job} was to run on ${count} threads with relaxed SIMD ${relaxed}; it has ${running}, ${isRelaxed}.`,
    );
  }
  const run = (times) => {
    child.send(times);
    return answer();
  };
  return { child, run, result };
}
