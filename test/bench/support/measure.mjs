/** One measurement lasts at least so long: calls are repeated until then. */
const MINIMUM_MS = 20;

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds of one call of a function, or the mean of `repeats` calls. */
export function time(call, repeats = 1) {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) call();
  return (performance.now() - start) / repeats;
}

/**
 * Times two functions in turns, after a warm-up of both: a machine that slows down, slows both.
 *
 * @returns the median of `rounds` measurements of each, in ms a call.
 */
export function alternate(ours, peer, { rounds = 5 } = {}) {
  const sides = [ours, peer].map((call) => ({ call, repeats: warmUp(call), times: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const { call, repeats, times } of sides) times.push(time(call, repeats));
  }
  const [first, second] = sides.map(({ times }) => median(times));
  return { ours: first, peer: second };
}

/** Calls a function until it has its final speed, and tells how many calls a measurement takes. */
function warmUp(call) {
  const first = time(call);
  if (first > 10 * MINIMUM_MS) return 1;
  // WebAssembly and JavaScript are compiled again, optimized, while the first calls run.
  const calls = Math.ceil((4 * MINIMUM_MS) / Math.max(first, 0.01));
  return Math.max(1, Math.ceil(MINIMUM_MS / Math.max(time(call, calls), 0.001)));
}
