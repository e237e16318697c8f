const TOLERANCE = 1e-3;

/**
 * Two sides that do not compute the same have no business in one row.
 *
 * @param what the numbers are, for the error.
 * @param tolerance of the difference, as a share of the peer's largest number.
 * @throws Error that names the first number that differs.
 */
export function checkAgreement(what, ours, peers, tolerance = TOLERANCE) {
  if (ours.length !== peers.length) {
    throw new Error(`${what}: ours are ${ours.length} numbers, the peer's ${peers.length}.`);
  }
  const scale = peers.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3);
  const bad = ours.findIndex((value, i) => !(Math.abs(value - peers[i]) <= tolerance * scale));
  if (bad < 0) return;
  throw new Error(`${what} differ at ${bad}: ours ${ours[bad]}, the peer's ${peers[bad]}.`);
}
