/** Units of which more is better; of all others less is. */
const MORE_IS_BETTER = new Set(['GFLOP/s']);

/**
 * One entry of the bench's JSON.
 *
 * @param measured what a row measured: `ours` and `peer` in `unit`; `engine`, ours; for arithmetic
 *   `gflops`, our speed, and `peak`, the machine's, both in GFLOP/s; `note`, what else a reader must know.
 */
export function toResult({ name, ours, peer, peerName, unit, engine, gflops, peak, note }) {
  const { threads, relaxedSimd } = engine.info();
  return {
    name,
    ours,
    peer,
    peerName,
    // How many times better ours is, whatever the unit.
    ratio: MORE_IS_BETTER.has(unit) ? ours / peer : peer / ours,
    unit,
    ...(peak && { peakShare: gflops / peak / threads.count }),
    threads: threads.count,
    relaxed: relaxedSimd.enabled,
    ...(note && { note }),
  };
}
