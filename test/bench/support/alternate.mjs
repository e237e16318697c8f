import { takeRounds } from './rounds.mjs';
import { threads } from './settings.mjs';

/**
 * One measurement lasts at least so long: calls are repeated until then. Short, since a busy machine
 * is quiet for some milliseconds now and then, and seldom for longer; but threads have to wake first.
 */
const MINIMUM_MS = threads > 1 ? 20 : 6;
/** A side whose measurement takes longer has fewer of them. */
const LONG_MS = 100;
/** A side whose first call takes longer is warm by that. */
const ENDLESS_MS = 1000;
const WARM_UP_MS = 400;

/**
 * Times ours and its peers by turns, after a warm-up of all, see `takeRounds`.
 *
 * @param ours,peers.call a function, of which a promise is waited for; or `{ many, least }`, a function
 *   that runs so many times by itself, and how often at least.
 * @param peers.peerName,peers.note passed on.
 * @returns what `report` takes: the medians in ms a call, the peak of one core, and a note.
 */
export async function alternate(ours, peers) {
  const sides = [];
  for (const call of [ours, ...peers.map((peer) => peer.call)])
    sides.push(await warmUp(toSide(call)));
  const { medians, ...rest } = await takeRounds(sides);
  return { ...toMeasured(medians, peers), ...rest };
}

/** Medians, of ours first, as `report` takes them. */
export function toMeasured([ours, ...others], peers) {
  return {
    ours,
    peers: peers.map(({ peerName, note }, i) => ({ peerName, note, peer: others[i] })),
  };
}

/** Of measurements against several ways of one peer, those against its fastest. */
export function fastestPeer({ peers, ...measured }) {
  return { ...measured, peers: [peers.reduce((a, b) => (b.peer < a.peer ? b : a))] };
}

/** How many calls at least make up for what a `many` does before its first and after its last. */
const LEAST_OF_MANY = 4;

function toSide(call) {
  if (typeof call !== 'function') return { least: LEAST_OF_MANY, ...call };
  const many = async (repeats) => {
    for (let i = 0; i < repeats; i++) {
      const result = call();
      if (result instanceof Promise) await result;
    }
  };
  return { many, least: 1 };
}

/** Calls a side until it has its final speed; how it takes a measurement then. */
async function warmUp({ many, least }) {
  const timeOf = async (repeats) => {
    const start = performance.now();
    await many(repeats);
    return (performance.now() - start) / repeats;
  };
  let settled = await timeOf(1);
  if (settled < ENDLESS_MS) {
    // WebAssembly and JavaScript are compiled again, optimized, while the first calls run.
    settled = await timeOf(Math.ceil(WARM_UP_MS / Math.max(settled, 0.01)));
  }
  const repeats = Math.max(least, Math.ceil(MINIMUM_MS / Math.max(settled, 0.001)));
  return { take: async () => [await timeOf(repeats)], isLong: repeats * settled > LONG_MS };
}
