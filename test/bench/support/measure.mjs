import { setTimeout as sleep } from 'node:timers/promises';

/** One measurement lasts at least so long: calls are repeated until then. */
const MINIMUM_MS = 100;

/** Threads that wait for work by looking for it have gone to sleep after so long. */
const PAUSE_MS = 10;

/** Between two sides: neither finds the other's threads still busy. */
export const pause = () => sleep(PAUSE_MS);

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
 * Times ours and its peers by turns, after a warm-up of all: a machine that slows down, slows them
 * all.
 *
 * @param ours,peers.call a function, of which a promise is waited for; or `{ many, least }`, a function
 *   that runs so many times by itself, and how often at least.
 * @param peers.peerName passed on.
 * @param options.between is called before each of the `rounds`.
 * @returns what `report` takes: the median of `rounds` measurements of each, in ms a call.
 */
export async function alternate(ours, peers, { rounds = 5, between } = {}) {
  const sides = [ours, ...peers.map(({ call }) => call)].map(toSide);
  for (const side of sides) side.repeats = await warmUp(side);
  for (let round = 0; round < rounds; round++) {
    between?.();
    for (const side of sides) {
      await pause();
      side.times.push(await timeSide(side, side.repeats));
    }
  }
  const [first, ...others] = sides.map(({ times }) => median(times));
  return {
    ours: first,
    peers: peers.map(({ peerName, note }, i) => ({ peerName, peer: others[i], note })),
  };
}

/** Of measurements against several ways of one peer, those against its fastest. */
export function fastestPeer({ peers, ...measured }) {
  return { ...measured, peers: [peers.reduce((a, b) => (b.peer < a.peer ? b : a))] };
}

/** How many calls at least make up for what a `many` does before its first and after its last. */
const LEAST_OF_MANY = 4;

function toSide(call) {
  if (typeof call !== 'function') return { least: LEAST_OF_MANY, ...call, times: [] };
  const many = async (repeats) => {
    for (let i = 0; i < repeats; i++) {
      const result = call();
      if (result instanceof Promise) await result;
    }
  };
  return { many, least: 1, times: [] };
}

async function timeSide({ many }, repeats) {
  const start = performance.now();
  await many(repeats);
  return (performance.now() - start) / repeats;
}

/** Calls a side until it has its final speed, and tells how many calls a measurement takes. */
async function warmUp(side) {
  const first = await timeSide(side, 1);
  if (first > 10 * MINIMUM_MS) return side.least;
  // WebAssembly and JavaScript are compiled again, optimized, while the first calls run.
  const calls = Math.ceil((4 * MINIMUM_MS) / Math.max(first, 0.01));
  const settled = Math.max(await timeSide(side, calls), 0.001);
  return Math.max(side.least, Math.ceil(MINIMUM_MS / settled));
}
