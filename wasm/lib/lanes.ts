// One body for the whole vectors of a row and for its remainder: a kernel's inlined step takes the
// number of lanes, the literal 4 in its loop (where the choice below folds away) and `n & 3` after it.

import { loadLanes, storeLanes } from './address';

/** Loads the first `count` (1 to 4) lanes, zero in the others; reads nothing beyond. */
@inline
export function loadCount(address: usize, count: i32): v128 {
  return count == 4 ? v128.load(address) : loadLanes(address, count);
}

/** Stores the first `count` (1 to 4) lanes; writes nothing beyond. */
@inline
export function storeCount(address: usize, lanes: v128, count: i32): void {
  if (count == 4) v128.store(address, lanes);
  else storeLanes(address, lanes, count);
}
