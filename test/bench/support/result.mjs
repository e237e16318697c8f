import { cpus } from 'node:os';
import * as settings from './settings.mjs';

/** Units of which more is better; of all others less is. */
const MORE_IS_BETTER = new Set(['GFLOP/s', 'tokens/s']);

/**
 * Entries of the bench's JSON, one for each peer.
 *
 * @param measured what a row measured: `ours` in `unit`, and `peers` of `{ peerName, peer, note }`;
 *   `engine`, ours, or its `threads` and `relaxed` where it runs in another process; for arithmetic
 *   `gflops`, our speed, and `peak`, that of one core, both in GFLOP/s; or `peakShare` itself; `note`,
 *   what else a reader must know, or a list of such.
 */
export function toResults({ name, ours, peers, unit, note, ...rest }) {
  const { threads, relaxed } = rest.engine ? stateOf(rest.engine) : rest;
  const share = rest.gflops ? rest.gflops / rest.peak / threads : rest.peakShare;
  return peers.map(({ peerName, peer, note: peersNote }) => {
    const notes = [note, peersNote].flat().filter(Boolean).join('; ');
    return {
      name,
      ours,
      peer,
      peerName,
      // How many times better ours is, whatever the unit.
      ratio: MORE_IS_BETTER.has(unit) ? ours / peer : peer / ours,
      unit,
      ...(share && { peakShare: share }),
      threads,
      relaxed,
      ...(notes && { note: notes }),
      node: process.version,
      machine: `${cpus()[0].model.trim()}, ${cpus().length} cores`,
      date: new Date().toISOString().slice(0, 10),
    };
  });
}

/** What the engine really runs with, which has to be what was asked for. */
function stateOf(engine) {
  const { threads, relaxedSimd } = engine.info();
  if (threads.count !== settings.threads || relaxedSimd.enabled !== settings.relaxed) {
    throw new Error(
      `The row was to run with ${JSON.stringify(settings.engineOptions)}, and the engine says: ${engine}`,
    );
  }
  return { threads: threads.count, relaxed: relaxedSimd.enabled };
}
