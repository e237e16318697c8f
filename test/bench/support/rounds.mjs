import { median, NEVER_QUIET, pause } from './measure.mjs';
import { startPeak } from './peak.mjs';

/** The machine is quiet while the peak is so much of the best one. */
const QUIET = 0.97;

/** A side that takes long has one measurement for so many of the others. */
const LONG = 5;

/** If a side has fewer than this share of its quiet measurements when time is up, so many others count. */
const LEAST_QUIET = 1 / 3;

/**
 * Times ours and its peers by turns, round after round. What else a shared machine does comes and
 * goes within a second, and may meet one side more than another. A loop that needs the registers
 * alone tells when: it is timed before and after every measurement, and those beside which it was
 * slower are left out, whoever's they are.
 *
 * @param sides of `{ take, isLong }`: `take()` gives the milliseconds of one call or of several, or a
 *   promise of them.
 * @param options.rounds how many quiet measurements of a side to wait for.
 * @param options.seconds after which to wait no more.
 * @param options.isWatched false where a busy machine is what is measured: every measurement counts.
 * @param options.onRound is called after each, with the medians so far.
 * @returns `medians` of the sides; `peak` in GFLOP/s of one core, the median beside ours, which is
 *   the first; `note`, if there was too little quiet and the quietest measurements count.
 */
export async function takeRounds(
  sides,
  { rounds = 25, seconds = 15, isWatched = true, onRound } = {},
) {
  const watch = await startWatch();
  const taken = sides.map(() => []);
  const wanted = sides.map(({ isLong }) => (isLong ? Math.ceil(rounds / LONG) : rounds));
  const end = performance.now() + 1000 * seconds;
  const quiet = (side) => taken[side].filter(isWatched ? watch.isQuiet : () => true);
  const isMissing = (_, side) => quiet(side).length < wanted[side];
  try {
    for (let round = 0; ; round++) {
      for (const [side, { take, isLong }] of sides.entries()) {
        if (isLong && round > 0 && !(round % LONG === 0 && isMissing(take, side))) continue;
        taken[side].push(await watch.over(take));
      }
      onRound?.(taken.map(medianOf));
      if (!sides.some(isMissing) || performance.now() > end) break;
    }
  } finally {
    watch.stop();
  }
  const least = wanted.map((count) => Math.ceil(LEAST_QUIET * count));
  const isBusy = sides.some((_, side) => quiet(side).length < least[side]);
  const counted = taken.map((all, side) =>
    quietest(all, Math.max(least[side], quiet(side).length)),
  );
  return {
    medians: counted.map(medianOf),
    peak: median(counted[0].map(({ peaks }) => Math.max(...peaks))),
    ...(isBusy && { note: NEVER_QUIET }),
  };
}

/** So many of the measurements beside which the peak was the highest. */
const quietest = (measurements, count) =>
  [...measurements].sort((a, b) => Math.min(...b.peaks) - Math.min(...a.peaks)).slice(0, count);

const medianOf = (measurements) => median(measurements.flatMap(({ times }) => times));

/** Measures the peak before and after something: at its best, or slowed down by other programs. */
async function startWatch() {
  const { measure, stop } = await startPeak();
  let latest = measure();
  let best = latest;
  return {
    async over(take) {
      const times = await take();
      await pause();
      const peaks = [latest, measure()];
      latest = peaks[1];
      best = Math.max(best, latest);
      return { times, peaks };
    },
    isQuiet: ({ peaks }) => Math.min(...peaks) >= QUIET * best,
    stop,
  };
}
