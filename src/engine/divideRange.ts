import { MAX_CHUNKS } from '../core/sharedWork.ts';

/** How the units of a kernel may be divided. Nothing of it changes a bit of the results. */
export interface RangeOptions {
  /** What one unit costs, in vector instructions or so. Default: 1, an element. */
  readonly unitWork?: number;
  /** Chunks begin at multiples of this: the height of a tile. Default: 1. */
  readonly multiple?: number;
  /** Bytes of scratch for each thread; the last parameter is the address of the first. Default: 0. */
  readonly scratchBytes?: number;
}

/** Work below which a chunk costs more to hand out than to do: some 5 microseconds. */
export const LEAST_WORK = 16_384;
/** Work of a chunk at most, about a second. */
const MOST_WORK = 2 ** 32;
/**
 * A chunk is this share of what is left for each thread. The chunks shrink, so that the threads end
 * together: at the end, one waits for another no longer than the least chunk takes. The first ones are
 * small enough that a thread whose core is taken away holds up the others by little.
 */
const SHARES = 3;

/** Whether it is worth it to share out so many units. */
export function isShareable(units: number, { unitWork = 1, multiple = 1 }: RangeOptions): boolean {
  return units * unitWork >= 2 * LEAST_WORK && units > multiple;
}

/** Where the chunks of [0, units) begin, and the end of the last. */
export function divideRange(units: number, threads: number, options: RangeOptions): number[] {
  const { unitWork = 1, multiple = 1 } = options;
  const least = LEAST_WORK / unitWork;
  const most = MOST_WORK / unitWork;
  const bounds = [0];
  for (let begin = 0; begin < units; ) {
    const left = units - begin;
    const share = Math.min(left / (threads * SHARES), most);
    const room = MAX_CHUNKS + 1 - bounds.length;
    const chunk = Math.ceil(Math.max(least, share, left / room) / multiple) * multiple;
    begin = Math.min(units, begin + chunk);
    bounds.push(begin);
  }
  return bounds;
}
